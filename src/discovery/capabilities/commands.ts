import type { CapabilityName } from "../../model/index.ts";

const PACKAGE_MANAGERS =
  "pip pip3 pipx uv npm pnpm yarn bun gem cargo go conda mamba poetry pdm apt apt-get dnf yum brew apk pacman zypper snap";

/** What running a program by name needs, beside starting it. Used for shell scripts and for literal subprocess calls. */
export interface CommandRule {
  readonly capability: CapabilityName;
  readonly why: string;
  readonly programs: string;
  /** The first argument that is no option has to be one of these. */
  readonly subcommands?: string;
  /** One of the arguments has to be one of these; `*=*` stands for any `name=value`. */
  readonly having?: readonly string[];
  /** Of filters, which read what is piped into them if nothing else is named: from this operand on they are given files. */
  readonly operands?: number;
  /** The shell puts something into one of the arguments. */
  readonly isExpanded?: true;
}

export const COMMAND_RULES: readonly CommandRule[] = [
  { capability: "filesystem-delete", why: "deletes files", programs: "rm rmdir unlink shred srm trash" },
  { capability: "filesystem-delete", why: "deletes files", programs: "find", having: ["-delete"] },
  { capability: "filesystem-delete", why: "deletes files", programs: "git", subcommands: "clean rm" },
  { capability: "filesystem-delete", why: "deletes files", programs: "rsync", having: ["--delete", "--delete-after"] },
  {
    capability: "filesystem-write",
    why: "writes files",
    programs:
      "cp mv mkdir touch tee ln install dd truncate mktemp tar unzip zip gzip gunzip bzip2 xz split patch rsync make cmake",
  },
  { capability: "filesystem-write", why: "edits files in place", programs: "sed perl", having: ["-i", "--in-place"] },
  {
    capability: "filesystem-write",
    why: "changes the working copy",
    programs: "git",
    subcommands:
      "clone checkout commit merge rebase reset pull apply init add stash switch restore cherry-pick worktree",
  },
  {
    capability: "filesystem-read",
    why: "reads files",
    programs:
      "less more find ls du diff cmp file stat tar unzip zip gzip zcat cp mv rsync source git tree comm join paste",
  },
  {
    capability: "filesystem-read",
    why: "reads files",
    programs: "cat head tail sort uniq wc cut md5sum sha1sum sha256sum sha512sum strings od xxd hexdump tac nl",
    operands: 1,
  },
  {
    capability: "filesystem-read",
    why: "reads files",
    programs: "grep egrep fgrep rg sed awk gawk jq yq",
    operands: 2,
  },
  {
    capability: "file-permissions",
    why: "changes permissions or ownership of files",
    programs: "chmod chown chgrp setfacl chattr setcap",
  },
  {
    capability: "network-access",
    why: "connects to the network",
    programs:
      "curl wget ssh scp sftp ftp telnet nc ncat netcat ping dig host nslookup rsync aria2c http https aws gcloud az gsutil kubectl helm terraform gh glab s3cmd rclone nmap traceroute whois twine",
  },
  {
    capability: "network-access",
    why: "connects to a remote repository",
    programs: "git hg",
    subcommands: "clone fetch pull push ls-remote submodule incoming outgoing",
  },
  {
    capability: "network-access",
    why: "connects to a remote repository",
    programs: "svn",
    subcommands: "checkout co update up commit ci export info list ls log switch",
  },
  {
    capability: "network-access",
    why: "connects to a remote repository",
    programs: "git",
    having: ["--recurse-submodules"],
  },
  { capability: "network-access", why: "connects to the network", programs: "openssl", subcommands: "s_client ocsp" },
  {
    capability: "network-access",
    why: "talks to a registry",
    programs: "docker podman",
    subcommands: "pull push login build run search compose",
  },
  {
    capability: "package-install",
    why: "installs packages",
    programs: PACKAGE_MANAGERS,
    subcommands: "install add i ci get sync update upgrade -S",
  },
  {
    capability: "network-access",
    why: "downloads packages",
    programs: PACKAGE_MANAGERS,
    subcommands: "install add i ci get sync update upgrade download publish",
  },
  {
    capability: "privileged",
    why: "needs root",
    programs:
      "sudo su doas pkexec mount umount chroot modprobe insmod iptables nft service useradd usermod userdel passwd visudo fdisk mkfs parted swapon",
  },
  {
    capability: "privileged",
    why: "needs root",
    programs: "sysctl",
    having: ["-w", "-p", "--write", "--load", "--system", "*=*"],
  },
  {
    capability: "privileged",
    why: "needs root",
    programs: "systemctl",
    subcommands:
      "start stop restart try-restart reload reload-or-restart enable disable reenable preset mask unmask kill isolate set-property set-default daemon-reload daemon-reexec halt poweroff reboot suspend hibernate",
  },
  { capability: "process-signal", why: "signals other processes", programs: "kill killall pkill xkill skill fuser" },
  { capability: "filesystem-write", why: "saves what it downloads", programs: "wget aria2c scp sftp rclone gsutil" },
  {
    capability: "filesystem-write",
    why: "saves what it downloads",
    programs: "curl http https",
    having: ["-o", "-O", "--output", "--remote-name", "--download"],
  },
  {
    capability: "filesystem-write",
    why: "writes what it builds",
    programs: "gcc g++ clang cc ld ninja meson cargo go javac tsc rustc ffmpeg convert magick pandoc pdflatex latexmk",
  },
  {
    capability: "filesystem-read",
    why: "reads files",
    programs:
      "gcc g++ clang cc make cmake ninja meson ffmpeg ffprobe convert identify magick pandoc pdflatex file nm objdump readelf xargs lsof tree",
  },
  { capability: "env-read", why: "reads environment variables", programs: "printenv" },
  { capability: "gpu", why: "asks for the GPU", programs: "nvidia-smi rocm-smi" },
  { capability: "gui", why: "opens a window", programs: "xdg-open open zenity kdialog xmessage notify-send" },
  {
    capability: "network-listen",
    why: "starts a server",
    programs: "http.server uvicorn gunicorn hypercorn nginx sshd redis-server mongod postgres caddy",
  },
  {
    capability: "network-listen",
    why: "starts a server",
    programs: "flask streamlit php",
    having: ["run", "-S"],
  },
  { capability: "dynamic-code", why: "runs code that is made while it runs", programs: "eval" },
  { capability: "dynamic-code", why: "runs code that is chosen while it runs", programs: "source .", isExpanded: true },
  {
    capability: "dynamic-code",
    why: "runs code that is put together",
    programs: "bash sh zsh python python3 perl ruby node",
    having: ["-c", "-e"],
    isExpanded: true,
  },
  {
    capability: "network-listen",
    why: "listens on the network",
    programs: "nc ncat netcat",
    having: ["-l", "-lp", "-lk"],
  },
  { capability: "secrets", why: "reads stored secrets", programs: "pass secret-tool ssh-add vault" },
  {
    capability: "secrets",
    why: "uses a secret key",
    programs: "gpg gpg2",
    having: [
      ..."-d --decrypt -s --sign --clear-sign --clearsign --detach-sign -b -sb -ab --export-secret-keys".split(" "),
      ..."--export-secret-subkeys --passphrase --passphrase-fd --passphrase-file --gen-key --full-generate-key".split(
        " ",
      ),
    ],
  },
];

