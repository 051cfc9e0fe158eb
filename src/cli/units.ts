import { fail, ok, type Result } from "../model/index.ts";

const SIZES: Readonly<Record<string, number>> = { "": 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1000, "": 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** `256MB`, `1.5G`, `4096`: bytes. Units count by 1024, with or without `B` or `iB`. */
export function parseBytes(text: string): Result<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const factor = SIZES[match?.[2]?.toUpperCase() ?? "?"];
  const bytes = factor === undefined ? 0 : Math.round(Number(match?.[1]) * factor);
  return bytes > 0 ? ok(bytes) : fail("bad-option", `“${text}” is no size: write it like 256MB`);
}

/** `60s`, `500ms`, `5m`, `60` (seconds): milliseconds. */
export function parseTime(text: string): Result<number> {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?$/i.exec(text.trim());
  const factor = TIMES[match?.[2]?.toLowerCase() ?? ""];
  const time = match === null || factor === undefined ? 0 : Math.round(Number(match[1]) * factor);
  return time > 0 ? ok(time) : fail("bad-option", `“${text}” is no time: write it like 60s`);
}

/** `25%` or `25`: percent of one core. */
export function parsePercent(text: string): Result<number> {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  const percent = Number(match?.[1] ?? 0);
  return percent > 0 ? ok(percent) : fail("bad-option", `“${text}” is no share: write it like 25%`);
}

/** A whole number of at least `least`. */
export function parseCount(text: string, least: number): Result<number> {
  const count = /^\d{1,9}$/.test(text.trim()) ? Number(text) : -1;
  return count >= least ? ok(count) : fail("bad-option", `“${text}” is no whole number of at least ${least}`);
}

/** Bytes for people, by 1024. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** Milliseconds for people. */
export function formatTime(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${(milliseconds / 60_000).toFixed(1)} min`;
}
