import { common } from "../texts/common";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Make a thing when it is first asked for: each of the browser's formats takes milliseconds to make. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const date = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }));
const moment = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }));
const second = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }));
const relative = once(() => new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" })); // in sentences
const whole = once(() => new Intl.NumberFormat());

/** A size as people say it: 1.4 GB. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A day as the person's own calendar shows it. */
export function day(at: string): string {
  return date().format(new Date(at));
}

/** A time as the person's own clock shows it. */
export function time(at: string | null, precise = false): string {
  return at === null ? common.never : (precise ? second : moment)().format(new Date(at));
}

/** How long ago, or until when: "5 min. ago". */
export function ago(at: string | null): string {
  if (at === null) return common.never;
  const seconds = (new Date(at).getTime() - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return seconds > 0 ? common.soon : common.justNow;
  if (size < 3600) return relative().format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative().format(Math.round(seconds / 3600), "hour");
  if (size < 60 * 86_400) return relative().format(Math.round(seconds / 86_400), "day");
  return time(at);
}

export function count(value: number): string {
  return whole().format(value);
}

/** A length of time: 4.5 s, 45 s, 3 min, 2.5 h. */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** What a date field says, as the start of that day by the person's clock, or of one after it; null: no day yet. */
export function startOf(field: string, later = 0): string | null {
  const [year, month, number] = field.split("-").map(Number);
  if (!year || !month || !number || year < 1000) return null;
  return new Date(year, month - 1, number + later).toISOString();
}

/** The start of the day after: times up to the end of the day that was named. */
export function endOf(field: string): string | null {
  return startOf(field, 1);
}
