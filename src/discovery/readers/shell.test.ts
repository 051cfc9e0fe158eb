import { describe, expect, test } from "vitest";
import { discoverFiles, onlyTool, parameterOf } from "../testing/workspace.ts";
import { readShell } from "./shell.ts";

describe("shell scripts", () => {
  test("getopts with usage text", async () => {
    const tool = await onlyTool({
      "pack.sh": `#!/bin/sh
# Packs a folder.
#
# usage: pack.sh [-v] -o FILE
#   -o FILE   where to write
#   -v        say more
while getopts "o:vh" opt; do
  case "$opt" in
    o) out="$OPTARG" ;;
    v) verbose=1 ;;
  esac
done
tar czf "$out" data
`,
    });
    expect(tool).toMatchObject({
      name: "pack",
      kind: "shell",
      framework: "getopts",
      description: "Packs a folder.",
      entry: { argv: ["sh", "pack.sh"] },
    });
    expect(parameterOf(tool, "-o")).toMatchObject({ type: "string", help: "where to write", line: 7 });
    expect(parameterOf(tool, "-v")).toMatchObject({ type: "boolean", help: "say more" });
    expect(tool.parameters.some((parameter) => parameter.flags.includes("-h"))).toBe(false);
  });

  test("long options in a case loop and subcommands", async () => {
    const tool = await onlyTool({
      deploy: `#!/usr/bin/env bash
while [[ $# -gt 0 ]]; do
  case "$1" in
    -e|--env) ENV="$2"; shift 2 ;;
    --force) FORCE=1; shift ;;
    --level=*) LEVEL="\${1#*=}"; shift ;;
    -h|--help) echo help; exit 0 ;;
    *) break ;;
  esac
done
`,
    });
    expect(parameterOf(tool, "--env")).toMatchObject({ flags: ["-e", "--env"], type: "string", confidence: "likely" });
    expect(parameterOf(tool, "--force").type).toBe("boolean");
    expect(parameterOf(tool, "--level").type).toBe("string");
    const other = await onlyTool({
      "svc.sh": '#!/bin/bash\ncase "$1" in\n  start) run ;;\n  stop|halt) end ;;\nesac\n',
    });
    expect(other.subcommands.map((item) => item.path)).toEqual(["start", "stop", "halt"]);
  });

  test("positional arguments", async () => {
    const tool = await onlyTool({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
      "copy.sh": '#!/bin/sh\n# usage: copy.sh SOURCE_DIR [DEST]\ncp -r "${1:?source}" "${2:-.}"\n',
    });
    expect(parameterOf(tool, "source_dir")).toMatchObject({ required: true, isPath: true });
    expect(parameterOf(tool, "dest").required).toBe(false);
  });

  test("a file of functions to be sourced is no tool", async () => {
    const { tools } = await discoverFiles({ "lib.sh": '# helpers\nlog() {\n  echo "$1"\n}\nNAME=x\n' });
    expect(tools).toEqual([]);
  });

  test("the words of an array are no commands, but for what they substitute", async () => {
    const tool = await onlyTool({
      "t.sh": `#!/bin/bash
commands=(rm chroot # that's all, "folks
  sudo "$(whoami)")
commands+=(kill)
curl https://example.org
`,
    });
    expect(tool.capabilities.map(({ name }) => name)).toEqual(["network-access", "process-spawn"]);
    const spawned = tool.capabilities.find(({ name }) => name === "process-spawn");
    expect(spawned?.evidence.map(({ line }) => line)).toEqual([2, 5]);
  });

  test("capabilities come from the commands, not from words in texts and comments", async () => {
    const tool = await onlyTool({
      "x.sh": `#!/bin/bash
# rm everything
echo "curl is great"
cat <<EOF
rm -rf /
EOF
curl -fsSL https://example.org/a.tgz | sudo tar xz -C /opt
pip install requests
ls | xargs -r rm --
case "$1" in
  curl|wget) echo "$(grep "a b" x.txt | head -1)" ;;
  *) true ;;
esac
echo done > out.txt
`,
    });
    const names = tool.capabilities.map((capability) => capability.name);
    expect(names).toEqual(
      expect.arrayContaining([
        "network-access",
        "privileged",
        "package-install",
        "filesystem-delete",
        "filesystem-write",
        "process-spawn",
      ]),
    );
    const network = tool.capabilities.find((capability) => capability.name === "network-access");
    expect(network?.evidence[0]?.line).toBe(7);
    expect(network?.scope?.hosts).toEqual(["example.org"]);
    const remove = tool.capabilities.find((capability) => capability.name === "filesystem-delete");
    expect(remove?.evidence.map((item) => item.line)).toEqual([9]);
    const programs = tool.capabilities.find((capability) => capability.name === "process-spawn")?.scope?.programs;
    expect(programs).toEqual(["cat", "curl", "sudo", "tar", "pip", "ls", "rm", "grep", "head"]);
  });
});

