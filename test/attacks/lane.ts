/** One of several processes that try attacks side by side; tasks and verdicts go over its channel. Arguments: helper.py, which helper. */
import * as z from "zod";
import { DOORS, FAMILIES } from "./attack.ts";
import { findAttack, findHonest, Trials } from "./suite.ts";

const LONGEST_STOP_MS = 5_000;

const doors = z.array(z.enum(DOORS));
const Task = z.union([
  z.object({ family: z.enum(FAMILIES), attack: z.string(), doors }),
  z.object({ honest: z.string(), doors }),
]);
export type Task = z.infer<typeof Task>;

const helper = z.enum(["native", "python"]).parse(process.argv[3]);
const trials = await Trials.start({ helperPath: process.argv[2] ?? "", helper });
process.on("message", (message) => void answer(message));
process.on("disconnect", () => {
  // With something still being tried, its cleaning up may take long; nobody asks any more.
  setTimeout(() => process.exit(1), LONGEST_STOP_MS);
  void trials.stop().then(() => process.exit());
});

async function answer(message: unknown): Promise<void> {
  const task = Task.parse(message);
  process.send?.(
    "honest" in task
      ? await trials.honest(findHonest(task.honest), task.doors)
      : await trials.attack(task.family, findAttack(task.family, task.attack), task.doors),
  );
}
