import type { Translate } from "./translate.ts";

const KIBIBYTE = 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** At most one decimal, none where it is zero: `1.5`, `3`. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A size for people, in powers of 1024: `256 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < KIBIBYTE) return `${Math.round(bytes)} B`;
  if (bytes < KIBIBYTE ** 2) return `${short(bytes / KIBIBYTE)} KB`;
  if (bytes < KIBIBYTE ** 3) return `${short(bytes / KIBIBYTE ** 2)} MB`;
  return `${short(bytes / KIBIBYTE ** 3)} GB`;
}

/** A duration for people: `85 ms`, `1.2 s`, `3 min 20 s`, `1 h 5 min`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return `${short(milliseconds / SECOND)} s`;
  const two = (whole: number, unit: string, part: number, partUnit: string): string =>
    part === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${part} ${partUnit}`;
  if (milliseconds < HOUR) {
    return two(Math.floor(milliseconds / MINUTE), "min", Math.floor((milliseconds % MINUTE) / SECOND), "s");
  }
  return two(Math.floor(milliseconds / HOUR), "h", Math.floor((milliseconds % HOUR) / MINUTE), "min");
}

/** How long ago something was: `now`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function ageText(milliseconds: number, t: Translate): string {
  if (milliseconds < MINUTE) return t("now");
  if (milliseconds < HOUR) return t("{0} min ago", Math.floor(milliseconds / MINUTE));
  if (milliseconds < DAY) return t("{0} h ago", Math.floor(milliseconds / HOUR));
  const days = Math.floor(milliseconds / DAY);
  return days === 1 ? t("1 day ago") : t("{0} days ago", days);
}
