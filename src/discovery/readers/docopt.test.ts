import { describe, expect, it } from "vitest";
import { parseUsage } from "../docopt/usage.ts";
import { onlyTool, parameterOf } from "../testing/workspace.ts";

const FLEET = `Fleet.

Usage:
  fleet ship new <name>...
  fleet ship <name> move <x> <y> [--speed=<kn>] [-v...]
  fleet mine (set|remove) <x> <y> [--moored | --drifting]
  fleet [options] FILE

Options:
  -h --help             Show this.
  --speed=<kn>          Speed in knots [default: 10].
  -l LOG, --log LOG     Where to
                        write [default: out.log].
  --moored              Moored mine.
`;

function script(text: string): Record<string, string> {
  return { "fleet.py": `'''${text}'''\nfrom docopt import docopt\nif __name__ == "__main__":\n    docopt(__doc__)\n` };
}

describe("docopt", () => {
  it("reads options, defaults, repeated elements and commands", async () => {
    const tool = await onlyTool(script(FLEET));
    expect(tool).toMatchObject({ framework: "docopt", description: "Fleet." });
    expect(parameterOf(tool, "--speed")).toMatchObject({ type: "string", default: "10", help: "Speed in knots" });
    expect(parameterOf(tool, "-l")).toMatchObject({ name: "log", default: "out.log", help: "Where to write" });
    expect(parameterOf(tool, "-v")).toMatchObject({ type: "integer", action: "count" });
    expect(parameterOf(tool, "--drifting")).toMatchObject({ type: "boolean", default: false });
    expect(parameterOf(tool, "name")).toMatchObject({ type: "array", required: false, metavar: "<name>" });
    expect(parameterOf(tool, "FILE")).toMatchObject({ type: "string", isPath: true });
    expect(tool.subcommands.map((one) => one.path)).toEqual(
      expect.arrayContaining(["ship", "new", "ship new", "ship move", "mine set", "mine remove"]),
    );
    expect(tool.parameters.some((parameter) => parameter.flags.includes("--help"))).toBe(false);
  });

  it("marks what every pattern needs as required; [options] leaves out what patterns name", async () => {
    const tool = await onlyTool(
      script("Usage: fleet [options] [--all] IN OUT...\n\nOptions:\n  --all  All.\n  -n N   Count.\n"),
    );
    expect(tool.parameters.map(({ name, required, type }) => [name, required, type])).toEqual([
      ["n", false, "string"],
      ["all", false, "boolean"],
      ["IN", true, "string"],
      ["OUT", true, "array"],
    ]);
  });

  it("says so when the text is not known or has no usage", async () => {
    const tool = await onlyTool({
      "x.py": "import os\nfrom docopt import docopt\nif __name__ == '__main__':\n    docopt(os.environ['X'])\n",
    });
    expect(parameterOf(tool, "args").confidence).toBe("unknown");
    expect(parseUsage("nothing here")).toBeNull();
    expect(parseUsage("Usage: x [a (b]")).toBeNull();
  });
});
