import type { Parameter, RestWords } from "../../model/index.ts";
import { optional } from "./reading.ts";
import { soundsLikePath } from "./types.ts";

/** The words that a parser leaves over, under a key that none of its parameters has. */
export function leftOverWords(
  parameters: readonly Parameter[],
  line: number,
  confidence: RestWords["confidence"],
  metavar?: string,
): RestWords {
  const taken = new Set(parameters.map((parameter) => parameter.name));
  let name = "args";
  for (let number = 2; taken.has(name); number += 1) name = `args_${number}`;
  const isPath = metavar !== undefined && soundsLikePath(metavar.toLowerCase());
  return { name, ...optional("metavar", metavar), ...(isPath ? { isPath } : {}), confidence, line };
}
