import { admin as adminTexts } from "../../texts/admin";

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

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

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const whole = new Intl.NumberFormat();

/** A time as the person's own clock shows it. */
export function time(at: string | null, precise = false): string {
  return at === null ? adminTexts.never : (precise ? second : moment).format(new Date(at));
}

/** How long ago, or until when: "5 min. ago". */
export function ago(at: string | null): string {
  if (at === null) return adminTexts.never;
  const seconds = (new Date(at).getTime() - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return seconds > 0 ? adminTexts.soon : adminTexts.justNow;
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 60 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return time(at);
}

export function count(value: number): string {
  return whole.format(value);
}

/** A length of time: 45 s, 3 min, 2.5 h. */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** What a date field says, as the start of that day by the person's clock. */
export function startOf(day: string): string | null {
  return day === "" ? null : new Date(`${day}T00:00:00`).toISOString();
}

/** The start of the day after: times up to the end of the day that was named. */
export function endOf(day: string): string | null {
  if (day === "") return null;
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + 1);
  return at.toISOString();
}
