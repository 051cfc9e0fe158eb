import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import * as vscode from "vscode";
import type { TokaApi, TokaExports } from "../../src/extension/api.ts";
import { eventually, folder, toka } from "./support.ts";
import type { SampleProvider } from "./tool-provider/main.ts";

/** The programming interface as a second extension uses it. */
describe("tools of another extension", () => {
  let api: TokaApi;
  let provider: SampleProvider;

  before(async () => {
    api = ((await toka()).exports as TokaExports).getApi(1);
    const second = vscode.extensions.getExtension<SampleProvider>("toka-test.tool-provider");
    assert.ok(second, "the tool provider is not installed");
    provider = await second.activate();
  });
  after(() => provider?.leave());

  const named = (name: string) => api.tools().filter((tool) => tool.name === name);

  it("come and go with what their provider says", async () => {
    provider.provide([{ name: "pick-list", command: ["python3", "-c", "print(1)"], description: "What to pick." }]);
    const tool = await eventually("the provided tool", () => named("pick-list")[0]);
    assert.equal(tool.id, "plugin:toka-test.tool-provider/pick-list");
    assert.equal(tool.folder, folder().uri.toString());
    provider.provide([]);
    await eventually("its going", () => (named("pick-list").length === 0 ? true : undefined));
  });

  it("stand beside tools of the workspace with the same name", async () => {
    await eventually("the workspace's tool", () => named("soil_stats")[0]);
    provider.provide([{ name: "soil_stats", command: ["python3", "-c", "print(1)"] }]);
    await eventually("both", () => (named("soil_stats").length === 2 ? true : undefined));
  });

  it("are checked one by one: a wrong one does not take the others away", async () => {
    provider.provide([
      { name: "no-command" },
      { name: "wide", command: ["true"], limits: { memoryMB: -1 } },
      { name: "good", command: ["true"] },
    ]);
    await eventually("the good one", () => named("good")[0]);
    assert.deepEqual(named("no-command"), []);
    assert.deepEqual(named("wide"), []);
  });

  it("leave when their provider leaves", async () => {
    provider.leave();
    await eventually("none", () => (named("good").length === 0 ? true : undefined));
  });

  it("have one version of the interface, and say so for others", () => {
    const others = (vscode.extensions.getExtension("toka.toka-tools")?.exports ?? {}) as {
      getApi(version: number): unknown;
    };
    assert.throws(() => others.getApi(2), /has version 1 of its interface, and not 2/);
  });
});
