import type { Parameter } from "../../model/index.ts";
import { type CallArguments, type ExternalModel, isSequence, list, type RunEvent } from "../evaluate/index.ts";
import { leftOverWords } from "./left-over.ts";
import type { Reader } from "./reader.ts";
import type { CommandLine } from "./reading.ts";

/** What one `getopt.getopt(args, short, long)` declares. */
interface Declaration {
  readonly short: string | undefined;
  readonly long: readonly string[] | undefined;
  readonly line: number;
}

const call: ExternalModel = (given: CallArguments, interpreter) => {
  const short = given.positional[1] ?? given.keywords.get("shortopts");
  const long = given.positional[2] ?? given.keywords.get("longopts");
  const declaration: Declaration = {
    short: short?.kind === "str" ? short.value : undefined,
    long:
      long !== undefined && isSequence(long) && !long.open
        ? long.items.flatMap((item) => (item.kind === "str" ? [item.value] : []))
        : undefined,
    line: given.line,
  };
  interpreter.record({
    framework: "getopt",
    subject: declaration,
    file: given.file,
    line: given.line,
    preliminary: false,
  });
  return { kind: "tuple", items: [list([], true), list([], true)], open: false };
};

/** `getopt.getopt` and `gnu_getopt`: a colon (short) or an equals sign (long) means that a value follows. */
export const getoptReader: Reader = {
  framework: "getopt",
  calls: [
    ["getopt.getopt", call],
    ["getopt.gnu_getopt", call],
  ],
  constants: [],
  read: (events: readonly RunEvent[]): CommandLine => {
    const declaration = (events.find((event) => !event.conditional) ?? events[0])?.subject as Declaration | undefined;
    const parameters = declaration === undefined ? [] : parametersOf(declaration);
    const line = declaration?.line ?? 1;
    return {
      framework: "getopt",
      parameters,
      subcommands: [],
      rest: leftOverWords(parameters, line, "likely"),
      line,
      gaps: [],
    };
  },
};

function parametersOf(declaration: Declaration): Parameter[] {
  const parameters: Parameter[] = [];
  /** Python takes the first of an option that is named twice. */
  const seen = new Set<string>();
  const add = (name: string, flag: string, takesValue: boolean): void => {
    if (name === "h" || name === "help" || seen.has(flag)) return;
    seen.add(flag);
    parameters.push({
      name,
      flags: [flag],
      type: takesValue ? "string" : "boolean",
      required: false,
      ...(takesValue ? {} : { default: false, action: "store_true" }),
      confidence: "certain",
      line: declaration.line,
    });
  };
  for (const match of (declaration.short ?? "").matchAll(/([A-Za-z0-9?])(:?)/gu)) {
    add(match[1] ?? "", `-${match[1]}`, match[2] === ":");
  }
  for (const option of declaration.long ?? []) {
    const takesValue = option.endsWith("=");
    const name = option.replace(/=\??$/u, "");
    add(name.replaceAll("-", "_"), `--${name}`, takesValue);
  }
  return parameters;
}
