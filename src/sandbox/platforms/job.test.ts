import { describe, expect, it } from "vitest";
import * as z from "zod";
import { compileConfig } from "../compile-config.ts";
import { compileJob, JobBackend, quoteCommandLine } from "./job.ts";
import { JOB_SCRIPT } from "./job-script.ts";

/** The words that `CommandLineToArgvW` reads, by its documented rules; written apart from the code under test. */
function readCommandLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  const add = (text: string): void => {
    word = (word ?? "") + text;
  };
  for (const [token, slashes = ""] of line.matchAll(/(\\*)"|\\+|\s|[^\s"\\]+/g)) {
    if (token.endsWith('"')) {
      const isMark = slashes.length % 2 === 0;
      add("\\".repeat(Math.floor(slashes.length / 2)) + (isMark ? "" : '"'));
      quoted = isMark !== quoted;
    } else if (quoted || token.trim() !== "") add(token);
    else {
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

describe("quoteCommandLine", () => {
  it.each([
    [["python", "a b"]],
    [["C:\\Program Files\\Python\\python.exe", "-c", 'print("hi")']],
    [["x", ""]],
    [["x", "ends in a backslash \\"]],
    [["x", 'a\\\\"b', '\\"', "\\\\", 'c:\\dir\\"']],
    [["x", "& del C:\\ & | > < ^ %PATH%"]],
    [["x", "tab\there", "naïve 中"]],
  ])("%j is read back as it was", (argv) => {
    expect(readCommandLine(quoteCommandLine(argv))).toEqual(argv);
  });
});

describe("compileJob", () => {
  const config = { ...compileConfig({ category: "general", workspace: "C:\\w" }), processes: 7, cpuPercent: 25 };
  const call = compileJob(config, {
    systemRoot: "C:\\Windows",
    command: ["C:\\Python\\python.exe", "tool.py", "a b"],
    cwd: "C:\\w",
    environment: { path: "C:\\x", A: "1" },
    report: "C:\\t\\usage.json",
    processors: 4,
  });

  it("starts PowerShell by its own path, without profiles and questions, with the script encoded", () => {
    expect(call.file).toBe("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe");
    const [encoded = "", ...before] = call.arguments.toReversed();
    expect(before.toReversed()).toEqual([
      "-NoLogo",
      "-NoProfile",
      "-NonInteractive",
      "-ExecutionPolicy",
      "Bypass",
      "-EncodedCommand",
    ]);
    expect(Buffer.from(encoded, "base64").toString("utf16le")).toBe(JOB_SCRIPT);
    // CreateProcess takes 32 767 characters.
    expect(call.arguments.join(" ").length).toBeLessThan(32_000);
  });

  it("passes the limits beside the script", () => {
    const settings = z.record(z.string(), z.unknown()).parse(JSON.parse(String(call.environment["TOKA_JOB"])));
    expect(settings).toEqual({
      command: 'C:\\Python\\python.exe tool.py "a b"',
      folder: "C:\\w",
      environment: ["A=1", "path=C:\\x"],
      memory: 256 * 1024 * 1024,
      processes: 7,
      rate: 625, // a quarter of one of four processors
      report: "C:\\t\\usage.json",
    });
  });

  it("knows the limits that the script sets", () => {
    for (const part of ["0x8 | 0x200 | 0x400 | 0x2000", "ActiveProcesses = processes", "JobMemory = (UIntPtr)memory"]) {
      expect(JOB_SCRIPT).toContain(part);
    }
    // It runs only once it is in the job.
    expect(JOB_SCRIPT.indexOf("Check(AssignProcessToJobObject")).toBeLessThan(
      JOB_SCRIPT.indexOf("ResumeThread(started"),
    );
  });

  it("says that it does not isolate, and on other systems that it was not verified there", async () => {
    expect(new JobBackend().isolates).toBe(false);
    if (process.platform !== "win32") expect(await new JobBackend().missing()).toMatch(/Not verified on this machine/);
  });
});
