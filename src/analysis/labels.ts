const MAX_LABEL = 60;

function cut(label: string): string {
  return label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label;
}

/** The first line of a span of source, trimmed and cut; `…` stands for what follows. */
export function lineLabel(text: string, start: number, end: number, line: number, endLine: number): string {
  if (line === endLine) return cut(text.slice(start, end));
  const newline = text.indexOf("\n", start);
  const stop = newline < 0 || newline > end ? end : newline;
  return cut(`${text.slice(start, stop).trimEnd()} …`);
}

/**
 * The head of a compound statement, without its colon.
 * @param end of the head's last expression, to which brackets that close after it are added
 */
export function headLabel(text: string, start: number, end: number, line: number, endLine: number): string {
  if (line !== endLine) return lineLabel(text, start, end, line, endLine);
  let stop = end;
  for (let at = end; text[at] === ")" || text[at] === " "; at++) if (text[at] === ")") stop = at + 1;
  return cut(text.slice(start, stop));
}
