/**
 * Writes what is generated from code: `contributes`, `activationEvents` and `capabilities` of package.json with their
 * texts in package.nls.json (from src/extension/contributions.ts), schemas/*.json (from src/model), docs/capabilities.md
 * (from the table of discovery), and the table of settings in docs/configuration.md.
 * With `--check` nothing is written and a difference is an error.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import * as z from "zod";
import { capabilityPage } from "../src/discovery/index.ts";
import {
  ACTIVATION_EVENTS,
  CAPABILITIES_TEXTS,
  CATEGORY,
  COMMANDS,
  type CommandKey,
  MENUS,
  SETTINGS,
  VIEWS,
  WALKTHROUGH,
  WELCOMES,
} from "../src/extension/contributions.ts";
import { variableOf } from "../src/kernel/index.ts";
import {
  AnalysisReport,
  AuditRecord,
  BackupReport,
  CacheReport,
  DataFlow,
  DiscoveryReport,
  EnforcementReport,
  Execution,
  FileGraphs,
  FolderConfiguration,
  GrantList,
  History,
  HistoryStatistics,
  Manifest,
  SandboxReport,
  Selection,
  UserConfiguration,
  Workflow,
  WorkflowCheck,
  WorkflowPlan,
  WorkflowReport,
  WorkflowRuns,
} from "../src/model/index.ts";

const ROOT = join(import.meta.dirname, "..");

/** File name in schemas/ (without its ending) to the schema and its title. */
const SCHEMAS = {
  "tool-manifest": { schema: Manifest, title: "Tool manifest (*.tool.yaml, *.tool.json)" },
  "folder-configuration": { schema: FolderConfiguration, title: "toka.json: what holds in a workspace folder" },
  "user-configuration": { schema: UserConfiguration, title: "config.json: the user's settings outside of the editor" },
  "discovery-report": { schema: DiscoveryReport, title: "What `toka discover --json` prints" },
  "file-graphs": { schema: FileGraphs, title: "One line of what `toka cfg --json` prints" },
  execution: { schema: Execution, title: "What `toka run --json` prints" },
  selection: { schema: Selection, title: "What `toka ask --json` prints" },
  "enforcement-report": { schema: EnforcementReport, title: "What `toka doctor --json` prints" },
  "analysis-report": { schema: AnalysisReport, title: "What `toka analyze --format json` prints" },
  "data-flow": { schema: DataFlow, title: "Which definitions reach which uses in a scope" },
  cache: { schema: CacheReport, title: "What `toka cache --json` prints" },
  "history-statistics": { schema: HistoryStatistics, title: "What `toka history --stats --json` prints" },
  workflow: { schema: Workflow, title: "Workflow (*.workflow.yaml, *.workflow.json)" },
  "workflow-check": { schema: WorkflowCheck, title: "What `toka workflow check --json` prints" },
  "workflow-plan": { schema: WorkflowPlan, title: "What `toka workflow plan --json` prints" },
  "workflow-report": { schema: WorkflowReport, title: "What `toka workflow run --json` prints" },
  "workflow-runs": { schema: WorkflowRuns, title: "What `toka workflow runs --json` prints" },
  history: { schema: History, title: "What `toka history --json` prints" },
  "backup-report": { schema: BackupReport, title: "What `toka backup --json` and `toka restore --json` print" },
  grants: { schema: GrantList, title: "What `toka grants --json` prints" },
  "audit-record": { schema: AuditRecord, title: "One line of what `toka audit --json` prints" },
  "sandbox-report": { schema: SandboxReport, title: "What `toka exec --report` writes" },
} as const;

/** Collects the English texts under the keys by which package.json names them. */
class Texts {
  readonly #texts = new Map<string, string>();

  add(key: string, text: string): string {
    const known = this.#texts.get(key);
    if (known !== undefined && known !== text) throw new Error(`two texts for ${key}`);
    this.#texts.set(key, text);
    return `%${key}%`;
  }

