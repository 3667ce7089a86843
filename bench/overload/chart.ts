// Goodput and p99 over the load, as SVG: two panels beside one another.
import type { Series } from "./report.ts";
import type { Tally } from "./tally.ts";

const [WIDTH, HEIGHT, MARGIN, KEY] = [420, 300, 48, 24];
const COLOURS = ["#0b6e4f", "#5fbb97", "#1f4e9e", "#7aa0d8", "#c77d00", "#a33b3b"];
const FONT = 'font-family="sans-serif" font-size="12"';

/** How a figure becomes a height. */
interface Axis {
  readonly title: string;
  readonly of: (tally: Tally) => number;
  readonly marks: readonly number[];
  /** From 0 at the bottom to 1 at the top. */
  readonly scale: (value: number) => number;
}

const GOODPUT: Axis = {
  title: "goodput, of the capacity",
  of: ({ goodput }) => goodput,
  marks: [0, 0.25, 0.5, 0.75, 1],
  scale: (value) => value / 1.1,
};

const P99: Axis = {
  title: "p99 of what was answered, ms",
  of: ({ p99 }) => p99,
  marks: [10, 20, 50, 100, 200, 500, 1000],
  scale: (value) => Math.log(value / 8) / Math.log(1500 / 8),
};

/** A whole SVG document. */
export function chart(series: readonly Series[]): string {
  const key = series.map(({ name }, at) => {
    const x = MARGIN + at * 130;
    const y = HEIGHT + 14;
    const stroke = `stroke="${colour(at)}" stroke-width="3"`;
    return `<line x1="${x}" y1="${y}" x2="${x + 20}" y2="${y}" ${stroke}/><text x="${x + 26}" y="${y + 4}">${name}</text>`;
  });
  const size = `width="${2 * WIDTH}" height="${HEIGHT + KEY}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${FONT}>`,
    "<title>Goodput and p99 of what was answered, over the load</title>",
    `<rect ${size} fill="#ffffff"/>`,
    ...panel(series, GOODPUT, 0),
    ...panel(series, P99, WIDTH),
    ...key,
    "</svg>\n",
  ].join("\n");
}

function panel(series: readonly Series[], axis: Axis, left: number): string[] {
  const rhos = series[0]?.points.map(({ rho }) => rho) ?? [];
  const [from, to] = [left + MARGIN, left + WIDTH - 16];
  const x = (at: number): number => from + ((to - from) * (at + 0.5)) / Math.max(1, rhos.length);
  const bottom = HEIGHT - MARGIN;
  const y = (value: number): number =>
    bottom - (bottom - MARGIN) * Math.min(1, Math.max(0, axis.scale(value)));
  const grid = axis.marks.flatMap((mark) => [
    `<line x1="${from}" y1="${y(mark).toFixed(1)}" x2="${to}" y2="${y(mark).toFixed(1)}" stroke="#dddddd"/>`,
    `<text x="${from - 6}" y="${(y(mark) + 4).toFixed(1)}" text-anchor="end">${mark}</text>`,
  ]);
  const labels = rhos.map(
    (rho, at) =>
      `<text x="${x(at).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${rho}</text>`,
  );
  const lines = series.flatMap(({ points }, at) => {
    const places = points.flatMap(({ tally }, index) => {
      const value = tally === undefined ? Number.NaN : axis.of(tally);
      return Number.isFinite(value) ? [[x(index).toFixed(1), y(value).toFixed(1)]] : [];
    });
    const path = `<polyline points="${places.map((place) => place.join(",")).join(" ")}" fill="none" stroke="${colour(at)}" stroke-width="2"/>`;
    return [
      path,
      ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour(at)}"/>`),
    ];
  });
  const title = `<text x="${from}" y="${MARGIN - 16}" font-weight="bold">${axis.title}</text>`;
  return [title, ...grid, ...labels, ...lines];
}

function colour(at: number): string {
  return COLOURS[at % COLOURS.length] ?? "#000000";
}
