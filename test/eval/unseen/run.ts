/**
 * `npm run eval:unseen`: opens code that nobody here wrote in a real VS Code with the packaged extension, as a new user
 * would: Python's standard library and Debian packages that ship command-line tools. In each it counts the tools, runs
 * one in the sandbox, draws a function, and looks for errors in the extension's log. Pictures go to test-results/.
 * Packages are only downloaded and unpacked, never installed.
 */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execa } from "execa";
import { standardLibrary } from "../../support/stdlib.ts";
import { Workbench } from "../../support/workbench.ts";

interface Visit {
  /** A Debian package, or undefined for the standard library of the machine's Python. */
  readonly package: string | undefined;
  /** The folder to open, below the unpacked package. */
  readonly folder: string;
  /** The name of the tool to run, as the palette lists it. */
  readonly run: string;
  /** The file, and the line in it whose function is drawn. */
  readonly draw: string;
  readonly line: number;
}

const VISITS: readonly Visit[] = [
  { package: undefined, folder: "", run: "calendar", draw: "argparse.py", line: 1950 },
  { package: "python3-docutils", folder: "usr", run: "rst2html5", draw: "smartquotes.py", line: 520 },
  { package: "python3-pygments", folder: "usr", run: "unistring", draw: "cmdline.py", line: 180 },
  { package: "devscripts", folder: "usr", run: "dpkg-genbuilddeps", draw: "debbisect", line: 120 },
  { package: "httpie", folder: "usr", run: "httpie", draw: "downloads.py", line: 80 },
];
const ROOT = join(import.meta.dirname, "..", "..", "..");
const FIRST_SCAN = 120_000;

const scratch = await mkdtemp(join(tmpdir(), "toka-unseen-"));
let failures = 0;
try {
  await execa(process.execPath, [join(ROOT, "scripts", "package.ts")], { cwd: ROOT, stdio: "inherit" });
  for (const visit of VISITS) {
    const name = visit.package ?? "standard library";
    try {
      console.log(`${name}: ${await open(visit, name)}`);
    } catch (error) {
      failures++;
      console.log(`${name}: failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function open(visit: Visit, name: string): Promise<string> {
  const workspace = await unpack(visit);
  await using workbench = await Workbench.open(workspace, { extensions: [join(ROOT, "toka-tools.vsix")] });
  await workbench.openActivity(/^Toka/);
  const badge = workbench.activity(/^Toka.*\b\d+ tools/);
  await badge.waitFor({ timeout: FIRST_SCAN });
  const label =
    (await badge
      .getByLabel(/\d+ tools/)
      .first()
      .getAttribute("aria-label")) ?? "";
  const tools = /\d+/.exec(label)?.[0] ?? "?";

  await workbench.palette("Toka: Run Tool…");
  await workbench.quickInput().fill(visit.run);
  await workbench.focusedPick(visit.run).waitFor();
  await workbench.page.keyboard.press("Enter");
  const options = workbench.focusedPick("Continue");
  await options.or(workbench.dialog()).waitFor();
  if (await options.isVisible()) await workbench.page.keyboard.press("Enter");
  await workbench.confirm("Run");
  const end = workbench.page.locator(".xterm-rows > div").filter({ hasText: new RegExp(`^${visit.run}: `) });
  await end.waitFor({ timeout: FIRST_SCAN });
  const sentence = ((await end.textContent()) ?? "").replaceAll("\u00a0", " ").trim();

  await workbench.openFile(visit.draw, visit.line);
  await workbench.palette("Toka: Show Control Flow Graph");
  await workbench.webview().locator("body[data-state=drawn]").waitFor();
  const nodes = await workbench.webview().locator("[role=button][data-line]").count();
  await workbench.screenshot(join(ROOT, "test-results", `unseen-${name.replaceAll(" ", "-")}.png`));

  const errors = (await workbench.host.logs("toka")).split("\n").filter((line) => line.includes("[error]"));
  if (errors.length > 0) throw new Error(`errors in the log:\n${errors.join("\n")}`);
  return `${tools} tools; ran ${sentence}; drew a function of ${visit.draw} with ${nodes} nodes; no error in the log`;
}

async function unpack({ package: name, folder }: Visit): Promise<string> {
  if (name === undefined) {
    const library = standardLibrary();
    if (!library) throw new Error("there is no python3 on this machine");
    const target = join(scratch, "stdlib");
    await cp(library.folder, target, {
      recursive: true,
      filter: (path) => !/\/(site-packages|__pycache__)$/.test(path),
    });
    return target;
  }
  const target = join(scratch, name);
  await execa("apt-get", ["download", name], { cwd: scratch });
  const archive = (await readdir(scratch)).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get downloaded no archive of ${name}`);
  await execa("dpkg-deb", ["--extract", join(scratch, archive), target]);
  return join(target, folder);
}
