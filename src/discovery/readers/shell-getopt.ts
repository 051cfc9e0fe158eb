import type { logicalLines } from "./shell-words.ts";

type Line = ReturnType<typeof logicalLines>[number];

/** An option of a shell script before it becomes a parameter. */
export interface Option {
  readonly flags: string[];
  readonly takesValue: boolean;
  readonly line: number;
  readonly isCertain: boolean;
}

/** Options of `getopts "ab:c" name`, POSIX: a colon after a letter means that it takes a value. */
export function getoptsOptions(lines: readonly Line[]): Option[] {
  const options: Option[] = [];
  for (const { line, text } of lines) {
    const match = /\bgetopts\s+(["']?)(:?[A-Za-z0-9?:-]+)\1\s+\w+/u.exec(text);
    if (match === null) continue;
    for (const part of (match[2] ?? "").replace(/^:/u, "").matchAll(/([A-Za-z0-9])(:?)/gu)) {
      const letter = part[1] ?? "";
      if (letter === "h" && part[2] === "") continue;
      options.push({ flags: [`-${letter}`], takesValue: part[2] === ":", line, isCertain: true });
    }
  }
  return options;
}

/** The variables into which `getopts` puts letters: what a `case` tells apart there are no words of the user. */
export function getoptsVariables(lines: readonly Line[]): ReadonlySet<string> {
  return new Set(lines.flatMap(({ text }) => /\bgetopts\s+\S+\s+(\w+)/u.exec(text)?.[1] ?? []));
}

/** Options of the program `getopt -o ab:c --long alpha,beta:`; its texts may stand in variables. */
export function getoptOptions(lines: readonly Line[]): Option[] {
  const variables = assignments(lines);
  const options: Option[] = [];
  for (const { line, text } of lines) {
    if (!/(?:^|[\s(`|=])getopt\s/u.test(text) || text.trim().startsWith("#")) continue;
    for (const match of text.matchAll(
      /(?:^|\s)(-o|--options|-l|--long(?:options|opts?)?)(?:\s+|=)("[^"]*"|'[^']*'|\S+)/gu,
    )) {
      const isLong = match[1] === "-l" || match[1]?.startsWith("--long") === true;
      const spec = expand((match[2] ?? "").replaceAll(/["']/gu, ""), variables);
      options.push(...(isLong ? longOptions(spec, line) : shortOptions(spec, line)));
    }
  }
  return options;
}

/** Texts of variables that are set once. */
function assignments(lines: readonly Line[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { text } of lines) {
    const match = /^\s*(?:local\s+|readonly\s+)?(\w+)=("[^"$`]*"|'[^']*'|[\w:,-]+)\s*$/u.exec(text);
    if (match !== null) found.set(match[1] ?? "", (match[2] ?? "").replaceAll(/^["']|["']$/gu, ""));
  }
  return found;
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{?(\w+)\}?/gu, (_all, name: string) => variables.get(name) ?? "");
}

function shortOptions(spec: string, line: number): Option[] {
  return [...spec.replace(/^[:+-]+/u, "").matchAll(/([A-Za-z0-9])(:*)/gu)].flatMap(([, letter = "", colons = ""]) =>
    letter === "h" && colons === ""
      ? []
      : [{ flags: [`-${letter}`], takesValue: colons === ":", line, isCertain: true }],
  );
}

function longOptions(spec: string, line: number): Option[] {
  return [...spec.matchAll(/([A-Za-z0-9][\w-]*)(:*)/gu)].flatMap(([, name = "", colons = ""]) =>
    name === "help" || name === "version"
      ? []
      : [{ flags: [`--${name}`], takesValue: colons === ":", line, isCertain: true }],
  );
}
