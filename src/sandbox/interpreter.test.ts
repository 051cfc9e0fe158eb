import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveHelperInterpreter, resolveInterpreter } from "./interpreter.ts";

let folder: string;
const signal = new AbortController().signal;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "toka-python-")));
  await install("build/bin/python3.12");
});
afterEach(() => rm(folder, { recursive: true }));

/** A program of an installation; never run, so its content does not matter. */
async function install(path: string, content = "\x7fELF"): Promise<string> {
  const file = join(folder, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, content);
  await chmod(file, 0o755);
  return file;
}

const search = (searchPath: string, untrusted: string[] = []) => resolveInterpreter({ searchPath, untrusted }, signal);

describe("resolveInterpreter", () => {
  it("takes the first python3 on PATH with its whole installation", async () => {
    await symlink("python3.12", join(folder, "build/bin/python3"));
    expect(await search(`/nowhere:${join(folder, "build/bin")}`)).toMatchObject({
      ok: true,
      value: { executable: join(folder, "build/bin/python3"), paths: [join(folder, "build")] },
    });
  });

  it("leaves out relative entries and the workspace", async () => {
    await install("workspace/bin/python3");
    expect(await search(`bin:${join(folder, "workspace/bin")}`, [join(folder, "workspace")])).toMatchObject({
      ok: false,
      problem: { code: "interpreter-missing" },
    });
  });

  it("asks a wrapper script which program it stands for", async () => {
    const program = join(folder, "build/bin/python3.12");
    await install("shims/python3", `#!/bin/sh\necho ${program}\n`);
    expect(await search(join(folder, "shims"))).toMatchObject({ ok: true, value: { program } });
  });

  it("does not take a wrapper's answer that lies in the workspace", async () => {
    const program = await install("workspace/bin/python3.12");
    await install("shims/python3", `#!/bin/sh\necho ${program}\n`);
    expect((await search(join(folder, "shims"), [join(folder, "workspace")])).ok).toBe(false);
  });

  it("finds the installation behind a virtual environment", async () => {
    await mkdir(join(folder, "venv/bin"), { recursive: true });
    await writeFile(join(folder, "venv/pyvenv.cfg"), "home = …");
    const executable = join(folder, "venv/bin/python");
    await symlink(join(folder, "build/bin/python3.12"), executable);
    expect(await resolveInterpreter({ given: executable, searchPath: "", untrusted: [] }, signal)).toMatchObject({
      ok: true,
      value: {
        executable,
        program: join(folder, "build/bin/python3.12"),
        virtualEnvironment: join(folder, "venv"),
        paths: [join(folder, "build"), join(folder, "venv")],
      },
    });
  });

  it.each([["python3"], ["/nowhere/python3"]])("refuses %s", async (given) => {
    expect((await resolveInterpreter({ given, searchPath: "", untrusted: [] }, signal)).ok).toBe(false);
  });
});

describe("resolveHelperInterpreter", () => {
  it("never takes a program of the workspace", async () => {
    const program = await install("workspace/venv/bin/python3.12");
    const found = await resolveHelperInterpreter({ executable: program, program, paths: [] }, [
      join(folder, "workspace"),
    ]);
    expect(found.ok && found.value.startsWith(folder)).toBe(false);
  });
});
