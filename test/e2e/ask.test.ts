import { describe, expect, inject, it } from "vitest";
import { needsSandbox, useSession } from "./session.ts";

describe("without a language model", () => {
  const session = useSession();

  it("ranks the tools by the typed words", async () => {
    const { workbench } = session();
    await workbench.activity(/^Toka.*\b\d+ tools/).waitFor({ timeout: 120_000 });
    await workbench.palette("Toka: Ask…");
    await workbench.quickInput().fill("statistics of the soil samples");
    await workbench.focusedPick("soil_stats").waitFor();
    await workbench.quickInput().fill("write a diary of the season");
    await workbench.focusedPick("season_diary").waitFor();
    await workbench.page.keyboard.press("Escape");
  });
});

describe("with a language model", () => {
  const answer = { tool: "tools/soil_stats.py", arguments: { depth: 20 }, message: "" };
  const session = useSession(() => ({
    extensions: [inject("modelProvider")],
    settings: { "scriptedModel.answers": [JSON.stringify(answer)] },
  }));

  it("runs what the model chose once a person confirmed it", async (test) => {
    needsSandbox(test);
    const { workbench } = session();
    await workbench.activity(/^Toka.*\b\d+ tools/).waitFor({ timeout: 120_000 });
    await workbench.palette("Toka: Ask…");
    await workbench.quickInput().fill("how wet is the soil at 20 cm");
    await workbench.focusedPick("Let Scripted choose").waitFor();
    await workbench.page.keyboard.press("Enter");
    const dialog = workbench.dialog();
    await dialog.filter({ hasText: /Run soil_stats|wants to access/ }).waitFor();
    // The editor itself asks once whether the extension may use the model.
    if (/wants to access/.test((await dialog.textContent()) ?? "")) await workbench.confirm("Allow");
    await dialog.filter({ hasText: "Run soil_stats" }).waitFor();
    expect(await dialog.textContent()).toMatch(/soil_stats\.py --depth=20/);
    await workbench.confirm("Run");
    await workbench.terminalShows(/soil_stats[^\n]*: finished/);
  });
});
