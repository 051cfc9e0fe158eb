import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditRecord, fail } from "../model/index.ts";
import { AuditLog } from "./audit-log.ts";
import { State } from "./state.ts";
import { statePlaces } from "./state-folder.ts";
import { value } from "./testing/scripted.ts";

const NO_TOOLS = { find: () => fail("no-tool", "there is none") };

describe("AuditLog", () => {
  let base: string;
  let workspace: string;
  let state: State;

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), "toka-audit-")));
    workspace = join(base, "workspace");
    mkdirSync(workspace);
    state = value(State.open(join(base, "state"), workspace, () => new Date("2026-01-02T03:04:05Z")));
  });
  afterEach(() => {
    state.close();
    rmSync(base, { recursive: true, force: true });
  });

  const note = (tool: string, action: "asked" | "denied", index: number): void =>
    value(state.audit({ principal: "chat", action, tool, details: { index } }));

  it("is read in order, in pages, and by what is asked for", () => {
    const log = new AuditLog(state, NO_TOOLS);
    value(
      state.write((_connection, audit) => {
        for (let index = 0; index < 1203; index++) {
          audit({
            principal: "chat",
            action: index % 2 === 0 ? "asked" : "denied",
            tool: `t${index % 3}`,
            details: { index },
          });
        }
      }),
    );
    const all = [...log.read()].map(value);
    expect(all.map(({ details }) => details["index"])).toEqual(Array.from({ length: 1203 }, (_, index) => index));
    expect([...log.read({ action: "denied", tool: "t1" })]).toHaveLength(201);
    expect([...log.read({ since: "2026-01-02" })]).toHaveLength(1203);
    expect([...log.read({ since: "2026-01-03" })]).toEqual([]);
  });

  it("is exported as JSON Lines that only its owner reads", () => {
    for (let index = 0; index < 3; index++) note("t", "asked", index);
    const file = join(base, "audit.jsonl");
    expect(value(new AuditLog(state, NO_TOOLS).exportTo(file))).toBe(3);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => AuditRecord.parse(JSON.parse(line)).details["index"])).toEqual([0, 1, 2]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const refused = new AuditLog(state, NO_TOOLS).exportTo(join(base, "nowhere", "audit.jsonl"));
    expect(refused.ok ? "" : refused.problem.code).toBe("write-failed");
  });

  it("is readable by SQL, and refuses to lose or change a line by it", () => {
    note("t", "asked", 0);
    const raw = new DatabaseSync(statePlaces(join(base, "state"), workspace).database);
    try {
      for (const statement of [
        "DELETE FROM audit",
        "UPDATE audit SET tool = 'x'",
        "PRAGMA recursive_triggers = ON; REPLACE INTO audit SELECT * FROM audit",
      ]) {
        expect(() => raw.exec(statement), statement).toThrow("append-only");
      }
      expect(raw.prepare("SELECT count(*) AS n FROM audit WHERE json_extract(details, '$.index') = 0").get()).toEqual({
        n: 1,
      });
    } finally {
      raw.close();
    }
  });
});
