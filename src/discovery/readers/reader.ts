import type { ExternalModel, Interpreter, RunEvent, Value } from "../evaluate/index.ts";
import type { CommandLine } from "./reading.ts";

/** One way of declaring a command line in Python. */
export interface Reader {
  /** The `framework` of the events that its models record. */
  readonly framework: string;
  /** What the interpreter has to know about the library. */
  readonly calls: Iterable<readonly [string, ExternalModel]>;
  readonly constants: Iterable<readonly [string, Value]>;
  /**
   * What the runs of this framework declare, one command line for the file; `null` when they turn out to be none.
   * @param events in the order in which they happen, at least one
   */
  read(events: readonly RunEvent[], interpreter: Interpreter): CommandLine | null;
}