test("words beside the options of a loop", () => {
  const loop = (arm: string): string =>
    `#!/bin/bash\nwhile [ $# -gt 0 ]; do\n  case "$1" in\n    -v) V=1; shift ;;\n    ${arm}\n  esac\ndone\n`;
  const wordsOf = (arm: string): unknown =>
    readShell("x.sh", loop(arm), { isExecutable: true })
      ?.parameters.slice(1)
      .map(({ name, type, required, flags }) => [name, type, required, flags]);
  expect(wordsOf('*) SERVICE="$1"; shift ;;')).toEqual([["service", "string", false, []]]);
  expect(wordsOf('*) FILES+=("$1"); shift ;;')).toEqual([["files", "array", false, []]]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  expect(wordsOf('*) names=("${names[@]}" "$1"); shift ;;')).toEqual([["names", "array", false, []]]);
  expect(wordsOf("*) break ;;")).toEqual([]);
});

test("what follows a subcommand belongs to it", () => {
  const wordsOf = (text: string): unknown =>
    readShell("x.sh", `#!/bin/sh\n${text}`, { isExecutable: true })?.parameters.map(({ subcommand, name, type }) => [
      subcommand,
      name,
      type,
    ]);
  const arms = '  start) run ;;\n  stop) end "$2" ;;\n  all) each "$@" ;;\nesac\n';
  expect(wordsOf(`case "$1" in\n${arms}`)).toEqual([
    ["stop", "arg1", "string"],
    ["all", "args", "array"],
  ]);
  expect(wordsOf(`cmd=$1; shift\ncase "$cmd" in\n  stop) end "$1" ;;\nesac\n`)).toEqual([["stop", "arg1", "string"]]);
  expect(wordsOf('case "$1" in\n  stop) shift; end "$1" ;;\nesac\n')).toEqual([["stop", "arg1", "string"]]);
  expect(wordsOf(`NAME=$2\ncase "$1" in\n  start) run ;;\n  stop) end ;;\nesac\n`)).toEqual([
    ["start", "arg1", "string"],
    ["stop", "arg1", "string"],
  ]);
  expect(wordsOf(`main() {\n  case "$1" in\n  start) run ;;\n  esac\n}\nmain "$@"\n`)).toEqual([]);
});

test("getopt texts, letters of getopts, arguments of functions", () => {
  const script = `#!/bin/bash
SHORT=hvo:
usage() { echo "$2"; }
show() {
  awk '{ print $3 }' "$4"
}
TEMP=$(getopt -o $SHORT --long 'help,verbose,output:,keep-going' -- "$@")
eval set -- "$TEMP"
while true; do
  case "$1" in
    -v | --verbose) VERBOSE=1; shift ;;
    -o | --output) OUT=$2; shift 2 ;;
    --) shift; break ;;
  esac
done
`;
  const tool = readShell("x.sh", script, { isExecutable: true });
  expect(tool?.parameters.map(({ flags, type }) => [flags, type])).toEqual([
    [["-v", "--verbose"], "boolean"],
    [["-o", "--output"], "string"],
    [["--keep-going"], "boolean"],
  ]);
  const letters = readShell(
    "y.sh",
    "#!/bin/sh\nwhile getopts a:b opt; do\n  case $opt in\n    a) A=$OPTARG ;;\n    b) B=1 ;;\n  esac\ndone\n",
    { isExecutable: true },
  );
  expect(letters?.subcommands).toEqual([]);
  const functions = readShell("z.sh", '#!/bin/sh\nf() {\n  echo "$5"\n}\nf "$1"\n', { isExecutable: true });
  expect(functions?.parameters.map((one) => one.name)).toEqual(["arg1"]);
});
