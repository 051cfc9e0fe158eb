import { describe, expect, it } from "vitest";
import { CAPABILITIES, type Capability, CapabilityName, type Principal } from "../../model/index.ts";
import { effectiveCapabilities, type Standing } from "./effective.ts";

const evidence = [{ file: "a.py", line: 1, text: "x", why: "does it" }];

function standing(name: CapabilityName, principal: Principal, isGranted: boolean, trusted: boolean): Standing {
  const claimed: Capability = { name, severity: CAPABILITIES[name].severity, evidence };
  const granted = new Set(isGranted ? [name] : []);
  return effectiveCapabilities([claimed], principal, granted, trusted)[0]?.standing ?? "denied";
}

describe("effectiveCapabilities", () => {
  // What becomes of it for: the user, an agent; each without and with a grant.
  const table: readonly [CapabilityName, Standing, Standing, Standing, Standing][] = [
    ["filesystem-read", "allowed", "granted", "allowed", "granted"],
    ["filesystem-write", "withheld", "granted", "withheld", "granted"],
    ["filesystem-delete", "withheld", "granted", "denied", "granted"],
    ["file-permissions", "withheld", "granted", "withheld", "granted"],
    ["network-access", "withheld", "granted", "denied", "granted"],
    ["network-listen", "allowed", "granted", "denied", "granted"],
    ["process-spawn", "allowed", "granted", "denied", "granted"],
    ["process-signal", "allowed", "granted", "allowed", "granted"],
    ["env-read", "allowed", "granted", "allowed", "granted"],
    ["env-write", "allowed", "granted", "allowed", "granted"],
    ["secrets", "allowed", "granted", "denied", "granted"],
    ["native-code", "allowed", "granted", "denied", "granted"],
    ["dynamic-code", "allowed", "granted", "denied", "granted"],
    ["deserialization", "allowed", "granted", "denied", "granted"],
    ["package-install", "withheld", "granted", "denied", "granted"],
    ["privileged", "allowed", "granted", "denied", "granted"],
    ["stdin", "allowed", "granted", "allowed", "granted"],
    ["gui", "allowed", "granted", "allowed", "granted"],
    ["gpu", "allowed", "granted", "allowed", "granted"],
  ];

  it.each(table)("%s", (name, user, userGranted, agent, agentGranted) => {
    expect(standing(name, "user", false, true)).toBe(user);
    expect(standing(name, "user", true, true)).toBe(userGranted);
    for (const principal of ["chat", "mcp:editor", "workflow:nightly"] as const) {
      expect(standing(name, principal, false, true), principal).toBe(agent);
      expect(standing(name, principal, true, true), principal).toBe(agentGranted);
    }
    for (const principal of ["user", "chat"] as const) {
      expect(standing(name, principal, true, false), "not trusted").toBe("denied");
    }
  });

  it("is told for every capability that there is", () => {
    expect(table.map(([name]) => name)).toEqual(CapabilityName.options);
  });

  it("goes by the severity that the evidence has, where that is another than usual", () => {
    const claimed: Capability = { name: "process-spawn", severity: "low", evidence };
    expect(effectiveCapabilities([claimed], "chat", new Set(), true)[0]?.standing).toBe("allowed");
  });
});
