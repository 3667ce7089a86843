// A chart: one dot for each limiter, by goodput and by how long its answers take.
import { resultsOf, summarise } from "./report.ts";
import type { Trial } from "./trial.ts";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [760, 440, 60, 50, 50, 110];
const LINE = 14;
/** The axis of p99 is logarithmic, from nobody met to this. */
const MOST_P99 = 100;
const TICKS = [1, 2, 5, 10, 20, 50, 100];

interface Dot {
  readonly name: string;
  readonly goodput: number;
  readonly p99: number;
}

/** An SVG of the scenes where what comes is at least twice the capacity. */
export function chart(trials: readonly Trial[], limiters: readonly string[], ours: string): string {
  const heavy = trials.filter(({ times = 0 }) => times >= 2);
  const dots = limiters.map((name) => ({ name, ...summarise(resultsOf(heavy, name)) }));
  const title = `Overload of 2x to 50x in ${heavy.length} simulated services`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    label(LEFT, 22, title, 'font-size="15"'),
    label(LEFT, 40, "to the right: more is done; lower: it is answered sooner", 'fill="#666"'),
    ...axes(),
    ...marks(dots, ours),
    "</svg>",
    "",
  ].join("\n");
}

function x(goodput: number): number {
  return LEFT + Math.min(1.05, Math.max(0, goodput)) * ((WIDTH - LEFT - RIGHT) / 1.05);
}

function y(p99: number): number {
  const part = Math.log(Math.min(MOST_P99, Math.max(1, p99))) / Math.log(MOST_P99);
  return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP - 10);
}

function axes(): string[] {
  const grid = 'stroke="#ddd"';
  const rows = TICKS.flatMap((tick) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}" ${grid}/>`,
    label(LEFT - 8, y(tick) + 4, `${tick}x`, 'text-anchor="end"'),
  ]);
  const columns = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((tick) => [
    `<line x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP + 10}" y2="${HEIGHT - BOTTOM}" ${grid}/>`,
    label(x(tick), HEIGHT - BOTTOM + 18, `${tick}`, 'text-anchor="middle"'),
  ]);
  const middle = 'text-anchor="middle"';
  const [across, up] = [(LEFT + WIDTH - RIGHT) / 2, (HEIGHT - BOTTOM + TOP) / 2];
  return [
    ...rows,
    ...columns,
    label(across, HEIGHT - 12, "mean goodput, in parts of the best fixed limit's", middle),
    label(
      16,
      up,
      "median p99, in parts of nobody met",
      `${middle} transform="rotate(-90 16 ${up})"`,
    ),
  ];
}

/** Dots with their names beside them; names give way downwards to one another. */
function marks(dots: readonly Dot[], ours: string): string[] {
  const placed: { x: number; y: number }[] = [];
  return [...dots]
    .sort((a, b) => y(a.p99) - y(b.p99))
    .flatMap(({ name, goodput, p99 }) => {
      const [left, middle] = [x(goodput) + 8, y(p99) + 4];
      let top = middle;
      const meets = (other: { x: number; y: number }) =>
        Math.abs(other.x - left) < 80 && Math.abs(other.y - top) < LINE;
      while (placed.some(meets)) top += 1;
      placed.push({ x: left, y: top });
      const colour = name === ours ? "#c00" : "#246";
      const weight = name === ours ? ' font-weight="bold"' : "";
      return [
        `<circle cx="${at(x(goodput))}" cy="${at(y(p99))}" r="4" fill="${colour}"/>`,
        label(left, top, name, `fill="${colour}"${weight}`),
      ];
    });
}

function label(left: number, top: number, words: string, more = ""): string {
  return `<text x="${at(left)}" y="${at(top)}" ${more}>${words}</text>`;
}

function at(place: number): string {
  return place.toFixed(1);
}