/** Options of filters that take the word after them. */
const TAKING: Readonly<Record<string, string>> = {
  head: "-n -c --lines --bytes",
  tail: "-n -c --lines --bytes",
  sort: "-k -t -o -S -T --key --field-separator",
  cut: "-d -f -c -b --delimiter --fields",
  xxd: "-l -c -s",
  od: "-t -A -N -j -w",
  awk: "-v -F",
  gawk: "-v -F",
  jq: "--indent --tab",
  grep: "-m -A -B -C --color",
  strings: "-n",
};

/** Options that give a filter its program or pattern, or make it read folders, so that one more operand is a file. */
const PROGRAM_GIVEN =
  /^(?:-[a-zA-Z]*[ef]|--expression|--file|--regexp|--from-file|-[a-zA-Z]*[rR]|--recursive|--files|-l)$/u;

/** Whether a filter is given files; without, it reads what is piped into it. */
function hasFiles(program: string, args: readonly string[], operands: number): boolean {
  const taking = TAKING[program] ?? "";
  let isGiven = false;
  const files = args.filter((word, index) => {
    if (includesWord(taking, args[index - 1] ?? "")) return false;
    if (operands > 1 && PROGRAM_GIVEN.test(word)) isGiven = true;
    return !/^-./u.test(word) && word !== "-";
  });
  // `rg x` and `grep -r x` read the folder that they are started in.
  return files.length >= (isGiven || program === "rg" ? 1 : operands);
}

/** Shell words that are no programs: keywords and harmless built-in commands. */
export const SHELL_BUILTINS: ReadonlySet<string> = new Set(
  `: . [ [[ { } ( ) ! alias bg bind break builtin caller case cd command compgen complete continue coproc declare dirs
   disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history
   if in jobs let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source
   suspend test then time times trap true type typeset ulimit umask unalias unset until wait while`
    .split(/\s+/u)
    .filter((word) => word !== ""),
);

/** The capabilities that a command line needs, beside starting the program. */
export function needsOfCommand(words: readonly string[]): readonly CommandRule[] {
  const [first = "", ...args] = unwrapModule(words);
  const program = first.slice(first.lastIndexOf("/") + 1);
  const subcommand = args.find((word) => !word.startsWith("-")) ?? "";
  return COMMAND_RULES.filter((rule) => {
    if (!includesWord(rule.programs, program)) return false;
    if (rule.isExpanded === true && !args.some((word) => /[$`]/u.test(word))) return false;
    if (rule.operands !== undefined && !hasFiles(program, args, rule.operands)) return false;
    if (rule.subcommands !== undefined && !isSubcommand(rule.subcommands, program, subcommand, args)) return false;
    return rule.having === undefined || rule.having.some((option) => args.some((word) => matchesOption(word, option)));
  });
}

/** `python -m pip install` is `pip install`. */
export function unwrapModule(words: readonly string[]): readonly string[] {
  const isModule = /^(?:\S*\/)?python[\d.]*$/u.test(words[0] ?? "") && words[1] === "-m" && words[2] !== undefined;
  return isModule ? words.slice(2) : words;
}

function isSubcommand(list: string, program: string, subcommand: string, args: readonly string[]): boolean {
  if (includesWord(list, subcommand)) return true;
  // `uv pip install`, `pacman -S`
  const second = args.filter((word) => !word.startsWith("-"))[1] ?? "";
  if (program === "uv" && subcommand === "pip") return includesWord(list, second);
  return program === "pacman" && args.some((word) => word.startsWith("-S"));
}

function matchesOption(word: string, option: string): boolean {
  if (option === "*=*") return word.includes("=");
  return word === option || (option === "-i" && word.startsWith("-i"));
}

function includesWord(list: string, word: string): boolean {
  return word !== "" && ` ${list} `.includes(` ${word} `);
}
