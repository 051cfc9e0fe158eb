/**
 * The sandbox on other Linux machines than this one: real Debian machines with their own kernels under QEMU, made from Debian's
 * packages, each with systemd, a copy of the checkout and a user with a session.
 *
 *   npm run test:machines                                     every case on every machine
 *   npm run test:machines -- bookworm sid --case "no bubblewrap"  of these releases, this case
 *   npm run test:machines -- bookworm --user tester -- COMMAND   one command in the checkout; its output and exit code
 *
 * `--full` tries all attacks instead of a sample. `--before SHELL` is run by root before a command, `--boot WORDS` goes on the
 * kernel's command line, `--checkout DIR` takes another one. Needs root, qemu-system-x86, mmdebstrap and a network; where the
 * processor does not virtualize, machines are emulated, which is 20 to 40 times slower.
 */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { findProgram, toolsFolder } from "../../scripts/setup.mjs";
import { prepareImage, USER } from "./image.ts";
import { accelerator, type Order, runIn } from "./machine.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/**
 * The tiers that hold a run on a release's machine. Debian 11 has a bubblewrap from before 0.5 and no Landlock, the kernel of
 * Debian 12 one of version 2, which cannot keep files from being cut short.
 */
const RELEASES: Readonly<Record<string, readonly Tier[]>> = {
  bullseye: [],
  bookworm: ["A"],
  trixie: ["A", "B"],
  sid: ["A", "B"],
};
type Tier = "A" | "B";

interface Case {
  readonly name: string;
  /** Tiers that cannot be there then. */
  readonly without: readonly Tier[];
  readonly user: string;
  readonly before?: string;
  readonly boot?: string;
}

const FORBID_NAMESPACES = "sysctl --quiet --write user.max_user_namespaces=0";
const TAKE_BUBBLEWRAP = "rm /usr/bin/bwrap";
const NO_LANDLOCK = "lsm=lockdown,yama,integrity,apparmor,bpf";

/** What is tried of a release. */
const CASES: readonly Case[] = [
  { name: "user", without: [], user: USER },
  { name: "root", without: [], user: "root" },
  { name: "no user namespaces", without: ["A"], user: USER, before: FORBID_NAMESPACES },
  { name: "no bubblewrap", without: ["A"], user: USER, before: TAKE_BUBBLEWRAP },
  { name: "no Landlock", without: ["B"], user: USER, boot: NO_LANDLOCK },
  { name: "seccomp alone", without: ["A", "B"], user: USER, before: FORBID_NAMESPACES, boot: NO_LANDLOCK },
];

const divided = process.argv.indexOf("--");
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, divided < 0 ? undefined : divided),
  allowPositionals: true,
  options: {
    case: { type: "string", multiple: true, default: CASES.map(({ name }) => name) },
    user: { type: "string", default: "root" },
    before: { type: "string" },
    boot: { type: "string" },
    checkout: { type: "string", default: ROOT },
    full: { type: "boolean", default: false },
  },
});
const command = divided < 0 ? "" : process.argv.slice(divided + 1).join(" ");
const releases = positionals.length > 0 ? positionals : Object.keys(RELEASES);
const problems = [
  ...(process.getuid?.() === 0 ? [] : ["Machines are made and started by root."]),
  ...["qemu-system-x86_64", "qemu-img", "mmdebstrap", "mkfs.ext4"]
    .filter((program) => findProgram(program) === undefined)
    .map((program) => `${program} is missing: apt-get install qemu-system-x86 qemu-utils mmdebstrap e2fsprogs`),
  ...releases
    .filter((name) => !Object.hasOwn(RELEASES, name))
    .map((name) => `There is no machine of ${name}; there are ${Object.keys(RELEASES).join(", ")}.`),
  ...values.case
    .filter((name) => CASES.every((one) => one.name !== name))
    .map((name) => `There is no case “${name}”; there are ${CASES.map((one) => one.name).join(", ")}.`),
];
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(2);
}
if (accelerator() === "tcg")
  console.error("The processor does not virtualize here (or /dev/kvm is missing): machines are emulated, and slow.");

const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
const failed: string[] = [];
for (const release of releases) {
  const image = await prepareImage(join(toolsFolder(), "machines"), release, ROOT, controller.signal);
  const start = (order: Order): Promise<number | undefined> =>
    runIn(image, values.checkout, order, (chunk) => process.stdout.write(chunk), controller.signal);
  if (command !== "") {
    const { user, before, boot } = values;
    const code = await start({ command, user, ...(before ? { before } : {}), ...(boot ? { boot } : {}) });
    if (code === undefined) console.error("The machine ended before the command did.");
    process.exitCode = code ?? 125;
    continue;
  }
  for (const one of CASES.filter(({ name }) => values.case.includes(name))) {
    console.log(`\n══ Debian ${release}: ${one.name} ${"═".repeat(40)}`);
    const tiers = (RELEASES[release] ?? []).filter((tier) => !one.without.includes(tier));
    const { name: _, without: __, ...order } = one;
    const attacks = `--lanes 2 ${values.full ? "" : "--sample"}`;
    const code = await start({
      ...order,
      command: `node test/machines/inside.ts ${tiers.join("") || "none"} ${attacks}`,
    });
    if (code !== 0) failed.push(`Debian ${release}: ${one.name}: ${code ?? "the machine ended early"}`);
  }
}
if (failed.length > 0) {
  console.log(`\nWrong:\n${failed.join("\n")}`);
  process.exitCode = 1;
}
