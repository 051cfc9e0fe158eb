import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";

/** What a machine is started from. */
export interface Image {
  /** Folder with `root.ext4`, `vmlinuz` and `initrd`. A machine that has just started is saved there, too. */
  readonly folder: string;
  /** A file system with the npm packages, which many machines read at once. */
  readonly modules: string;
}

export interface Order {
  /** Run with `bash`, in the checkout. */
  readonly command: string;
  /** `root`, or the machine's user, in whose systemd session the command is then run. */
  readonly user: string;
  /** Run by root with `bash -e` before it. */
  readonly before?: string;
  /** Further words of the kernel's command line. With them, a machine is booted instead of woken up. */
  readonly boot?: string;
}

/** Size of the drive with the checkout. It is the same for all orders: a saved machine has seen it. */
const WORK_MEBIBYTES = 1024;
const LONGEST_BOOT_MS = 600_000;

/** How machines are run: by the processor where it virtualizes, else emulated. */
export function accelerator(): "kvm" | "tcg" {
  // A /dev/kvm without either cannot start the kernel of a distribution as it is.
  return existsSync("/dev/kvm") && /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"))
    ? "kvm"
    : "tcg";
}

const PROCESSOR = {
  kvm: ["-accel", "kvm", "-cpu", "host"],
  // Five levels of page tables are slow where they are emulated.
  tcg: ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,la57=off"],
} as const;

/** The options of QEMU for a machine. A saved one can only be woken up with the same. */
function qemu(image: Image, root: string, work: string, console: string, exit: string, boot: string): string[] {
  const drive = (file: string, options: string): string[] => ["-drive", `file=${file},if=virtio,${options}`];
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-machine", "pc", ...PROCESSOR[accelerator()], "-smp", "2", "-m", "2G"],
    ...["-kernel", join(image.folder, "vmlinuz"), "-initrd", join(image.folder, "initrd")],
    ...["-append", `root=/dev/vda rw console=ttyS0 mitigations=off ${boot}`.trim()],
    ...drive(root, "snapshot=on,cache=unsafe"),
    ...drive(work, "format=raw,cache=unsafe"),
    ...drive(image.modules, "format=raw,readonly=on"),
    ...["-netdev", "user,id=network,restrict=on", "-device", "virtio-net-pci,netdev=network,romfile="],
    ...["-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-serial", `file:${console}`],
    ...["-device", "virtserialport,chardev=output,name=toka.output"],
    ...["-chardev", `file,id=exit,path=${exit}`, "-device", "virtserialport,chardev=exit,name=toka.exit"],
  ];
}

/**
 * Boots or wakes up a machine, runs one command in a copy of the checkout, and turns the machine off. Nothing of what
 * happens inside stays: all drives are thrown away.
 *
 * @param print is given the command's output, both streams in one
 * @returns the exit code of the command; undefined when the machine ended before the command did
 */
export async function runIn(
  image: Image,
  checkout: string,
  order: Order,
  print: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "toka-machine-"));
  try {
    const work = await makeWorkDrive(folder, checkout, order);
    const state = order.boot === undefined ? await savedState(image, signal) : undefined;
    const root = state === undefined ? `${join(image.folder, "root.ext4")},format=raw` : `${state}.qcow2`;
    const exit = join(folder, "exit");
    const console = join(folder, "console");
    const machine = execa(
      "qemu-system-x86_64",
      [
        ...qemu(image, root, work, console, exit, order.boot ?? ""),
        ...["-chardev", "stdio,id=output,signal=off"],
        ...(state === undefined ? [] : ["-incoming", `exec:cat ${state}`]),
      ],
      { env: { TMPDIR: folder }, stdin: "pipe", stderr: "inherit", buffer: false, cancelSignal: signal },
    );
    machine.stdin.write("x");
    machine.stdout.on("data", print);
    await machine;
    const code = (await readFile(exit, "utf8")).replace("ready", "").trim();
    return code === "" ? undefined : Number(code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A machine that has booted and waits for its order, in a file: waking it up takes a second, booting it may take a minute. */
async function savedState(image: Image, signal: AbortSignal): Promise<string> {
  const state = join(image.folder, `awake-${accelerator()}`);
  if (existsSync(state)) return state;
  const folder = await mkdtemp(join(image.folder, "booting-"));
  try {
    const overlay = `${state}.qcow2`;
    const work = join(folder, "work");
    const exit = join(folder, "exit");
    await execa("qemu-img", ["create", "-q", "-f", "qcow2", "-b", "root.ext4", "-F", "raw", overlay]);
    await execa("truncate", ["--size", `${WORK_MEBIBYTES}M`, work]);
    await writeFile(exit, "");
    const args = qemu(image, overlay, work, join(image.folder, "console"), exit, "").map((word) =>
      word.replace(",snapshot=on", ""),
    );
    const machine = execa("qemu-system-x86_64", [...args, "-chardev", "null,id=output", "-monitor", "stdio"], {
      stdin: "pipe",
      cancelSignal: signal,
      timeout: LONGEST_BOOT_MS,
    });
    const ended = machine.then(() => undefined);
    const isReady = async (): Promise<void> => {
      while (!(await readFile(exit, "utf8")).includes("ready")) await delay(500, undefined, { signal });
    };
    await Promise.race([isReady(), ended]);
    await delay(2_000, undefined, { signal }); // what is still being started gets a moment to come to rest
    machine.stdin.end(`migrate "exec:cat > ${join(folder, "state")}"\nquit\n`);
    await ended;
    await rename(join(folder, "state"), state);
    return state;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file system with the checkout and what is to be run in it. */
async function makeWorkDrive(folder: string, checkout: string, order: Order): Promise<string> {
  const tree = join(folder, "work");
  const copy = join(tree, "checkout");
  await mkdir(join(copy, "node_modules"), { recursive: true });
  await chmod(tree, 0o755);
  const archive = join(folder, "checkout.tar");
  const listed = await execa(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ":!node_modules"],
    { cwd: checkout },
  );
  // Whose it is inside: the machine's user. Files that were deleted are listed all the same.
  const owner = ["--owner=1000", "--group=1000"];
  await execa(
    "tar",
    ["--create", "--file", archive, "--null", "--no-recursion", "--ignore-failed-read", "--files-from=-", ...owner],
    {
      cwd: checkout,
      input: listed.stdout,
    },
  );
  await execa("tar", ["--extract", "--same-owner", "--file", archive], { cwd: copy });
  await execa("chown", ["1000:1000", copy]);
  await writeFile(join(tree, "command"), `${order.command}\n`);
  await writeFile(join(tree, "before"), order.before === undefined ? "" : `${order.before}\n`);
  await writeFile(join(tree, "settings"), `user=${order.user}\nnow=${Math.floor(Date.now() / 1000)}\n`);
  await copyFile(join(import.meta.dirname, "guest/run"), join(tree, "run"));
  const file = join(folder, "work.ext4");
  await execa("mkfs.ext4", ["-q", "-L", "toka-work", "-O", "^has_journal", "-d", tree, file, `${WORK_MEBIBYTES}M`]);
  return file;
}
