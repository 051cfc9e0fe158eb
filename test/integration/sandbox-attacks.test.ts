import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { FAMILIES } from "../attacks/attack.ts";
import { ATTACKS, applicable, tryAll, type Verdict } from "../attacks/suite.ts";
import { HELPER, missingMechanism, WAYS } from "./sandbox-support.ts";

const missing = await missingMechanism();
const machine = {
  root: process.getuid?.() === 0,
  compiler: spawnSync("gcc", ["--version"], { stdio: "ignore" }).status === 0,
};

/** Runs the sample of the attack suite; the whole of it is `npm run test:sandbox`. */
async function sample(door: "plain" | "bwrap" | "landlock", supervisor = HELPER): Promise<Verdict[]> {
  return await tryAll(supervisor, [door], (_family, attack) => attack.sample === true && applicable(attack, machine));
}

const others = (verdicts: readonly Verdict[], result: Verdict["result"]): string[] =>
  verdicts.filter((one) => one.result !== result).map(({ name, evidence }) => `${name}: ${evidence}`);

describe.skipIf(missing !== undefined)("attacks", () => {
  it("have different names, and a sample of every family", () => {
    for (const family of FAMILIES) {
      const names = ATTACKS[family].map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(ATTACKS[family].some((attack) => attack.sample)).toBe(true);
    }
  });

  it("succeed without a sandbox", { timeout: 180_000 }, async () => {
    expect(others(await sample("plain"), "escaped")).toEqual([]);
  });

  // What gets out once in two tries got out.
  it.each(WAYS)("are stopped ($name)", { timeout: 180_000, retry: 0 }, async ({ backend, options }) => {
    expect(others(await sample(backend, options), "blocked")).toEqual([]);
  });
});
