// Times as people read them.
import { formatDuration } from "../../control/config/duration.ts";

const SECOND = 1000;
const HOUR = 3_600_000;

/** `12s`, `3m5s`, `51h12m`: whole seconds, from an hour on whole minutes; below a second `0s`. */
export function span(ms: number): string {
  const unit = ms < HOUR ? SECOND : 60 * SECOND;
  return formatDuration(Math.max(0, Math.floor(ms / unit) * unit));
}

/** An ISO 8601 time in the time zone of whoever reads it: `2026-11-25T19:03:11.042+01:00`. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const offset = -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60 * SECOND).toISOString();
  const sign = offset < 0 ? "-" : "+";
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${shifted.slice(0, -1)}${sign}${two(hours)}:${two(minutes)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
