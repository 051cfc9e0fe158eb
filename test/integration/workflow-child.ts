/* Runs a workflow, and dies by SIGKILL before its n-th change of the state or of a tool's run. */
import { DatabaseSync, StatementSync } from "node:sqlite";
import { openChain, runChain } from "../support/workflow-chain.ts";

const [workspace = "", stateFolder = "", killAt = "0", resume = ""] = process.argv.slice(2);

/** Counts the changes once the state is open. */
class Countdown {
  #changes = 0;
  #isOn: boolean = false;

  start(): void {
    this.#isOn = true;
  }

  /** @returns how many changes there were */
  stop(): number {
    this.#isOn = false;
    return this.#changes;
  }

  change(): void {
    if (!this.#isOn) return;
    this.#changes += 1;
    if (this.#changes === Number(killAt)) process.kill(process.pid, "SIGKILL");
  }
}

const countdown = new Countdown();

/** Counts each call of a method that changes a database. */
function counted<A extends unknown[], R>(method: (...values: A) => R): (this: unknown, ...values: A) => R {
  return function countedMethod(...values) {
    countdown.change();
    return Reflect.apply(method, this, values);
  };
}

Object.assign(DatabaseSync.prototype, { exec: counted(DatabaseSync.prototype.exec) });
Object.assign(StatementSync.prototype, { run: counted(StatementSync.prototype.run) });

using kernel = openChain(workspace, stateFolder, () => countdown.change());
countdown.start();
const report = await runChain(kernel, resume !== "");
process.stdout.write(`${JSON.stringify({ changes: countdown.stop(), ok: report.ok })}\n`);
