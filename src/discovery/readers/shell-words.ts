/** A command of a shell script: its words, as far as they are literal, and where it stands. */
export interface ShellCommand {
  readonly line: number;
  /** Words without quotes; what the shell would put in place of `$…` stays as written. */
  readonly words: readonly string[];
  readonly redirections: readonly { readonly kind: "read" | "write"; readonly target: string }[];
  /** The source line, trimmed. */
  readonly text: string;
}

/** Longest script that is taken apart, in characters. */
const MAX_SCRIPT = 1_000_000;

/** Deepest nesting of `$( )` inside quotes that is followed. */
const MAX_NESTING = 6;

/** Longest text kept as evidence. */
const MAX_TEXT = 200;

/**
 * The simple commands of a shell script. A reading by lexical rules alone (quotes, comments, continuation lines, here
 * documents, `$( )`), which is enough to see which programs are named.
 */
export function shellCommands(text: string): readonly ShellCommand[] {
  const lines = text.split(/\r?\n/u);
  return new Lexer(text.slice(0, MAX_SCRIPT), 1, 0).run().flatMap((raw) => {
    const words = withoutPrefixes(raw.words);
    if (words.length === 0 && raw.redirections.length === 0) return [];
    const source = (lines[raw.line - 1] ?? "").trim();
    const shown = source.length > MAX_TEXT ? `${source.slice(0, MAX_TEXT)}…` : source;
    return [{ line: raw.line, words, redirections: raw.redirections, text: shown }];
  });
}

interface RawCommand {
  readonly line: number;
  readonly words: string[];
  readonly redirections: { kind: "read" | "write"; target: string }[];
}

/** Characters that end a command. */
const SEPARATORS: ReadonlySet<string> = new Set([";", "|", "&", "(", ")", "\n"]);

class Lexer {
  readonly #text: string;
  readonly #nesting: number;
  readonly #commands: RawCommand[] = [];
  /** Ends of here documents that begin after this line. */
  #heredocs: string[] = [];
  #at = 0;
  #line: number;
  #command: RawCommand | null = null;
  #word: string | null = null;
  #redirection: "read" | "write" | "heredoc" | "none" | null = null;

  /** How many `case` statements are open, and whether their next words are a pattern. */
  #cases = 0;
  #expects: "command" | "pattern" = "command";

  constructor(text: string, line: number, nesting: number) {
    this.#text = text;
    this.#line = line;
    this.#nesting = nesting;
  }

  run(): readonly RawCommand[] {
    while (this.#at < this.#text.length) this.#character(this.#text.charAt(this.#at));
    this.#endCommand();
    return this.#commands;
  }

  #character(character: string): void {
    switch (character) {
      case "\\":
        this.#escape();
        return;
      case "'":
        this.#quoted("'");
        return;
      case '"':
        this.#quoted('"');
        return;
      case "`":
        this.#backquoted();
        return;
      case "#":
        this.#comment();
        return;
      case "$":
        this.#dollar();
        return;
      case "<":
      case ">":
        this.#redirect(character);
        return;
      case " ":
      case "\t":
      case "\r":
        this.#endWord();
        this.#at += 1;
        return;
      default:
        this.#other(character);
    }
  }

