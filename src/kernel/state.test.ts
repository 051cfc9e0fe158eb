import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execution, Result } from "../model/index.ts";
import { compileConfig } from "../sandbox/index.ts";
import { MIGRATIONS } from "./migrations.ts";
import { State } from "./state.ts";
import { statePlaces, stateRoot } from "./state-folder.ts";

const WORKSPACE = "/somewhere/project";
const clock = (): Date => new Date("2026-01-02T03:04:05.678Z");

function execution(id: string, given: Partial<Execution> = {}): Execution {
  return {
    id,
    tool: "a.py",
    arguments: { n: 1 },
    argv: ["python", "/somewhere/project/a.py"],
    principal: "user",
    startedAt: clock().toISOString(),
    policy: compileConfig({ category: "general", workspace: WORKSPACE }),
    exit: { code: 0, reason: "ok" },
    stdout: "out",
    stderr: "err",
    results: [],
    usage: { wallMs: 1.5, cpuMs: 1, peakMemoryBytes: 10, writtenBytes: 0 },
    cached: false,
    ...given,
  };
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.message}`);
  return result.value;
}

describe("State", () => {
  let root: string;
  const open = (): Result<State> => State.open(root, WORKSPACE, clock);
  const database = (): string => statePlaces(root, WORKSPACE).database;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "toka-state-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it("keeps runs, newest first, and their output in files", () => {
    using state = value(open());
    value(state.record(execution("one"), "f1"));
    value(state.record(execution("two", { tool: "b.py" }), "f2"));
    value(state.record(execution("three"), "f3"));
    expect(value(state.history({})).map(({ id }) => id)).toEqual(["three", "two", "one"]);
    expect(value(state.history({ tool: "a.py", limit: 1 })).map(({ id }) => id)).toEqual(["three"]);
    expect(value(state.history({ tool: "a.py" }))[0]).toEqual({ ...execution("three"), stdout: "", stderr: "" });
    expect(value(state.execution("two"))).toMatchObject({ id: "two", stdout: "out", stderr: "err" });
    expect(state.execution("../two")).toMatchObject({ ok: false, problem: { code: "no-execution" } });
    expect(readFileSync(join(state.places.runs, "one", "stdout"), "utf8")).toBe("out");
    expect(value(state.lastFingerprint("a.py"))).toBe("f3");
    expect(value(state.lastFingerprint("c.py"))).toBeUndefined();
  });

  it("does not take a denied run for one of the tool as it is", () => {
    using state = value(open());
    value(state.record(execution("one", { exit: { reason: "denied" } }), "f1"));
    expect(value(state.lastFingerprint("a.py"))).toBeUndefined();
  });

  it("is readable by its owner only", () => {
    using state = value(open());
    expect(statSync(state.places.folder).mode & 0o077).toBe(0);
  });

  it("only ever adds to the audit", () => {
    {
      using state = value(open());
      value(state.audit({ principal: "user", action: "asked", tool: "a.py", details: { x: 1 } }));
    }
    const raw = new DatabaseSync(database());
    expect(() => raw.exec("UPDATE audit SET tool = 'other'")).toThrow("append-only");
    expect(() => raw.exec("DELETE FROM audit")).toThrow("append-only");
    expect(raw.prepare("SELECT principal, action, tool, details FROM audit").all()).toHaveLength(1);
    raw.close();
  });

  it("keeps no half of a run: the same id twice changes nothing", () => {
    using state = value(open());
    value(state.record(execution("one"), "f1"));
    const again = state.record(execution("one"), "f2");
    expect(again.ok).toBe(false);
    expect(value(state.lastFingerprint("a.py"))).toBe("f1");
  });

  it("sets a file that is no database aside, says so, and starts anew", () => {
    const places = statePlaces(root, WORKSPACE);
    mkdirSync(places.folder, { recursive: true });
    writeFileSync(places.database, "this is no database, and long enough not to be taken for an empty one".repeat(20));
    using state = value(open());
    expect(state.notices[0]).toContain("set aside");
    const aside = readdirSync(places.folder).find((name) => name.startsWith("state.db.damaged-"));
    expect(readFileSync(join(places.folder, aside ?? ""), "utf8")).toContain("this is no database");
    value(state.record(execution("one"), "f1"));
    expect(readdirSync(places.folder)).not.toContain("state.db.recovery");
  });

  it("notices damage while it is used, and renews the database when it is opened next", () => {
    {
      using state = value(open());
      for (let index = 0; index < 200; index++) value(state.record(execution(`run-${index}`), "f"));
    }
    const bytes = readFileSync(database());
    // Behind the schema: that one is read when the database is opened.
    bytes.fill(0x5a, Math.floor(bytes.length / 8192) * 4096);
    writeFileSync(database(), bytes);
    {
      using state = value(open());
      const read = state.history({ limit: 200 });
      expect(read.ok ? "read" : read.problem.code).toBe("state-corrupt");
      expect(existsSync(`${database()}.damaged`)).toBe(true);
    }
    using state = value(open());
    expect(state.notices[0]).toContain("was damaged");
    expect(value(state.history({}))).toEqual([]);
    expect(existsSync(`${database()}.damaged`)).toBe(false);
  });

  it("keeps a sound database that was only suspected", () => {
    {
      using state = value(open());
      value(state.record(execution("one"), "f"));
    }
    writeFileSync(`${database()}.damaged`, "");
    using state = value(open());
    expect(state.notices).toEqual([]);
    expect(value(state.history({}))).toHaveLength(1);
  });

  it("refuses a newer database and leaves it as it is", () => {
    value(open()).close();
    const raw = new DatabaseSync(database());
    raw.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    raw.close();
    const before = readFileSync(database());
    const opened = open();
    expect(opened.ok ? "opened" : opened.problem.code).toBe("state-newer");
    expect(readFileSync(database())).toEqual(before);
  });

  it("keeps workspaces apart, and finds one by its real path", () => {
    const one = statePlaces(root, "/a/project");
    const two = statePlaces(root, "/b/project");
    expect(one.folder).not.toBe(two.folder);
    expect(statePlaces(root, "/a/project")).toEqual(one);
  });
});

describe("stateRoot", () => {
  it("follows the platform's custom", () => {
    expect(stateRoot({ XDG_STATE_HOME: "/x/state" }, "linux")).toBe("/x/state/toka");
    expect(stateRoot({ XDG_STATE_HOME: "relative" }, "linux")).toMatch(/\/\.local\/state\/toka$/);
    expect(stateRoot({}, "darwin")).toMatch(/Application Support\/toka$/);
  });
});
