import { describe, expect, test } from "vitest";
import type { CapabilityName } from "../../model/index.ts";
import { onlyTool } from "../testing/workspace.ts";

async function needs(script: string): Promise<CapabilityName[]> {
  const tool = await onlyTool({ "run.sh": `#!/bin/bash\n${script}\n` });
  return tool.capabilities.map(({ name }) => name).filter((name) => name !== "process-spawn");
}

describe("what commands of a script need", () => {
  test.each<[string, CapabilityName[]]>([
    ["ls | grep -v x | sort -k 2 | head -n 5 | sed s/a/b/ | jq .x", ["filesystem-read"]],
    ["echo x | grep -v x | sort -k 2 | head -n 5 | sed s/a/b/ | wc -l", []],
    ["echo x | grep -e x file", ["filesystem-read"]],
    ["grep -r x", ["filesystem-read"]],
    ["cat <<EOF\ntext\nEOF", []],
    ["cat file", ["filesystem-read"]],
    ["command -v gpg", []],
    ["command gpg --sign x", ["secrets"]],
    ["gpg --verify x", []],
    ["sysctl -n hw.ncpu", []],
    ["sysctl -w vm.swappiness=1", ["privileged"]],
    ["systemctl status x", []],
    ["systemctl restart x", ["privileged"]],
    ["git checkout main", ["filesystem-read", "filesystem-write"]],
    ["git fetch", ["filesystem-read", "network-access"]],
    ["openssl genrsa 2048", []],
    ["echo $TOKENIZERS_PARALLELISM $GIT_AUTHOR_NAME $KEYBOARD $MAX_TOKENS", []],
    [". ./path.sh", []],
    ['. "$HERE/path.sh"', ["dynamic-code"]],
    ["python3 -c 'import x; print(x)'", []],
    ['python3 -c "print($1)"', ["dynamic-code"]],
    ["python3 -m pip install x", ["network-access", "package-install"]],
    ["python3.12 -m http.server 80", ["network-listen"]],
    ["find . -name x -exec rm {} +", ["filesystem-read", "filesystem-delete"]],
    ["echo $SSH_KEY_PATH", ["secrets"]],
    ["echo $GITHUB_TOKEN", ["secrets"]],
    ["echo $APIKEY", ["secrets"]],
  ])("%s", async (line, expected) => {
    expect(await needs(line)).toEqual(expected);
  });
});

describe("functions of a script", () => {
  const FUNCTIONS = `
remove() {
    rm x
}
function fetch {
  curl y
}
one() { mkdir x; }
both() {
    remove
}
clean()
{
    kill 1
}
`;

  test.each<[string, CapabilityName[]]>([
    ["echo", []],
    ["both", ["filesystem-delete"]],
    ["fetch", ["network-access"]],
    ["echo $(one)", ["filesystem-write"]],
    ["trap 'clean; exit 1' EXIT", ["process-signal"]],
    ['"$@"', ["filesystem-write", "filesystem-delete", "network-access", "process-signal"]],
    ["complete -F both tool", []],
    ["echo both", []],
    ['"$DIR/tool"', []],
  ])("count where they are reached: %s", async (line, expected) => {
    expect(await needs(FUNCTIONS + line)).toEqual(expected);
  });

  test("whose end is not seen are no reason to leave anything out", async () => {
    expect(await needs("odd() {\n  rm x\n  }\nmkdir x\nother() {\n  kill 1\n}\necho")).toEqual([
      "filesystem-write",
      "filesystem-delete",
    ]);
    expect(await needs("odd() { rm x; }; mkdir x\necho")).toEqual(["filesystem-write", "filesystem-delete"]);
  });
});

test("a recipe needs what its lines need, and what reads it", async () => {
  const tool = await onlyTool({ Makefile: "clean:\n\trm -rf build\n" });
  expect(tool.capabilities.map(({ name, evidence }) => [name, evidence[0]?.line, evidence[0]?.why])).toEqual([
    ["filesystem-read", 1, "This line is found by make in this file."],
    ["filesystem-delete", 2, "This line runs rm, which deletes files."],
    ["process-spawn", 1, "This line is run by make."],
  ]);
});
