import { describe, expect, it } from "vitest";
import type { Capability } from "../../model/index.ts";
import { sampleParameter, sampleTool } from "../testing/sample.ts";
import { badges, bySeverity, worstSeverity } from "./capability.ts";
import { escapeMarkdown, toolContext, toolDescription, toolLabel, toolTooltip } from "./tool.ts";
import { english } from "./translate.ts";

function capability(name: Capability["name"], severity: Capability["severity"]): Capability {
  return { name, severity, evidence: [{ file: "a.py", line: 7, text: "open(p)", why: "opens a file" }] };
}

const CAPABILITIES = [
  capability("filesystem-read", "low"),
  capability("env-read", "low"),
  capability("env-write", "low"),
  capability("network-access", "high"),
  capability("filesystem-write", "medium"),
];

describe("capability badges", () => {
  it("puts the most harmful first and says each word once", () => {
    expect(badges(CAPABILITIES, english)).toBe("network · writes · reads · environment");
    expect(badges([], english)).toBe("");
  });

  it("finds the worst severity", () => {
    expect(worstSeverity(CAPABILITIES)).toBe("high");
    expect(worstSeverity([])).toBeUndefined();
    expect(bySeverity(CAPABILITIES)[0]?.name).toBe("network-access");
  });
});

describe("a tool's texts", () => {
  const tool = sampleTool({
    capabilities: CAPABILITIES,
    parameters: [
      sampleParameter({ name: "input", required: true, metavar: "FILE", help: "what to\n read" }),
      sampleParameter({ name: "depth", flags: ["-d", "--depth"], type: "integer", default: 3 }),
    ],
  });

  it("names kind and capabilities for when clauses", () => {
    expect(toolContext(tool)).toBe(
      "tool;python;cap:filesystem-read;cap:env-read;cap:env-write;cap:network-access;cap:filesystem-write",
    );
  });

  it("describes it for eyes and for screen readers", () => {
    expect(toolDescription(tool, english)).toBe("network · writes · reads · environment");
    expect(toolLabel(tool, english)).toBe(
      "prune, python tool, connects to the network, writes files, reads files, reads the environment, changes the environment",
    );
    expect(toolLabel(sampleTool(), english)).toBe("prune, python tool, no capability seen");
  });

  it("lists parameters and capabilities with their place in the tooltip", () => {
    const tooltip = toolTooltip(tool, english);
    expect(tooltip).toContain("- **FILE** (string, required): what to read");
    expect(tooltip).toContain("\\-\\-depth** (integer, default 3)");
    expect(tooltip).toContain("connects to the network, high severity (a\\.py\\:7)");
  });

  it("says that nothing seen is no proof", () => {
    expect(toolTooltip(sampleTool(), english)).toContain("no proof");
  });

  it("counts parameters beyond the dozen", () => {
    const parameters = Array.from({ length: 15 }, (_, index) => sampleParameter({ name: `p${index}` }));
    expect(toolTooltip(sampleTool({ parameters }), english)).toContain("- and 3 more");
  });
});

describe("escapeMarkdown", () => {
  it.each([
    "[click](command:workbench.action.terminal.new)",
    "![x](https://example.com/x.png)",
    "<img src=x onerror=alert(1)>",
    "$(alert) `code` **bold** | cell",
    "https://example.com www.example.com",
  ])("leaves no markup in %s", (text) => {
    const escaped = escapeMarkdown(text);
    expect(escaped).not.toMatch(/(?<!\\)[[\]()`*_|$!]/);
    expect(escaped).not.toMatch(/[<>]/);
    expect(escaped).not.toContain("://");
  });
});
