import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { locateKept, type Mount, type MountRequest, planMounts } from "./mounts.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "toka-mounts-")));
  await mkdir(join(folder, "w/out"), { recursive: true });
  await writeFile(join(folder, "w/.env"), "KEY=1");
  await symlink(join(folder, "w"), join(folder, "link"));
});
afterEach(() => rm(folder, { recursive: true }));

const plan = (request: Partial<MountRequest>) =>
  planMounts({ readable: [join(folder, "w")], writable: [], forbidden: [], ...request });

describe("planMounts", () => {
  it("puts a folder before what lies in it", async () => {
    const planned = await plan({ writable: [join(folder, "w/out")], forbidden: [join(folder, "w/.env")] });
    expect(planned).toMatchObject({
      ok: true,
      value: [
        { path: join(folder, "w"), access: "read" },
        { path: join(folder, "w/out"), access: "write" },
        { path: join(folder, "w/.env"), access: "hidden-file" },
      ],
    });
  });

  it("shows a linked folder under both names, and hides a forbidden file under both", async () => {
    const planned = await plan({ readable: [join(folder, "link")], forbidden: [join(folder, "link/.env")] });
    const hidden = planned.ok ? planned.value.filter((mount) => mount.access === "hidden-file") : [];
    expect(new Set(hidden.map((mount) => mount.path))).toEqual(
      new Set([join(folder, "link/.env"), join(folder, "w/.env")]),
    );
  });

  it("leaves out what a forbidden folder contains", async () => {
    const planned = await plan({ writable: [join(folder, "w/out")], forbidden: [join(folder, "w")] });
    expect(planned).toMatchObject({ ok: true, value: [{ path: join(folder, "w"), access: "hidden-folder" }] });
  });

  it("hides a forbidden file under its other names below the mounts, and no other linked file", async () => {
    await mkdir(join(folder, "w/deep/er"), { recursive: true });
    await mkdir(join(folder, "elsewhere"));
    await link(join(folder, "w/.env"), join(folder, "w/deep/er/copy"));
    await link(join(folder, "w/.env"), join(folder, "elsewhere/copy"));
    await writeFile(join(folder, "w/twice"), "");
    await link(join(folder, "w/twice"), join(folder, "w/deep/twice"));
    const planned = await plan({ forbidden: [join(folder, "w/.env")] });
    const hidden = planned.ok ? planned.value.filter((mount) => mount.access === "hidden-file") : [];
    expect(new Set(hidden.map(({ path }) => path))).toEqual(
      new Set([join(folder, "w/.env"), join(folder, "w/deep/er/copy")]),
    );
  });

  it("hides other names of files inside a forbidden folder", async () => {
    await mkdir(join(folder, "w/private"));
    await writeFile(join(folder, "w/private/key"), "");
    await link(join(folder, "w/private/key"), join(folder, "w/key"));
    const planned = await plan({ forbidden: [join(folder, "w/private")] });
    const hidden = planned.ok ? planned.value.filter((mount) => mount.access.startsWith("hidden")) : [];
    expect(new Set(hidden.map(({ path }) => path))).toEqual(
      new Set([join(folder, "w/key"), join(folder, "w/private")]),
    );
  });

  it("mounts what is kept in a writable path for reading, where something is", async () => {
    const [workspace, kept, absent] = [join(folder, "w"), join(folder, "w/.env"), join(folder, "w/Makefile")];
    const planned = await plan({ writable: [workspace], kept: [kept, absent] });
    const found = planned.ok ? planned.value.filter(({ path }) => path === kept || path === absent) : [];
    expect(found).toEqual([{ path: kept, source: kept, access: "read" }]);
  });

  it("hides a socket that a program has bound", async () => {
    const server = createServer();
    const path = join(folder, "w/service.sock");
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      const planned = await plan({});
      expect(planned.ok && planned.value.find((mount) => mount.path === path)?.access).toBe("hidden-file");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const refused: [name: string, request: () => Partial<MountRequest>, code: string][] = [
    ["a relative path", () => ({ readable: ["w"] }), "path-relative"],
    ["a readable path that is missing", () => ({ readable: [join(folder, "no")] }), "path-missing"],
    ["a writable path that is missing", () => ({ writable: [join(folder, "no")] }), "path-missing"],
    ["the system as writable", () => ({ writable: ["/usr/share"] }), "path-protected"],
    ["everything as writable", () => ({ writable: ["/"] }), "path-protected"],
    [
      "a forbidden path that a tool could create",
      () => ({ writable: [join(folder, "w")], forbidden: [join(folder, "w/.envrc")] }),
      "path-forbidden-missing",
    ],
  ];
  it.each(refused)("refuses %s", async (_name, request, code) => {
    expect(await plan(request())).toMatchObject({ ok: false, problem: { code } });
  });
});

describe("locateKept", () => {
  const granted = (...names: string[]): Mount[] =>
    names.map((name) => ({ path: join(folder, name), source: join(folder, name), access: "write" }));
  const locate = (paths: readonly string[], mounts: readonly Mount[]) =>
    locateKept(
      paths.map((path) => join(folder, path)),
      mounts,
    );

  it("leaves out what nothing writable is around, and what is itself granted", async () => {
    expect(await locate(["w/out/a", "w/b", "w/out"], granted("w/out"))).toEqual([join(folder, "w/out/a")]);
    expect(await locate(["w/b"], [{ path: folder, source: folder, access: "read" }])).toEqual([]);
  });

  it("knows what is not there yet, also folders deep", async () => {
    expect(await locate(["w/out/.git/hooks/new"], granted("w"))).toEqual([join(folder, "w/out/.git/hooks/new")]);
  });

  it("follows links in the folders around, and not the last one", async () => {
    expect(await locate(["link/out/a"], granted("w"))).toEqual([join(folder, "w/out/a")]);
    await symlink("/etc", join(folder, "w/out/l"));
    expect(await locate(["w/out/l"], granted("w"))).toEqual([join(folder, "w/out/l")]);
  });
});
