import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Image } from "./machine.ts";

/** What a release's machine has beside the essential packages: a kernel, systemd with sessions of users, and what is tested. */
const PACKAGES = [
  ...[
    "linux-image-amd64",
    "initramfs-tools",
    "systemd-sysv",
    "udev",
    "kmod",
    "dbus",
    "dbus-user-session",
    "libpam-systemd",
  ],
  ...[
    "python3",
    "python3-venv",
    "bubblewrap",
    "gcc",
    "libc6-dev",
    "git",
    "curl",
    "procps",
    "iproute2",
    "ca-certificates",
  ],
];
const MIRROR = "http://deb.debian.org/debian";
const GUEST = join(import.meta.dirname, "guest");
/** Whose session commands of an unprivileged user are run in. */
export const USER = "tester";

/** Without a log: nothing of the system is to come back. */
const FILE_SYSTEM = ["-q", "-F", "-O", "^has_journal,^orphan_file"];

/** Services that a machine that lives for one command has no use for. */
const NEEDLESS = [
  ...["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer"],
  ...["e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "serial-getty@ttyS0.service"],
];

const FILES: Readonly<Record<string, string>> = {
  "etc/fstab": "/dev/vda / ext4 defaults 0 0\n",
  "etc/hostname": "toka-machine\n",
  "etc/hosts": "127.0.0.1 localhost toka-machine\n::1 localhost\n",
  "etc/systemd/network/80-all.network": "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n",
  [`var/lib/systemd/linger/${USER}`]: "",
  "etc/systemd/system/toka-machine.service": `[Unit]
After=systemd-user-sessions.service dbus.service network.target user@1000.service
OnFailure=poweroff.target
[Service]
ExecStart=/usr/local/sbin/toka-machine
StandardOutput=journal+console
TasksMax=infinity
[Install]
WantedBy=multi-user.target
`,
  // The drivers that a machine of QEMU starts from; more would make the first file system of the boot six times as large.
  "etc/initramfs-tools/modules": "virtio_blk\nvirtio_pci\next4\nvirtio_console\n",
  "etc/initramfs-tools/conf.d/toka-machine": "MODULES=list\n",
};

/** Makes what a release's machine is started from, when it is not there yet. It is kept in `cache`, about 1.2 GB each. */
export async function prepareImage(cache: string, release: string, root: string, signal: AbortSignal): Promise<Image> {
  await mkdir(cache, { recursive: true });
  return { folder: await prepareRoot(cache, release, signal), modules: await prepareModules(cache, root, signal) };
}

async function prepareRoot(cache: string, release: string, signal: AbortSignal): Promise<string> {
  const folder = join(cache, release);
  if (existsSync(folder)) return folder;
  const making = await mkdtemp(join(cache, "making-"));
  try {
    const tree = join(making, "tree");
    const options = { cancelSignal: signal, stdin: "ignore", stdout: "ignore", stderr: "inherit" } as const;
    console.log(`Making a machine of Debian ${release}; this takes minutes, once.`);
    await execa(
      "mmdebstrap",
      [
        ...["--quiet", "--variant=minbase", `--include=${PACKAGES.join(",")}`],
        ...['--aptopt=Apt::Install-Recommends "false"', '--aptopt=Acquire::Check-Valid-Until "false"'],
        ...["--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr", release, tree, MIRROR],
      ],
      options,
    );
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(join(tree, path, ".."), { recursive: true });
      await writeFile(join(tree, path), text);
    }
    await mkdir(join(tree, "srv/machine"), { recursive: true });
    await execa("install", ["--mode=755", join(GUEST, "wait"), join(tree, "usr/local/sbin/toka-machine")]);
    await execa("chroot", [tree, "useradd", "--create-home", "--shell", "/bin/bash", "--uid", "1000", USER]);
    await execa("chroot", [tree, "systemctl", "enable", "systemd-networkd", "toka-machine"], { stderr: "ignore" });
    await execa("chroot", [tree, "systemctl", "mask", ...NEEDLESS], { stderr: "ignore" });
    await execa("chroot", [tree, "update-initramfs", "-u"], options);
    const boot = await readdir(join(tree, "boot"));
    for (const [kind, name] of [
      ["vmlinuz-", "vmlinuz"],
      ["initrd.img-", "initrd"],
    ] as const) {
      const found = boot.find((file) => file.startsWith(kind));
      if (found === undefined) throw new Error(`Debian ${release} came without ${name}`);
      await copyFile(join(tree, "boot", found), join(making, name));
    }
    await execa("mkfs.ext4", [...FILE_SYSTEM, "-d", tree, join(making, "root.ext4"), "3G"], { cancelSignal: signal });
    await rm(tree, { recursive: true });
    await rename(making, folder);
    return folder;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** The npm packages, one file system for all machines. */
async function prepareModules(cache: string, root: string, signal: AbortSignal): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(join(root, "package-lock.json")))
    .digest("hex")
    .slice(0, 12);
  const file = join(cache, `modules-${version}.ext4`);
  if (existsSync(file)) return file;
  const making = `${file}.making`;
  await execa("mkfs.ext4", [...FILE_SYSTEM, "-d", join(root, "node_modules/"), making, "2G"], { cancelSignal: signal });
  await rename(making, file);
  return file;
}
