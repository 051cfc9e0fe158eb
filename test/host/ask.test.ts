import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { discover } from "../../src/discovery/index.ts";
import { asLanguageModel, findModel } from "../../src/extension/language-model.ts";
import type { Selection } from "../../src/model/index.ts";
import { select } from "../../src/selection/index.ts";
import { eventually, folder, scriptedModel, toka } from "./support.ts";

describe("asking the editor's language model", () => {
  after(async () => {
    (await scriptedModel()).answer([]);
  });

  async function ask(words: string, answers: readonly string[]): Promise<Selection> {
    await toka();
    (await scriptedModel()).answer(answers);
    const model = await eventually("the scripted model", findModel);
    const signal = AbortSignal.timeout(30_000);
    const { tools } = await discover(folder().uri.fsPath, { signal });
    return select({ words, tools, model: asLanguageModel(model), signal });
  }

  it("takes the tool and the arguments that it names, when they fit the schema", async () => {
    const answer = { tool: "tools/soil_stats.py", arguments: { depth: 20 }, message: "" };
    const selection = await ask("how wet is the soil at 20 cm", [JSON.stringify(answer)]);
    assert.equal(selection.kind, "call");
    assert.equal(selection.tool, "tools/soil_stats.py");
    assert.deepEqual(selection.args, { depth: 20 });
    const [request = ""] = (await scriptedModel()).requests();
    assert.match(request, /how wet is the soil at 20 cm/);
    assert.match(request, /soil_stats/);
  });

  it("gives it one chance to mend arguments that do not fit", async () => {
    const wrong = { tool: "tools/soil_stats.py", arguments: { depth: 33 }, message: "" };
    const right = { tool: "tools/soil_stats.py", arguments: { depth: 40 }, message: "" };
    const selection = await ask("how wet is the soil at 40 cm", [JSON.stringify(wrong), JSON.stringify(right)]);
    assert.deepEqual(selection.args, { depth: 40 });
    assert.equal((await scriptedModel()).requests().length, 2);
  });

  it("does not believe in tools that are not there", async () => {
    const answer = JSON.stringify({ tool: "rm", arguments: { path: "/" }, message: "" });
    const selection = await ask("statistics of the soil samples", [answer]);
    assert.notEqual(selection.tool, "rm");
    assert.equal(selection.tool, "tools/soil_stats.py");
  });
});