  #other(character: string): void {
    const next = this.#text.charAt(this.#at + 1);
    this.#at += 1;
    if (character === "(" && this.#expects === "command" && /^\w+\+?=$/u.test(this.#word ?? "")) {
      this.#array();
      return;
    }
    if (!SEPARATORS.has(character)) {
      this.#append(character);
      return;
    }
    if (this.#expects === "pattern") this.#endPattern(character);
    else this.#endCommand();
    if (character === ";" && (next === ";" || next === "&") && this.#cases > 0) this.#expects = "pattern";
    if (character !== "\n") return;
    this.#line += 1;
    for (const end of this.#heredocs) this.#skipHeredoc(end);
    this.#heredocs = [];
  }

  /** The words of `name=(…)` are no commands, but for what they substitute. */
  #array(): void {
    const end = closingParenthesis(this.#text, this.#at);
    const inner = this.#text.slice(this.#at, end);
    for (const nested of this.#nesting < MAX_NESTING ? substitutions(inner) : []) {
      this.#commands.push(...new Lexer(nested, this.#line, this.#nesting + 1).run());
    }
    this.#line += countLines(inner);
    this.#at = end + 1;
  }

  /** Patterns of a `case` are no commands; they end with `)`. */
  #endPattern(separator: string): void {
    if (this.#word === "esac") {
      this.#cases -= 1;
      this.#expects = "command";
    }
    this.#word = null;
    this.#command = null;
    if (separator === ")") this.#expects = "command";
  }

  /** Whether the word opens or closes a `case`. */
  #isCaseWord(word: string): boolean {
    if (word === "in" && this.#command?.words[0] === "case") {
      this.#cases += 1;
      this.#expects = "pattern";
      this.#command = null;
      return true;
    }
    if (word === "esac" && this.#cases > 0) {
      this.#cases -= 1;
      this.#expects = "command";
      return true;
    }
    return false;
  }

