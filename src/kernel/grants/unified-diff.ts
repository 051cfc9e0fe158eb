/** Lines around a change that are shown with it, as `diff -u` does. */
const CONTEXT = 3;
/** Differences in a stretch of lines that are looked for; where there are more, the stretch is shown as replaced. */
const MAX_EDITS = 300;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/**
 * The difference of two texts as `diff -u` writes it; empty for equal texts.
 * @param names of the old and the new text, for the two first lines
 */
export function unifiedDiff(before: string, after: string, names: readonly [string, string]): string {
  if (before === after) return "";
  const lines = compared(split(before), split(after));
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...hunks(lines), ""].join("\n");
}

/** The end of the last line is a part of it, so that its absence is a difference. */
function split(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop();
  if (last !== undefined && last !== "") lines.push(`${last}\n\\ No newline at end of file`);
  return lines;
}

function compared(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const room = Math.min(before.length, after.length) - head;
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const same = (text: string): Line => ({ sign: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...edits(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** The shortest way from one list of lines to another (Myers, "An O(ND) Difference Algorithm", 1986). */
function edits(before: readonly string[], after: readonly string[]): Line[] {
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let distance = 0; distance <= Math.min(before.length + after.length, MAX_EDITS); distance++) {
    const next = new Map(reach);
    for (let k = -distance; k <= distance; k += 2) {
      let x = furthest(reach, k, distance);
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++;
      next.set(k, x);
      if (x >= before.length && x - k >= after.length) return walkedBack(before, after, [...trace, reach]);
    }
    trace.push(reach);
    reach = next;
  }
  const line = (sign: Line["sign"]) => (text: string) => ({ sign, text });
  return [...before.map(line("-")), ...after.map(line("+"))];
}

function isDown(reach: ReadonlyMap<number, number>, k: number, distance: number): boolean {
  return k === -distance || (k !== distance && (reach.get(k - 1) ?? 0) < (reach.get(k + 1) ?? 0));
}

function furthest(reach: ReadonlyMap<number, number>, k: number, distance: number): number {
  return isDown(reach, k, distance) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
}

function walkedBack(
  before: readonly string[],
  after: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): Line[] {
  const lines: Line[] = [];
  let at = { x: before.length, y: after.length };
  for (const [distance, reach] of [...trace.entries()].toReversed()) {
    const step = stepTo(reach, at.x - at.y, distance);
    for (let x = at.x; x > step.to; x--) lines.push({ sign: " ", text: before[x - 1] ?? "" });
    const { x, y } = step.from;
    if (distance > 0) {
      lines.push(step.down ? { sign: "+", text: after[y] ?? "" } : { sign: "-", text: before[x] ?? "" });
    }
    at = step.from;
  }
  return lines.toReversed();
}

/** The edit that led to a diagonal: where it came from, and where on the old side it arrived. */
function stepTo(
  reach: ReadonlyMap<number, number>,
  k: number,
  distance: number,
): { readonly down: boolean; readonly from: { readonly x: number; readonly y: number }; readonly to: number } {
  if (distance === 0) return { down: true, from: { x: 0, y: 0 }, to: 0 };
  const down = isDown(reach, k, distance);
  const diagonal = down ? k + 1 : k - 1;
  const x = reach.get(diagonal) ?? 0;
  return { down, from: { x, y: x - diagonal }, to: down ? x : x + 1 };
}

/** Changes with the lines around them; those that are near each other in one hunk. */
function hunks(lines: readonly Line[]): string[] {
  const out: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  for (let at = 0; at < lines.length; ) {
    const end = hunkEnd(lines, at);
    if (end === undefined) {
      const sign = lines[at]?.sign;
      if (sign !== "+") oldLine++;
      if (sign !== "-") newLine++;
      at++;
      continue;
    }
    const hunk = lines.slice(at, end);
    const oldCount = hunk.filter(({ sign }) => sign !== "+").length;
    const newCount = hunk.filter(({ sign }) => sign !== "-").length;
    out.push(`@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`);
    out.push(...hunk.map(({ sign, text }) => sign + text));
    oldLine += oldCount;
    newLine += newCount;
    at = end;
  }
  return out;
}

/** Where the hunk that begins here ends; nothing when none begins here. */
function hunkEnd(lines: readonly Line[], from: number): number | undefined {
  const isChanged = (index: number): boolean => lines[index] !== undefined && lines[index].sign !== " ";
  let last: number | undefined;
  for (let index = from; index <= (last ?? from) + (last === undefined ? CONTEXT : 2 * CONTEXT); index++) {
    if (isChanged(index)) last = index;
  }
  return last === undefined ? undefined : Math.min(lines.length, last + CONTEXT + 1);
}

function range(start: number, count: number): string {
  return count === 1 ? String(start) : `${count === 0 ? start - 1 : start},${count}`;
}