  toJson(): Record<string, string> {
    return Object.fromEntries([...this.#texts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function commands(texts: Texts): object[] {
  return Object.entries(COMMANDS).map(([key, command]) => ({
    command: command.id,
    title: texts.add(`command.${key}.title`, command.title),
    category: texts.add("category", CATEGORY),
    icon: `$(${command.icon})`,
    ...("enablement" in command ? { enablement: command.enablement } : {}),
  }));
}

function menus(): Record<string, object[]> {
  const idOf = (key: CommandKey): string => COMMANDS[key].id;
  const palette = Object.values(COMMANDS)
    .filter((command) => command.palette !== "true")
    .map((command) => ({ command: command.id, when: command.palette === false ? "false" : command.palette }));
  const others = Object.entries(MENUS).map(([menu, items]) => [
    menu,
    items.map(({ command, when, group }) => ({ command: idOf(command), when, ...(group ? { group } : {}) })),
  ]);
  return { commandPalette: palette, ...Object.fromEntries(others) };
}

function configuration(texts: Texts): object[] {
  return SETTINGS.map(({ title, settings }, index) => ({
    title: texts.add(`settings.${index + 1}.title`, title),
    order: index + 1,
    properties: Object.fromEntries(
      settings.map((setting, order) => [
        setting.key,
        {
          ...setting.schema,
          scope: setting.scope,
          order: order + 1,
          markdownDescription: texts.add(`${setting.key}.description`, setting.description),
        },
      ]),
    ),
  }));
}

function walkthrough(texts: Texts): object {
  const prefix = "walkthrough";
  return {
    id: WALKTHROUGH.id,
    title: texts.add(`${prefix}.title`, WALKTHROUGH.title),
    description: texts.add(`${prefix}.description`, WALKTHROUGH.description),
    steps: WALKTHROUGH.steps.map((step) => ({
      id: step.id,
      title: texts.add(`${prefix}.${step.id}.title`, step.title),
      description: texts.add(`${prefix}.${step.id}.description`, step.description),
      media: { svg: step.image, altText: texts.add(`${prefix}.${step.id}.alt`, step.alt) },
      completionEvents: [step.completedBy],
    })),
  };
}

function contributes(texts: Texts): object {
  const { container, ...views } = VIEWS;
  return {
    commands: commands(texts),
    menus: menus(),
    viewsContainers: {
      activitybar: [{ id: container.id, title: texts.add("container.title", container.title), icon: container.icon }],
    },
    views: {
      [container.id]: Object.entries(views).map(([key, { id, name, visibility }]) => {
        return { id, name: texts.add(`view.${key}.name`, name), icon: container.icon, visibility };
      }),
    },
    viewsWelcome: WELCOMES.map(({ key, view, when, text }) => ({
      view,
      contents: texts.add(`welcome.${key}`, text),
      when,
    })),
    configuration: configuration(texts),
    jsonValidation: [
      { fileMatch: ["*.tool.json"], url: "./schemas/tool-manifest.schema.json" },
      { fileMatch: ["*.workflow.json"], url: "./schemas/workflow.schema.json" },
      { fileMatch: ["/toka.json"], url: "./schemas/folder-configuration.schema.json" },
      { fileMatch: ["**/toka/config.json"], url: "./schemas/user-configuration.schema.json" },
    ],
    walkthroughs: [walkthrough(texts)],
  };
}

function manifestParts(texts: Texts): Record<string, unknown> {
  texts.add("extension.description", CAPABILITIES_TEXTS.description);
  return {
    activationEvents: ACTIVATION_EVENTS,
    extensionKind: ["workspace"],
    capabilities: {
      untrustedWorkspaces: {
        supported: "limited",
        description: texts.add("capabilities.untrusted", CAPABILITIES_TEXTS.untrusted),
        restrictedConfigurations: SETTINGS.flatMap(({ settings }) => settings)
          .filter((setting) => setting.restricted)
          .map((setting) => setting.key),
      },
      virtualWorkspaces: {
        supported: false,
        description: texts.add("capabilities.virtual", CAPABILITIES_TEXTS.virtual),
      },
    },
    contributes: contributes(texts),
  };
}

/** The table of settings in docs/configuration.md, between its two marks. */
function configurationPage(): string {
  const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
  const rows = SETTINGS.flatMap(({ settings }) => settings).map(({ key, schema, description }) => {
    const [, section = "", name = ""] = key.split(".");
    const fallback = "default" in schema ? JSON.stringify(schema["default"]) : "";
    return `| \`${section}.${name}\` | \`${variableOf(section, name)}\` | \`${fallback}\` | ${cell(description)} |`;
  });
  const table = ["| Setting | Variable | Default | What it does |", "|---|---|---|---|", ...rows].join("\n");
  const [before, , after] = page.split(/<!-- settings: (?:begin|end) -->/);
  if (before === undefined || after === undefined) throw new Error("docs/configuration.md has no marks for its table");
  return `${before}<!-- settings: begin -->\n${table}\n<!-- settings: end -->${after}`;
}

/** Every generated file with its text, before formatting. */
function generated(): Map<string, string> {
  const texts = new Texts();
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null) throw new Error("package.json is not an object");
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const files = new Map([
    ["package.json", json({ ...manifest, ...manifestParts(texts) })],
    ["package.nls.json", json(texts.toJson())],
    ["docs/capabilities.md", capabilityPage()],
    ["docs/configuration.md", configurationPage()],
  ]);
  for (const [name, { schema, title }] of Object.entries(SCHEMAS)) {
    const body = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
    files.set(`schemas/${name}.schema.json`, json({ ...body, title }));
  }
  return files;
}

/** Formats as `npm run check` demands; schemas are left out of formatting. */
function format(file: string, text: string): string {
  if (file.startsWith("schemas/") || file.endsWith(".md")) return text;
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  return execFileSync(process.execPath, [biome, "format", `--stdin-file-path=${file}`], {
    cwd: ROOT,
    input: text,
    encoding: "utf8",
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [file, raw] of generated()) {
  const path = join(ROOT, file);
  const text = format(file, raw);
  if (readIfThere(path) === text) continue;
  stale.push(file);
  if (!check) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
}
if (check && stale.length > 0) {
  process.stderr.write(`not in step with the code: ${stale.join(", ")}; run: node scripts/generate.ts\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(stale.length === 0 ? "generated files are in step\n" : `wrote ${stale.join(", ")}\n`);
}
