import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CacheOptions, PackCache } from "./pack-cache.ts";

const KEY = "0".repeat(32);

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "toka-pack-")), "cache");
});

afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

function open(options: Partial<CacheOptions> = {}): PackCache {
  return PackCache.open({ folder, kind: "k", mark: "1", ...options });
}

function keep(entries: Readonly<Record<string, string>>, options: Partial<CacheOptions> = {}): void {
  const cache = open(options);
  for (const [key, text] of Object.entries(entries)) cache.put(key.padStart(32, "0"), text);
  cache.close();
}

function known(key: string, options: Partial<CacheOptions> = {}): string | undefined {
  const cache = open(options);
  const text = cache.get(key.padStart(32, "0"));
  cache.close();
  return text;
}

const packs = (): string[] => readdirSync(folder).sort();

describe("PackCache", () => {
  it("keeps entries for the next time", () => {
    keep({ a: "text of a", b: "Größe" });
    expect([known("a"), known("b"), known("c")]).toEqual(["text of a", "Größe", undefined]);
    keep({ a: "newer" });
    expect(known("b")).toBe("Größe");
    expect(statSync(join(folder, packs()[0] ?? "")).mode & 0o777).toBe(0o600);
  });

  it("drops what another program wrote, and leaves other kinds alone", () => {
    keep({ a: "text" });
    keep({ a: "other kind" }, { kind: "other" });
    expect(known("a", { mark: "2" })).toBeUndefined();
    expect(known("a", { kind: "other" })).toBe("other kind");
    expect(packs()).toHaveLength(1);
  });

  it("believes no byte that changed", () => {
    keep({ a: "a text of some length" });
    const path = join(folder, packs()[0] ?? "");
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x15;
      writeFileSync(path, changed);
      expect([undefined, "a text of some length"]).toContain(known("a"));
      if (at < 21) expect(known("a")).toBeUndefined();
      writeFileSync(path, whole.subarray(0, at));
      expect(known("a")).toBeUndefined();
      writeFileSync(path, whole);
    }
    expect(known("a")).toBe("a text of some length");
  });

  it("opens no links and no folders", () => {
    keep({ a: "text" });
    const elsewhere = join(folder, "..", "elsewhere");
    writeFileSync(elsewhere, readFileSync(join(folder, packs()[0] ?? "")));
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    symlinkSync(elsewhere, join(folder, "k.link.pack"));
    mkdirSync(join(folder, "k.folder.pack"));
    expect(known("a")).toBeUndefined();
    expect(packs()).toEqual([]);
    expect(statSync(elsewhere).isFile()).toBe(true);
  });

  it("puts many packs into one", () => {
    for (let i = 0; i < 12; i++) keep({ [String(i)]: `text ${i}`, last: String(i) });
    expect(packs().length).toBeLessThan(7);
    for (let i = 0; i < 12; i++) expect(known(String(i))).toBe(`text ${i}`);
    expect(known("last")).toBe("11");
  });

  it("stays within its bounds: the longest unused go first", () => {
    keep({ a: "x".repeat(500), b: "y".repeat(600) }, { packBytes: 1000 });
    expect([known("a")?.length, known("b")]).toEqual([500, undefined]);
    utimesSync(join(folder, packs()[0] ?? ""), 1, 1);
    keep({ c: "z".repeat(500) }, { kind: "other", folderBytes: 1000 });
    expect(packs()).toEqual([expect.stringMatching(/^other\./)]);
  });

  it("removes what killed runs left, not what others are writing", () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ["k.old.pack.new", "k.young.pack.new"]) writeFileSync(join(folder, name), "");
    utimesSync(join(folder, "k.old.pack.new"), 1, 1);
    open().close();
    expect(packs()).toEqual(["k.young.pack.new"]);
  });

  it("drops an entry that its reader refuses", () => {
    keep({ a: "text" });
    const cache = open();
    cache.drop("a".padStart(32, "0"));
    expect(cache.get("a".padStart(32, "0"))).toBeUndefined();
    expect(cache.get(KEY)).toBeUndefined();
    cache.close();
  });
});
