/** A command of a shell script: its words, as far as they are literal, and where it stands. */
export interface ShellCommand {
  readonly line: number;
  /** Words without quotes; what the shell would put in place of `$…` stays as written. */
  readonly words: readonly string[];
  /** The source line, trimmed. */
  readonly text: string;
}

/** Longest line that is taken apart; longer ones are data. */
const MAX_LINE = 5_000;

const SEPARATORS: ReadonlySet<string> = new Set([";", "|", "&", "(", ")", "\n"]);

/** Words after which another command follows. */
const PREFIX_WORDS: ReadonlySet<string> = new Set([
  "if",
  "then",
  "else",
  "elif",
  "while",
  "until",
  "do",
  "!",
  "{",
  "time",
  "command",
  "builtin",
  "exec",
  "nohup",
  "env",
  "nice",
  "xargs",
  "sudo",
]);

/** Of these, words that take options before the command. */
const OPTION_PREFIXES: ReadonlySet<string> = new Set(["xargs", "env", "nice", "time", "exec", "command"]);

/**
 * The simple commands of a shell script. A reading by lexical rules alone (quotes, comments, continuation lines, here
 * documents, `$( )`), which is enough to see which programs are named.
 */
export function shellCommands(text: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  for (const { line, text: content } of logicalLines(text)) {
    for (const words of splitCommands(content)) {
      const trimmed = content.trim();
      commands.push({ line, words, text: trimmed.length > 200 ? `${trimmed.slice(0, 200)}…` : trimmed });
    }
  }
  return commands;
}

/** Lines with continuations joined and here documents left out. */
export function logicalLines(text: string): readonly { readonly line: number; readonly text: string }[] {
  const lines = text.split(/\r?\n/u);
  const result: { line: number; text: string }[] = [];
  let heredocEnd: string | null = null;
  for (let index = 0; index < lines.length; index += 1) {
    const start = index;
    let current = lines[index] ?? "";
    if (heredocEnd !== null) {
      if (current.trim() === heredocEnd) heredocEnd = null;
      continue;
    }
    while (current.endsWith("\\") && index + 1 < lines.length && current.length < MAX_LINE) {
      index += 1;
      current = `${current.slice(0, -1)} ${(lines[index] ?? "").trim()}`;
    }
    heredocEnd = /<<-?\s*\\?["']?([A-Za-z_][A-Za-z0-9_]*)["']?/u.exec(current)?.[1] ?? null;
    if (current.includes("<<<")) heredocEnd = null;
    if (current.length <= MAX_LINE) result.push({ line: start + 1, text: current });
  }
  return result;
}

/** Splits a line into commands of words; also the commands inside `$( )` and backquotes. */
function splitCommands(line: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word = "";
  let isWord = false;
  const endWord = (): void => {
    if (isWord) words.push(word);
    word = "";
    isWord = false;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (character === "\\") {
      word += line.charAt(at + 1);
      isWord = true;
      at += 1;
    } else if (character === "'") {
      const end = closing(line, at + 1, "'");
      word += line.slice(at + 1, end);
      isWord = true;
      at = end;
    } else if (character === '"') {
      const end = closing(line, at + 1, '"');
      const inner = line.slice(at + 1, end);
      for (const nested of substitutions(inner)) commands.push(...splitCommands(nested));
      word += inner;
      isWord = true;
      at = end;
    } else if (character === "#" && !isWord) break;
    else if (character === "$" && line.charAt(at + 1) === "(") {
      endCommand();
      at += 1;
    } else if (character === "`" || SEPARATORS.has(character)) endCommand();
    else if (character === " " || character === "\t") endWord();
    else {
      word += character;
      isWord = true;
    }
  }
  endCommand();
  return commands.map(withoutPrefixes).filter((command) => command.length > 0);
}

function closing(line: string, from: number, mark: string): number {
  for (let at = from; at < line.length; at += 1) {
    if (mark === '"' && line.charAt(at) === "\\") at += 1;
    else if (line.charAt(at) === mark) return at;
  }
  return line.length;
}

/** The commands inside `$( )` of a double-quoted text. */
function substitutions(text: string): readonly string[] {
  return [...text.matchAll(/\$\(([^()]*)\)/gu)].map((match) => match[1] ?? "");
}

/** Drops assignments, redirections and words that only introduce a command; `sudo x` stays as two commands' words. */
function withoutPrefixes(words: readonly string[]): string[] {
  let from = 0;
  while (from < words.length) {
    const word = words[from] ?? "";
    const isPrefix = PREFIX_WORDS.has(word) && word !== "sudo";
    const isAssignment = /^[A-Za-z_][A-Za-z0-9_]*\+?=/u.test(word);
    const isOption = from > 0 && OPTION_PREFIXES.has(words[from - 1] ?? "") && word.startsWith("-");
    if (!isPrefix && !isAssignment && !isOption && !/^\d*[<>]/u.test(word)) break;
    from += 1;
  }
  return words.slice(from);
}
