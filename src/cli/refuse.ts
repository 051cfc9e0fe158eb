import type { Result } from "../model/index.ts";
import type { Context } from "./context.ts";
import { EXIT, exitCodeOfProblem } from "./exit-codes.ts";

/** Says the problem of a result that failed, and gives back the exit code for it. */
export function refuse(result: Result<unknown>, { console }: Pick<Context, "console">): number {
  if (result.ok) return EXIT.done;
  console.problem(result.problem);
  return exitCodeOfProblem(result.problem);
}
