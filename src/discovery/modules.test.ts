import { describe, expect, test } from "vitest";
import { discoverFiles, temporaryWorkspace } from "./testing/workspace.ts";
import { WorkspaceIndex } from "./workspace-index.ts";

const SCRIPT = `
import argparse
from queue import add
from secrets import drop
parser = argparse.ArgumentParser()
add(parser)
parser.parse_args()
drop()
`;
const QUEUE = "def add(parser):\n    parser.add_argument('--size', type=int)\n";
const SECRETS = "import os\ndef drop():\n    os.remove('x')\n";

async function found(files: Readonly<Record<string, string>>, id: string): Promise<unknown> {
  const { tools } = await discoverFiles(files);
  const tool = tools.find((one) => one.id === id);
  return [tool?.parameters.flatMap(({ flags }) => flags), tool?.capabilities.map(({ name }) => name)];
}

describe("modules that bear names of the library", () => {
  test("lie beside a script: it imports them", async () => {
    const files = { "kit/run.py": SCRIPT, "kit/queue.py": QUEUE, "kit/secrets.py": SECRETS };
    expect(await found(files, "kit/run.py")).toEqual([["--size"], ["filesystem-delete"]]);
  });

  test.each([
    ["in a package", { "kit/__init__.py": "" }, ""],
    ["in a folder above", {}, "deep/"],
    ["in a library", { "kit/os.py": "" }, ""],
  ])("lie %s: the library is meant", async (_title, more, below) => {
    const files = { [`kit/${below}run.py`]: SCRIPT, "kit/queue.py": QUEUE, "kit/secrets.py": SECRETS, ...more };
    expect(await found(files, `kit/${below}run.py`)).toEqual([[], []]);
  });

  test("lie beside modules that nobody starts: the library is meant", async () => {
    const files = {
      "run.py": "import argparse\nimport kit.more\nkit.more.use(argparse.ArgumentParser().parse_args())\n",
      "kit/more.py": "from secrets import drop\ndef use(args):\n    drop()\n",
      "kit/secrets.py": SECRETS,
    };
    expect(await found(files, "run.py")).toEqual([[], []]);
  });

  test("have been imported before by Python itself: the library is meant", async () => {
    const files = { "run.py": SCRIPT.replace("queue", "types"), "types.py": QUEUE, "secrets.py": SECRETS };
    expect(await found(files, "run.py")).toEqual([[], ["filesystem-delete"]]);
  });

  test("that come and go are noticed", async () => {
    await using workspace = await temporaryWorkspace({ "kit/run.py": SCRIPT });
    const index = new WorkspaceIndex(workspace.folder);
    const { signal } = new AbortController();
    await index.scan({ signal });
    const flags = (): unknown => index.report().tools.map((tool) => tool.parameters.flatMap((one) => one.flags));
    expect(flags()).toEqual([[]]);
    await workspace.write("kit/queue.py", QUEUE);
    await index.update(["kit/queue.py"], signal);
    expect(flags()).toEqual([["--size"]]);
  });
});
