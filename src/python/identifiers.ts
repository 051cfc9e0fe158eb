/** How many texts of identifiers are kept at most: half of a megabyte or so. */
const SLOTS = 16_384;

/** Longest identifier that is kept. */
const LONGEST = 48;

/** Shorter parts of a text are copies, longer ones views of it: `SlicedString::kMinLength` of V8. */
const SHORTEST_VIEW = 13;

const known: string[] = new Array<string>(SLOTS).fill("");
const codes = new Uint16Array(LONGEST);

/**
 * The identifier that stands at a place, with letters beyond ASCII in the form that Python compares them in. Most are met again and
 * again: one text for all of them takes less memory than one for each, keeps no source text alive, and is found faster in a map.
 * No identifier is a view of the source text.
 */
export function identifierAt(text: string, start: number, end: number): string {
  const length = end - start;
  let hash = 0;
  for (let pos = start; pos < end; pos++) {
    const c = text.charCodeAt(pos);
    if (c >= 128) return rebuilt(text.slice(start, end).normalize("NFKC"));
    hash = (Math.imul(hash, 31) + c) | 0;
  }
  if (length > LONGEST) return rebuilt(text.slice(start, end));
  const slot = (hash ^ (hash >>> 14)) & (SLOTS - 1);
  const found = known[slot] as string;
  if (found.length === length && text.startsWith(found, start)) return found;
  const name = length < SHORTEST_VIEW ? text.slice(start, end) : copyOf(text, start, length);
  known[slot] = name;
  return name;
}

/** A part of a text that does not keep the whole alive. */
function copyOf(text: string, start: number, length: number): string {
  for (let at = 0; at < length; at++) codes[at] = text.charCodeAt(start + at);
  // Spreading the codes would cost three times as much.
  return Reflect.apply(String.fromCharCode, null, codes.subarray(0, length));
}

/** Any text in memory of its own. */
function rebuilt(text: string): string {
  return JSON.parse(JSON.stringify(text));
}
