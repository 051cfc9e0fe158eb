import { describe, expect, it } from "vitest";
import { compileEnvironment } from "./environment.ts";

describe("compileEnvironment", () => {
  const caller = { PATH: "/evil", SECRET: "s", API_URL: "u", LD_PRELOAD: "/evil.so", HOME: "/home/me" };

  it("lets only the allowed names pass", () => {
    const environment = compileEnvironment({ allowed: ["API_URL"], caller });
    expect(environment).toMatchObject({ API_URL: "u", HOME: "/home/sandbox", TMPDIR: "/tmp", LC_ALL: "C.UTF-8" });
    expect(environment).not.toHaveProperty("SECRET");
    expect(environment["PATH"]).toBe("/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
  });

  it("never lets the loader's variables pass, and keeps an unset name unset", () => {
    const environment = compileEnvironment({ allowed: ["LD_PRELOAD", "UNSET"], caller });
    expect(environment).not.toHaveProperty("LD_PRELOAD");
    expect(environment).not.toHaveProperty("UNSET");
  });

  it("puts the interpreter first on PATH and names the virtual environment and the result folder", () => {
    const environment = compileEnvironment({
      allowed: [],
      caller,
      interpreterFolder: "/w/.venv/bin",
      virtualEnvironment: "/w/.venv",
      resultFolder: "/r",
    });
    expect(environment["PATH"]).toMatch(/^\/w\/\.venv\/bin:\/usr\/local\/bin/);
    expect(environment).toMatchObject({ VIRTUAL_ENV: "/w/.venv", TOKA_RESULTS: "/r" });
  });
});