  #append(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  #escape(): void {
    const next = this.#text.charAt(this.#at + 1);
    this.#at += 2;
    if (next === "\n") this.#line += 1;
    else this.#append(next);
  }

  #comment(): void {
    if (this.#word !== null) {
      this.#append("#");
      this.#at += 1;
      return;
    }
    this.#at = endOfLine(this.#text, this.#at);
  }

  #quoted(mark: string): void {
    const end = closing(this.#text, this.#at + 1, mark);
    const inner = this.#text.slice(this.#at + 1, end);
    this.#append(inner);
    if (mark === '"' && this.#nesting < MAX_NESTING) {
      for (const nested of substitutions(inner)) {
        this.#commands.push(...new Lexer(nested, this.#line, this.#nesting + 1).run());
      }
    }
    this.#line += countLines(inner);
    this.#at = end + 1;
  }

  #backquoted(): void {
    const end = closing(this.#text, this.#at + 1, "`");
    const inner = this.#text.slice(this.#at + 1, end);
    this.#append("$()");
    if (this.#nesting < MAX_NESTING) this.#commands.push(...new Lexer(inner, this.#line, this.#nesting + 1).run());
    this.#line += countLines(inner);
    this.#at = end + 1;
  }

  /** `$(command)` is a command; `${name}` and `$((sum))` are part of a word. */
  #dollar(): void {
    const next = this.#text.charAt(this.#at + 1);
    if (next === "(" && this.#text.charAt(this.#at + 2) !== "(") {
      this.#append("$()");
      const outer = { command: this.#command, word: this.#word };
      this.#command = null;
      this.#word = null;
      this.#at += 2;
      this.#untilParenthesis();
      this.#command = outer.command;
      this.#word = outer.word;
      return;
    }
    const close = next === "{" ? "}" : next === "(" ? ")" : null;
    const end = close === null ? this.#at : this.#text.indexOf(close, this.#at);
    const text = this.#text.slice(this.#at, end === -1 ? this.#text.length : end + 1);
    this.#append(text);
    this.#line += countLines(text);
    this.#at += Math.max(1, text.length);
  }

  /** The commands up to the `)` that ends a substitution. */
  #untilParenthesis(): void {
    let depth = 1;
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (character === "(") depth += 1;
      if (character === ")") depth -= 1;
      this.#character(character);
      if (depth === 0) break;
    }
    this.#endCommand();
  }

  #redirect(character: string): void {
    const rest = this.#text.slice(this.#at, this.#at + 3);
    // The number of a descriptor is no word of the command.
    if (this.#word !== null && /^\d$/u.test(this.#word)) this.#word = null;
    this.#endWord();
    const operator = /^(?:<<<|<<-?|<\(|>\(|>>|>\||[<>]&|<>|[<>])/u.exec(rest)?.[0] ?? character;
    this.#at += operator.length;
    if (operator.endsWith("(")) this.#endCommand();
    else if (operator === "<<<" || operator.endsWith("&")) this.#redirection = "none";
    else if (operator.startsWith("<<")) this.#redirection = "heredoc";
    else this.#redirection = operator === "<" ? "read" : "write";
  }

  #endWord(): void {
    const word = this.#word;
    this.#word = null;
    if (word === null || this.#isCaseWord(word)) return;
    const kind = this.#redirection;
    this.#redirection = null;
    if (kind === "heredoc") this.#heredocs.push(word);
    if (kind === "heredoc" || kind === "none") return;
    this.#command ??= { line: this.#line, words: [], redirections: [] };
    if (kind === null) this.#command.words.push(word);
    else this.#command.redirections.push({ kind, target: word });
  }

  #endCommand(): void {
    this.#endWord();
    if (this.#command !== null) this.#commands.push(this.#command);
    this.#command = null;
    this.#redirection = null;
  }

  #skipHeredoc(end: string): void {
    while (this.#at < this.#text.length) {
      const newline = this.#text.indexOf("\n", this.#at);
      const stop = newline === -1 ? this.#text.length : newline;
      const line = this.#text.slice(this.#at, stop).trim();
      this.#at = stop + 1;
      this.#line += 1;
      if (line === end) return;
    }
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function closing(text: string, from: number, mark: string): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === mark) return at;
    if (mark !== '"') continue;
    if (character === "\\") at += 1;
    else if (character === "$" && text.charAt(at + 1) === "(") at = closingParenthesis(text, at + 2);
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

/** Where the `)` stands that ends a substitution; quotes inside it are its own. */
function closingParenthesis(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\") at += 1;
    else if (character === "'" || character === '"') at = closing(text, at + 1, character);
    else if (character === "#" && /\s/u.test(text.charAt(at - 1))) at = endOfLine(text, at);
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** The commands inside `$( )` of a double-quoted text. */
function substitutions(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = text.indexOf("$("); at !== -1; ) {
    const end = closingParenthesis(text, at + 2);
    if (text.charAt(at + 2) !== "(") found.push(text.slice(at + 2, end));
    at = text.indexOf("$(", end);
  }
  return found;
}

/** Words after which another command follows. */
const PREFIX_WORDS: ReadonlySet<string> = new Set(
  "if then else elif while until do ! { time command builtin exec nohup env nice xargs".split(" "),
);

/** Of these, words that take options before the command. */
const OPTION_PREFIXES: ReadonlySet<string> = new Set(["xargs", "env", "nice", "time", "exec", "command"]);

/** Drops assignments and words that only introduce a command. */
function withoutPrefixes(words: readonly string[]): readonly string[] {
  const start = words.findIndex((word, index) => {
    const before = words[index - 1];
    const isOption = before !== undefined && OPTION_PREFIXES.has(before) && word.startsWith("-");
    return !PREFIX_WORDS.has(word) && !isOption && !/^[A-Za-z_][A-Za-z0-9_]*\+?=/u.test(word);
  });
  return start === -1 ? [] : words.slice(start);
}

/** Longest line that is looked at for declarations; longer ones are data. */
const MAX_LINE = 5_000;

/** The lines of a script for pattern reading: continuations joined, here documents left out. */
export function logicalLines(text: string): readonly { readonly line: number; readonly text: string }[] {
  const lines = text.split(/\r?\n/u);
  const result: { line: number; text: string }[] = [];
  let index = 0;
  while (index < lines.length) {
    const start = index;
    let current = lines[index] ?? "";
    while (current.endsWith("\\") && index + 1 < lines.length && current.length < MAX_LINE) {
      index += 1;
      current = `${current.slice(0, -1)} ${(lines[index] ?? "").trim()}`;
    }
    if (current.length <= MAX_LINE) result.push({ line: start + 1, text: current });
    index = afterHeredoc(lines, index + 1, current);
  }
  return result;
}

/** The index of the first line after a here document that `opening` begins, if it begins one. */
function afterHeredoc(lines: readonly string[], from: number, opening: string): number {
  const end = opening.includes("<<<") ? undefined : /<<-?\s*\\?["']?([A-Za-z_][A-Za-z0-9_]*)/u.exec(opening)?.[1];
  if (end === undefined) return from;
  const at = lines.findIndex((line, index) => index >= from && line.trim() === end);
  return at === -1 ? from : at + 1;
}
