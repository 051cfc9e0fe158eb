import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DiscoveringParams, DiscoverResult, METHODS, type ServerConfiguration } from "../../src/model/index.ts";
import { buildServer, ServerProcess } from "../support/language-server.ts";

const script = (option: string): string => `import argparse

def main():
    parser = argparse.ArgumentParser(description="Counts trees.")
    parser.add_argument("--${option}", help="${"words ".repeat(30)}")
    parser.parse_args()

if __name__ == "__main__":
    main()
`;

const COUNT = 600;

describe("discovery through the language server", () => {
  let scratch = "";
  let module = "";
  let workspace = "";
  let configuration: ServerConfiguration;
  const folder = (): string => pathToFileURL(workspace).toString();
  const start = async (): Promise<ServerProcess> => {
    const server = new ServerProcess(module);
    await server.open(workspace, configuration);
    return server;
  };
  const discover = async (server: ServerProcess): Promise<DiscoverResult> =>
    DiscoverResult.parse(await server.request(METHODS.discover, { folder: folder() }));
  const found = (server: ServerProcess): DiscoveringParams[] =>
    server.heard
      .filter(({ method }) => method === METHODS.discovering)
      .map(({ params }) => DiscoveringParams.parse(params));

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "toka-discovery-server-"));
    module = await buildServer(scratch, "test");
    workspace = join(scratch, "ws");
    for (let number = 0; number < COUNT; number++) {
      const path = join(workspace, `d${number % 20}`);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, `tool${number}.py`), script(`o${number}`));
      writeFileSync(join(path, `plain${number}.py`), "x = 1\n");
    }
  });
  afterAll(() => rmSync(scratch, { recursive: true }));
  beforeEach(() => {
    configuration = {
      exclude: {},
      capabilities: {},
      indexFolder: join(scratch, "index"),
      lenses: { controlFlow: true, callGraph: true, run: true },
      highlights: true,
      texts: {
        controlFlow: "{0}",
        callGraph: "",
        calls: { external: "{0}", unknown: "{0}", module: "{0}" },
        run: "{0}",
        symbol: "{0} {1}",
        lines: "{0} {1}",
        metrics: {},
      },
    };
  });

  it("names the files that may be tools before it has read them, then fills them in, the wanted ones first", async () => {
    await using server = await start();
    const answer = discover(server);
    server.notify(METHODS.wanted, { folder: folder(), files: ["d7/tool7.py"] });
    const { tools } = await answer;
    expect(tools).toHaveLength(COUNT);
    const parts = found(server);
    const naming = parts.findIndex(({ waiting }) => waiting.length > 0);
    expect(parts[naming]?.waiting).toHaveLength(COUNT);
    expect(parts[naming]?.analysed).toEqual([]);
    expect(parts.flatMap(({ analysed }) => analysed).toSorted()).toEqual(parts[naming]?.waiting);
    expect(parts.flatMap((part) => part.tools.map(({ id }) => id)).toSorted()).toEqual(
      tools.map(({ id }) => id).toSorted(),
    );
  });

  it("knows after a restart what it knew, without reading, and sees what changed meanwhile", async () => {
    expect(readdirSync(join(scratch, "index"))).toHaveLength(1);
    writeFileSync(join(workspace, "d3", "tool3.py"), script("changed"));
    await using server = await start();
    const { tools, stats } = await discover(server);
    expect(tools).toHaveLength(COUNT);
    expect(stats).toMatchObject({ filesRead: 0, filesParsed: 0 });
    // Names come before what is known of them; nothing was read for either.
    expect(found(server).flatMap(({ waiting }) => waiting)).toHaveLength(COUNT);
    expect(found(server).flatMap(({ analysed }) => analysed)).toEqual([]);
    await server.hears(METHODS.toolsChanged, () => true);
    const after = await discover(server);
    const changed = after.tools.find(({ file }) => file === "d3/tool3.py");
    expect(changed?.parameters[0]?.name).toBe("changed");
    expect(after.stats.filesParsed).toBe(1);
  });

  it("goes on without a stored index that is broken, and stores a new one", async () => {
    const [name = ""] = readdirSync(join(scratch, "index"));
    writeFileSync(join(scratch, "index", name), '{"format":1,"build":"test","paths":');
    {
      await using server = await start();
      expect((await discover(server)).tools).toHaveLength(COUNT);
      await server.hears("window/logMessage", (params) => JSON.stringify(params).includes("is not used"));
    }
    await using again = await start();
    expect((await discover(again)).stats.filesParsed).toBe(0);
  });
});
