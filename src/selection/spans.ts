/** A piece of the words that could be a value. Offsets count UTF-16 units of the text. */
export interface Span {
  readonly kind: "quoted" | "url" | "path" | "number" | "proper";
  /** The value: without quotes, a number as its digits. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  zero: 0,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  twenty: 20,
  hundred: 100,
  thousand: 1000,
};

/** Kinds in the order in which they claim their text: a number inside quotes or a path is not looked for. */
const FINDERS: readonly { readonly kind: Span["kind"]; readonly pattern: RegExp }[] = [
  { kind: "quoted", pattern: /"([^"\n]*)"|“([^”\n]*)”|`([^`\n]*)`|(?<![\p{L}\p{N}])'([^'\n]*)'(?![\p{L}\p{N}])/gu },
  { kind: "url", pattern: /\b([a-z][a-z\d+.-]*:\/\/[^\s"'<>]*[^\s"'<>.,;:!?)\]])/giu },
  {
    kind: "path",
    pattern:
      /(?<![\p{L}\p{N}])((?:~|\.{1,2})?\/[\w.@%+~/*-]*\w\/?|[\w@%+-][\w.@%+*-]*(?:\/[\w.@%+*-]+)+\/?|[\w*-][\w.*-]*\.(?=[a-z]*[a-z])[a-z\d]{1,5})(?![\p{L}\p{N}])/giu,
  },
  { kind: "number", pattern: /(?<![\p{L}\p{N}.])([+-]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\p{N}])/gu },
  {
    kind: "number",
    pattern: new RegExp(`(?<![\\p{L}\\p{N}-])(${Object.keys(NUMBER_WORDS).join("|")})(?![\\p{L}\\p{N}-])`, "giu"),
  },
  { kind: "proper", pattern: /(?<=[^.!?\s]\s+)(\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*)/gu },
];

/** Everything in the words that could be a value, in order of appearance, without overlaps. */
export function findSpans(words: string): readonly Span[] {
  const spans: Span[] = [];
  for (const { kind, pattern } of FINDERS) {
    for (const match of words.matchAll(pattern)) {
      const raw = match.slice(1).find((group) => group !== undefined);
      if (raw === undefined) continue;
      const start = match.index;
      const end = start + match[0].length;
      if (spans.some((span) => start < span.end && span.start < end)) continue;
      spans.push({ kind, text: kind === "number" ? numberText(raw) : raw, start, end });
    }
  }
  return spans.sort((a, b) => a.start - b.start);
}

function numberText(raw: string): string {
  const word = NUMBER_WORDS[raw.toLowerCase()];
  if (word !== undefined) return String(word);
  const grouped = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(raw);
  return (grouped ? raw.replaceAll(",", "") : raw.replace(/,+$/, "")).replace(/^\+/, "");
}
