import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Observed } from "../../model/index.ts";
import { ObservationLog } from "./records.ts";

const CONTEXT = {
  cwd: "/tmp/here/workspace",
  temporary: ["/tmp", "/home/sandbox"],
  shared: ["/tmp/here/workspace"],
  relayPort: 61_080,
};
const NOTHING = { traffic: [], refused: [] };

function read(...lines: readonly unknown[]): Observed {
  const log = new ObservationLog(CONTEXT);
  const text = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  log.push(new TextEncoder().encode(text));
  return log.observed(NOTHING);
}

describe("what a run says about itself", () => {
  it("is told per file, relative to the workspace, with the line that first touched it", () => {
    const file = { kind: "file", path: "/tmp/here/workspace/data/a.csv" };
    const place = { file: "/tmp/here/workspace/tool.py", line: 3 };
    const seen = read({ ...file, access: "read", place }, { ...file, access: "delete" }, { ...file, access: "read" });
    expect(seen.files).toEqual([
      { path: "data/a.csv", access: ["read", "delete"], place: { file: "tool.py", line: 3 } },
    ]);
  });

  it.each([
    ["/tmp/x", 1, 0],
    ["/home/sandbox/.cache/y", 1, 0],
    ["/tmp/here/workspace/x", 0, 1],
    ["/tmp/here/other", 1, 0],
    ["/proc/self/status", 0, 0],
    ["/dev/null", 0, 0],
    ["/etc/passwd", 0, 1],
  ])("files of the run's own folders are counted, those of the kernel are left out: %s", (path, temporary, listed) => {
    const seen = read({ kind: "file", access: "write", path });
    expect([seen.temporaryFiles, seen.files.length]).toEqual([temporary, listed]);
  });

  it("leaves the connection to the relay to the proxy, and unix sockets of the run's own folders out", () => {
    const host = (name: string, port?: number): object => ({ kind: "host", how: "connect", host: name, port });
    const seen = read(
      host("127.0.0.1", 61_080),
      host("127.0.0.1", 80),
      host("unix:/tmp/a"),
      host("unix:/run/docker.sock"),
    );
    expect(seen.hosts.map((one) => one.host)).toEqual(["127.0.0.1", "unix:/run/docker.sock"]);
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["an unknown kind", { kind: "grant", path: "/" }],
    ["an unknown access", { kind: "file", access: "own", path: "/a" }],
    ["a relative path", { kind: "file", access: "read", path: "../../etc" }],
    ["a line of the code that is none", { kind: "file", access: "read", path: "/a", place: { file: "/a", line: -1 } }],
    ["a capability that no run may tell", { kind: "action", capability: "privileged", what: "x" }],
    ["an endless argv", { kind: "program", argv: Array.from({ length: 65 }, () => "x") }],
    ["an empty argv", { kind: "program", argv: [] }],
    ["a port that is none", { kind: "host", how: "connect", host: "a", port: 70_000 }],
    ["a negative loss", { kind: "lost", count: -5 }],
    ["a line longer than any", { kind: "import", name: "x".repeat(5_000) }],
  ])("counts as lost when it is %s", (_, line) => {
    expect(read(line)).toEqual({ ...read(), lost: 1 });
  });

  it("cannot command whoever shows it", () => {
    const seen = read(
      { kind: "import", name: "\u001b]0;title\u0007" },
      { kind: "program", argv: ["a\nb", "\u202egpj.exe"] },
      { kind: "file", access: "read", path: "/etc/\u001b[2J" },
    );
    expect(seen.files.map(({ path }) => path)).toEqual(["/etc/\\u001b[2J"]);
    expect(seen.imports).toEqual(["\\u001b]0;title\\u0007"]);
    expect(seen.programs).toEqual([{ argv: ["a\\u000ab", "\\u202egpj.exe"] }]);
  });

  it("is bounded in entries and bytes, and says that something is missing", () => {
    const many = Array.from({ length: 3_000 }, (_, n) => ({ kind: "file", access: "read", path: `/etc/${n}` }));
    const seen = read(...many);
    expect([seen.files.length, seen.lost]).toEqual([2_000, 1_000]);
    const log = new ObservationLog(CONTEXT);
    const chunk = new TextEncoder().encode("x".repeat(1 << 20));
    expect([log.push(chunk), log.push(chunk), log.push(chunk)]).toEqual([true, true, false]);
    expect(log.observed(NOTHING).lost).toBeGreaterThan(0);
  });

  it("may be cut anywhere", () => {
    const bytes = new TextEncoder().encode(`${JSON.stringify({ kind: "import", name: "naïve" })}\n`);
    for (let at = 0; at <= bytes.length; at++) {
      const log = new ObservationLog(CONTEXT);
      log.push(bytes.slice(0, at));
      log.push(bytes.slice(at));
      expect(log.observed(NOTHING)).toMatchObject({ imports: ["naïve"], lost: 0 });
    }
  });

  it("fits the schema whatever is written", () => {
    const kinds = fc.constantFrom("python", "file", "host", "program", "environment", "import", "action", "lost");
    // Every UTF-16 unit, lone surrogates too.
    const text = fc.string({ unit: fc.nat({ max: 0xff_ff }).map((code) => String.fromCharCode(code)) });
    const value = fc.oneof(text, fc.integer(), fc.array(fc.string()), fc.constant("read"));
    const fields = { access: value, path: value, host: value, argv: value, name: value, count: value, place: value };
    const line = fc.oneof(fc.record({ kind: kinds, ...fields }, { requiredKeys: ["kind"] }), text);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        expect(Observed.safeParse(read(...lines)).success).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
