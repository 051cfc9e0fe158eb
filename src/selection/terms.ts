/** Words that say nothing about which tool is meant. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "a an and are as at be been but by can could do does for from get give had has have how i if in into is it its let " +
    "like me my need of on or our please should so some something than that the their them then there these they this " +
    "to up us use using want was we were what when where which who will with would you your"
  ).split(" "),
);

/**
 * The words of a text as they are compared: split at what is no letter or digit and at the humps of camelCase, lower
 * case, without stop words, cut to a rough stem.
 */
export function terms(text: string): string[] {
  return tokens(text)
    .map(stem)
    .filter((term) => term !== "");
}

/** Splits a text into lower-case words; identifiers (`maxDepth`, `max_depth`) fall apart into theirs. */
export function tokens(text: string): string[] {
  return text
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .normalize("NFKD")
    .replace(/\p{Mn}+/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/**
 * Strips English endings so that "counts", "counted" and "counting" meet; empty for a stop word. Lighter than Porter's
 * stemmer: names of tools and parameters are short, and cutting them further makes different ones equal.
 */
export function stem(word: string): string {
  if (STOP_WORDS.has(word)) return "";
  if (word.length < 4) return word;
  const singular = word
    .replace(/ies$/, "y")
    .replace(/(ss|sh|ch|x|z)es$/, "$1")
    .replace(/([^su])s$/, "$1");
  const base = singular.length > 5 ? singular.replace(/(?:ing|ed|er)$/, "") : singular.replace(/ing$|ed$/, "");
  const kept = base.length < 3 ? singular : base;
  // "plotting" and "plot", "convert" and "converte": doubled last consonants and a final e fall as well.
  return kept.replace(/([bdgklmnprt])\1$/, "$1").replace(/(?<=...)e$/, "");
}
