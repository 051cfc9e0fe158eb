/**
 * What the extension adds to the editor: the one table from which `contributes` in package.json, its localised texts
 * and the command identifiers in code come. `scripts/generate.ts` writes the first two. It imports nothing of the editor.
 */

import { AlertMeasure, CAPABILITIES } from "../model/index.ts";

/** Commands start with this in the palette. */
export const CATEGORY = "Toka";

const TRUSTED = "isWorkspaceTrusted";
const HAS_FOLDER = "workspaceFolderCount != 0";

interface CommandContribution {
  readonly id: string;
  readonly title: string;
  readonly icon?: string;
  /** When the command can be used; it is greyed out otherwise. */
  readonly enablement?: string;
  /** When the command is in the palette; `false` hides those that need an argument. */
  readonly palette: string | false;
}

export const COMMANDS = {
  refresh: { id: "toka.refresh", title: "Refresh Tools", icon: "refresh", palette: HAS_FOLDER },
  runTool: {
    id: "toka.runTool",
    title: "Run Tool…",
    icon: "play",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  observeTool: {
    id: "toka.observeTool",
    title: "Run and Observe…",
    icon: "eye",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  ask: { id: "toka.ask", title: "Ask…", icon: "comment-discussion", enablement: TRUSTED, palette: HAS_FOLDER },
  openToolSource: { id: "toka.openToolSource", title: "Open Source", icon: "go-to-file", palette: false },
  openEvidence: { id: "toka.openEvidence", title: "Open Evidence", icon: "go-to-file", palette: false },
  showControlFlowGraph: {
    id: "toka.showControlFlowGraph",
    title: "Show Control Flow Graph",
    icon: "type-hierarchy",
    palette: "editorLangId == python",
  },
  showCallGraph: {
    id: "toka.showCallGraph",
    title: "Show Call Graph",
    icon: "references",
    palette: "editorLangId == python",
  },
  runAgain: {
    id: "toka.runAgain",
    title: "Run Again",
    icon: "debug-rerun",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  stopRun: { id: "toka.stopRun", title: "Stop", icon: "debug-stop", palette: "toka.running" },
  openExecution: { id: "toka.openExecution", title: "Open Output", icon: "output", palette: false },
  showObserved: { id: "toka.showObserved", title: "Show What the Run Did", icon: "eye", palette: false },
  openResult: { id: "toka.openResult", title: "Open Result", icon: "open-preview", palette: false },
  showEnforcement: {
    id: "toka.showEnforcement",
    title: "Show What This Machine Enforces",
    icon: "shield",
    palette: HAS_FOLDER,
  },
  backUpState: {
    id: "toka.backUpState",
    title: "Back Up Grants and History…",
    icon: "archive",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  restoreState: {
    id: "toka.restoreState",
    title: "Restore Grants and History…",
    icon: "history",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  runAnew: {
    id: "toka.runAnew",
    title: "Run Again, Not from the Cache",
    icon: "debug-rerun",
    enablement: TRUSTED,
    palette: false,
  },
  allowCache: {
    id: "toka.allowCache",
    title: "Keep Results of This Tool",
    icon: "database",
    enablement: TRUSTED,
    palette: false,
  },
  clearCache: {
    id: "toka.clearCache",
    title: "Clear Kept Results",
    icon: "clear-all",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  revokeGrant: { id: "toka.revokeGrant", title: "Revoke", icon: "circle-slash", enablement: TRUSTED, palette: false },
  showChanges: {
    id: "toka.showChanges",
    title: "Show What Changed",
    icon: "diff",
    enablement: TRUSTED,
    palette: false,
  },
  exportAudit: {
    id: "toka.exportAudit",
    title: "Export Audit…",
    icon: "export",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  runWorkflow: {
    id: "toka.runWorkflow",
    title: "Run Workflow…",
    icon: "run-all",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  planWorkflow: {
    id: "toka.planWorkflow",
    title: "Show Workflow Plan",
    icon: "type-hierarchy-sub",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  resumeWorkflow: {
    id: "toka.resumeWorkflow",
    title: "Resume Workflow…",
    icon: "debug-continue",
    enablement: TRUSTED,
    palette: HAS_FOLDER,
  },
  stopWorkflow: { id: "toka.stopWorkflow", title: "Stop Workflow", icon: "debug-stop", palette: false },
  openWorkflow: { id: "toka.openWorkflow", title: "Open Workflow", icon: "go-to-file", palette: false },
  showLog: { id: "toka.showLog", title: "Show Log", icon: "output", palette: "true" },
} as const satisfies Record<string, CommandContribution>;

export type CommandKey = keyof typeof COMMANDS;

/** Views in their order. Those that are not looked at every day are folded at first, so that the tools have room. */
export const VIEWS = {
  container: { id: "toka", title: "Toka", icon: "media/toka.svg" },
  tools: { id: "toka.tools", name: "Tools", visibility: "visible" },
  workflows: { id: "toka.workflows", name: "Workflows", visibility: "collapsed" },
  history: { id: "toka.history", name: "History", visibility: "visible" },
  grants: { id: "toka.grants", name: "Grants", visibility: "collapsed" },
} as const;

/** The view type of the panels with control-flow graphs, call graphs and diagrams of tools. */
export const GRAPH_PANEL = "toka.graph";

/** Context keys that `when` clauses test. */
export const CONTEXT_KEYS = { running: "toka.running", state: "toka.state" } as const;

/** Value of the context key `toka.state`. */
export type ViewState = "loading" | "ready" | "failed";

interface MenuItem {
  readonly command: CommandKey;
  readonly when: string;
  readonly group?: string;
}

const IN_TOOLS = `view == ${VIEWS.tools.id}`;
const IN_HISTORY = `view == ${VIEWS.history.id}`;
const ON_TOOL = `${IN_TOOLS} && viewItem =~ /^tool;/`;
/** Of the workspace: what is built in or provided by a plugin may have no source there. */
const ON_OWN_TOOL = `${IN_TOOLS} && viewItem =~ /^tool;(?!external;sourceless)/`;
const ON_PYTHON_TOOL = `${IN_TOOLS} && viewItem =~ /^tool;python/`;
const ON_EVIDENCE = `${IN_TOOLS} && viewItem == evidence`;
const IN_GRANTS = `view == ${VIEWS.grants.id}`;
const ON_GRANT = `${IN_GRANTS} && viewItem =~ /^grant;/`;
const IN_WORKFLOWS = `view == ${VIEWS.workflows.id}`;
const ON_WORKFLOW = `${IN_WORKFLOWS} && viewItem =~ /^workflow;/`;
const ON_IDLE_WORKFLOW = `${IN_WORKFLOWS} && viewItem =~ /^workflow;(?!running)/`;
const ON_RUNNING_WORKFLOW = `${IN_WORKFLOWS} && viewItem == workflow;running`;
const WORKFLOW_EDITOR = "resourceFilename =~ /\\.workflow\\.(ya?ml|json)$/";
const ON_RUN = `${IN_HISTORY} && viewItem =~ /^run;/`;

export const MENUS: Readonly<Record<string, readonly MenuItem[]>> = {
  "view/title": [
    { command: "ask", when: IN_TOOLS, group: "navigation@1" },
    { command: "runTool", when: IN_TOOLS, group: "navigation@2" },
    { command: "refresh", when: IN_TOOLS, group: "navigation@3" },
    { command: "showEnforcement", when: IN_TOOLS, group: "1_more@1" },
    { command: "showLog", when: IN_TOOLS, group: "1_more@2" },
    { command: "runAgain", when: IN_HISTORY, group: "navigation@1" },
    { command: "clearCache", when: IN_HISTORY, group: "1_more@1" },
    { command: "exportAudit", when: IN_GRANTS, group: "1_more@1" },
    { command: "backUpState", when: IN_HISTORY, group: "2_state@1" },
    { command: "restoreState", when: IN_HISTORY, group: "2_state@2" },
  ],
  "view/item/context": [
    { command: "runTool", when: ON_TOOL, group: "inline@1" },
    { command: "openToolSource", when: ON_OWN_TOOL, group: "inline@2" },
    { command: "runTool", when: ON_TOOL, group: "1_run@1" },
    { command: "observeTool", when: ON_OWN_TOOL, group: "1_run@2" },
    { command: "allowCache", when: ON_OWN_TOOL, group: "1_run@3" },
    { command: "openToolSource", when: ON_OWN_TOOL, group: "2_open@1" },
    { command: "showControlFlowGraph", when: ON_PYTHON_TOOL, group: "2_open@2" },
    { command: "showCallGraph", when: ON_PYTHON_TOOL, group: "2_open@3" },
    { command: "showChanges", when: ON_OWN_TOOL, group: "2_open@4" },
    { command: "revokeGrant", when: ON_GRANT, group: "inline@2" },
    { command: "showChanges", when: `${ON_GRANT} && viewItem =~ /;changed(;|$)/`, group: "inline@1" },
    { command: "openEvidence", when: ON_EVIDENCE, group: "inline@1" },
    { command: "runWorkflow", when: ON_IDLE_WORKFLOW, group: "inline@1" },
    { command: "stopWorkflow", when: ON_RUNNING_WORKFLOW, group: "inline@1" },
    { command: "planWorkflow", when: ON_WORKFLOW, group: "inline@2" },
    { command: "runWorkflow", when: ON_IDLE_WORKFLOW, group: "1_run@1" },
    { command: "resumeWorkflow", when: ON_IDLE_WORKFLOW, group: "1_run@2" },
    { command: "planWorkflow", when: ON_WORKFLOW, group: "2_open@1" },
    { command: "openWorkflow", when: ON_WORKFLOW, group: "2_open@2" },
    { command: "openResult", when: `${ON_RUN} && viewItem =~ /;result(;|$)/`, group: "inline@1" },
    { command: "runAgain", when: `${ON_RUN} && viewItem =~ /;finished(;|$)/`, group: "inline@2" },
    { command: "stopRun", when: `${ON_RUN} && viewItem =~ /;running(;|$)/`, group: "inline@1" },
    { command: "openExecution", when: `${ON_RUN} && viewItem =~ /;finished(;|$)/`, group: "2_open@1" },
    { command: "showObserved", when: `${ON_RUN} && viewItem =~ /;observed(;|$)/`, group: "2_open@2" },
    { command: "runAgain", when: `${ON_RUN} && viewItem =~ /;finished(;|$)/`, group: "1_run@1" },
    { command: "runAnew", when: `${ON_RUN} && viewItem =~ /;cached(;|$)/`, group: "1_run@2" },
  ],
  "editor/title": [
    { command: "runWorkflow", when: WORKFLOW_EDITOR, group: "navigation@1" },
    { command: "planWorkflow", when: WORKFLOW_EDITOR, group: "navigation@2" },
  ],
  "editor/context": [
    { command: "showControlFlowGraph", when: "editorLangId == python", group: "navigation@9" },
    { command: "showCallGraph", when: "editorLangId == python", group: "navigation@10" },
  ],
  "explorer/context": [{ command: "showCallGraph", when: "resourceLangId == python", group: "navigation@9" }],
};

export interface WelcomeContribution {
  readonly key: string;
  readonly view: string;
  readonly when: string;
  readonly text: string;
}

const link = (label: string, command: string): string => `[${label}](command:${command})`;

/** What the tools view says when it has nothing to list; shown in this order. */
export const WELCOMES: readonly WelcomeContribution[] = [
  {
    key: "noFolder",
    view: VIEWS.tools.id,
    when: "workspaceFolderCount == 0",
    text: `Open a folder to see the tools in it: Python and shell scripts with a command line, and whatever a *.tool.yaml file describes.\n${link("Open Folder", "workbench.action.files.openFolder")}`,
  },
  {
    key: "untrusted",
    view: VIEWS.tools.id,
    when: `${HAS_FOLDER} && !isWorkspaceTrusted && toka.state == ready`,
    text: `This folder is not trusted. Its tools would be listed here and its functions can be drawn, but nothing runs.\n${link("Manage Trust", "workbench.trust.manage")}`,
  },
  {
    key: "empty",
    view: VIEWS.tools.id,
    when: `${HAS_FOLDER} && toka.state == ready`,
    text: `No tool was found. A tool is a Python or shell script that can be run, or a command that a *.tool.yaml file describes.\n${link("Look Again", "toka.refresh")}`,
  },
  {
    key: "failed",
    view: VIEWS.tools.id,
    when: `${HAS_FOLDER} && toka.state == failed`,
    text: `The workspace could not be read.\n${link("Try Again", "toka.refresh")}\n${link("Show Log", "toka.showLog")}`,
  },
  {
    key: "noWorkflows",
    view: VIEWS.workflows.id,
    when: HAS_FOLDER,
    text: "Workflows are listed here: files such as report.workflow.yaml, whose steps are tools of this workspace.",
  },
  {
    key: "noHistory",
    view: VIEWS.history.id,
    when: "isWorkspaceTrusted",
    text: "Runs are listed here with how they ended, how long they took and what they printed.",
  },
  {
    key: "noGrants",
    view: VIEWS.grants.id,
    when: "isWorkspaceTrusted",
    text: "What you allow a tool beyond its limits for a session or for good is listed here, and can be revoked.",
  },
  {
    key: "noHistoryUntrusted",
    view: VIEWS.history.id,
    when: "!isWorkspaceTrusted",
    text: "Nothing runs in a folder that is not trusted.",
  },
  {
    key: "noGrantsUntrusted",
    view: VIEWS.grants.id,
    when: "!isWorkspaceTrusted",
    text: "Nothing is allowed in a folder that is not trusted.",
  },
];

export interface SettingContribution {
  readonly key: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** Limits are of the `application`: a workspace cannot touch them. */
  readonly scope: "application" | "machine-overridable" | "resource" | "window";
  readonly description: string;
  /** Ignored in the settings of a workspace that is not trusted. */
  readonly restricted?: true;
}

export const SETTINGS: readonly { readonly title: string; readonly settings: readonly SettingContribution[] }[] = [
  {
    title: "Discovery",
    settings: [
      {
        key: "toka.discovery.exclude",
        schema: { type: "array", items: { type: "string", minLength: 1 }, default: [], uniqueItems: true },
        scope: "resource",
        description:
          "Files and folders whose tools are left out, as patterns like those of a `.gitignore` in the workspace folder, for example `examples/` or `*_old.py`. What the workspace's `.gitignore` files name is left out anyway.",
      },
      {
        key: "toka.discovery.capabilities",
        schema: {
          type: "array",
          items: {
            type: "object",
            properties: {
              calls: { type: "array", items: { type: "string", minLength: 1 }, minItems: 1 },
              capability: { type: "string", enum: Object.keys(CAPABILITIES) },
              why: { type: "string", maxLength: 120 },
            },
            required: ["calls", "capability"],
            additionalProperties: false,
          },
          default: [],
        },
        scope: "resource",
        description:
          "Further calls that need a capability, for packages that the built-in table does not know: `calls` are qualified names (`acme.Client`, `acme.*`, `.upload` for a method of any object), `capability` one of the names in the list, and `why` completes “this line …”. Nothing can be taken away from the built-in table.",
      },
    ],
  },
  {
    title: "Editor",
    settings: [
      {
        key: "toka.codeLens.controlFlow",
        schema: { type: "boolean", default: true },
        scope: "window",
        description:
          "Show a code lens above each Python function that tells its cyclomatic complexity and opens its control-flow graph.",
      },
      {
        key: "toka.codeLens.callGraph",
        schema: { type: "boolean", default: true },
        scope: "window",
        description: "Show a code lens above each Python function that opens the graph of its callers and callees.",
      },
      {
        key: "toka.codeLens.run",
        schema: { type: "boolean", default: true },
        scope: "window",
        description: "Show a code lens above the entry of each tool that runs it.",
      },
      {
        key: "toka.highlight.dataFlow",
        schema: { type: "boolean", default: true },
        scope: "window",
        description:
          "With the cursor on a variable of a function, highlight where the value used there may come from, or where the value given there may be used.",
      },
    ],
  },
  {
    title: "Running",
    settings: [
      {
        key: "toka.python.interpreterPath",
        schema: { type: "string", default: "" },
        scope: "machine-overridable",
        restricted: true,
        description:
          "Absolute path of the Python interpreter that runs Python tools. Empty: the workspace's virtual environment (`.venv` or `venv`) if there is one, else `python3` of the system.",
      },
      {
        key: "toka.sandbox.warmStart",
        schema: { type: "integer", default: 2, minimum: 0, maximum: 8 },
        scope: "application",
        description:
          "How many sandboxes are kept ready after a run, each with a Python that has already started inside, so that the next run of the tool starts at once. Each is used once and then thrown away; together they hold at most 64 MB, and each goes after 5 minutes. 0: none, every run starts anew.",
      },
      {
        key: "toka.limits.memoryMB",
        schema: { type: ["number", "null"], default: null, exclusiveMinimum: 0 },
        scope: "application",
        description:
          "Memory that one run may use, over all its processes, in megabytes. Empty: by the tool's category (analysis 512, general 256, utility 128).",
      },
      {
        key: "toka.limits.cpuPercent",
        schema: { type: ["number", "null"], default: null, exclusiveMinimum: 0 },
        scope: "application",
        description:
          "Share of one processor core that one run may use on average, in percent. Empty: by the tool's category (analysis 50, general 25, utility 10).",
      },
      {
        key: "toka.limits.timeSeconds",
        schema: { type: ["number", "null"], default: null, exclusiveMinimum: 0 },
        scope: "application",
        description:
          "Time after which a run is stopped, in seconds. Empty: by the tool's category (analysis 600, general 300, utility 60).",
      },
      {
        key: "toka.runs.concurrent",
        schema: { type: ["integer", "null"], default: null, minimum: 1, maximum: 64 },
        scope: "application",
        description:
          "How many runs go on at once in this window; the others wait, and those who asked for them take turns. Empty: one per processor core, two at least. Less when their memory limits together would take more than three quarters of the machine's memory.",
      },
      {
        key: "toka.runs.waitSeconds",
        schema: { type: "number", default: 1800, exclusiveMinimum: 0 },
        scope: "application",
        description: "A run that has waited for its turn for so many seconds is given up.",
      },
    ],
  },
  {
    title: "Results and History",
    settings: [
      {
        key: "toka.cache.maxMB",
        schema: { type: "number", default: 512, minimum: 0 },
        scope: "application",
        description:
          "Megabytes of results that are kept of tools that are idempotent, as their manifest or you say, to be given again for the same inputs. What was used longest ago goes first; `0` keeps and uses none.",
      },
      {
        key: "toka.history.runs",
        schema: { type: "integer", default: 10000, minimum: 1, maximum: 1000000 },
        scope: "application",
        description: "So many runs are kept with what they printed and left. The audit keeps all.",
      },
      {
        key: "toka.history.maxMB",
        schema: { type: "number", default: 2048, exclusiveMinimum: 0 },
        scope: "application",
        description: "Megabytes that all kept runs of a folder may take together; the oldest go first.",
      },
      {
        key: "toka.history.days",
        schema: { type: "number", default: 180, exclusiveMinimum: 0 },
        scope: "application",
        description: "Runs older than so many days are not kept.",
      },
      {
        key: "toka.alerts.rules",
        schema: {
          type: "array",
          items: {
            type: "object",
            properties: {
              tool: { type: "string", minLength: 1 },
              measure: { type: "string", enum: AlertMeasure.options },
              above: { type: "number", minimum: 0 },
              runs: { type: "integer", minimum: 1, maximum: 200 },
            },
            required: ["measure", "above"],
            additionalProperties: false,
          },
          default: [],
        },
        scope: "application",
        description:
          'When to be told about a tool: as soon as `measure` goes above `above`. `failureRate` is in percent of the last 20 runs, `timeSeconds` and `memoryMB` are of the last run, or the 95th percentile of the last `runs`. `tool` is a name or an id; without it each tool is watched. For example `{ "measure": "timeSeconds", "above": 60 }`.',
      },
    ],
  },
];

export interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly image: string;
  readonly alt: string;
  readonly completedBy: string;
}

export const WALKTHROUGH = {
  id: "toka.start",
  title: "Get Started with Toka",
  description: "See what your scripts can do, and run them inside limits.",
  steps: [
    {
      id: "view",
      title: "See the tools of your workspace",
      description: `Toka reads your Python and shell scripts without running them and lists those that can be run.\n${link("Open the Tools View", "toka.tools.focus")}`,
      image: "media/walkthrough/view.svg",
      alt: "A list of tools with what each can do",
      completedBy: "onView:toka.tools",
    },
    {
      id: "evidence",
      title: "Check what a tool can do",
      description:
        "Unfold a tool: each capability, such as connecting to the network, comes with the lines of code that show it. Click a line to open it.",
      image: "media/walkthrough/evidence.svg",
      alt: "A capability with the line of code that shows it",
      completedBy: "onCommand:toka.openEvidence",
    },
    {
      id: "run",
      title: "Run a tool inside limits",
      description: `Toka asks for the parameters, shows the command with its limits, and runs it in a sandbox: no network, your files read-only, bounded memory, time and processes.\n${link("Run a Tool", "toka.runTool")}`,
      image: "media/walkthrough/run.svg",
      alt: "A terminal with a run and how it ended",
      completedBy: "onCommand:toka.runTool",
    },
    {
      id: "graph",
      title: "See the ways of a function",
      description: "Open a Python file and choose “Control flow” above a function. Choose a node to go to its line.",
      image: "media/walkthrough/graph.svg",
      alt: "A control-flow graph",
      completedBy: "onCommand:toka.showControlFlowGraph",
    },
    {
      id: "ask",
      title: "Say what you want done",
      description: `Type a task in your own words: the tools that fit come first, and their parameters are filled in where your words name them. You confirm before anything runs.\n${link("Ask", "toka.ask")}`,
      image: "media/walkthrough/ask.svg",
      alt: "Typed words with the tools that fit below",
      completedBy: "onCommand:toka.ask",
    },
  ],
} as const satisfies { id: string; title: string; description: string; steps: readonly WalkthroughStep[] };

export const ACTIVATION_EVENTS: readonly string[] = [
  "onLanguage:python",
  "workspaceContains:*.py",
  "workspaceContains:*/*.py",
  "workspaceContains:pyproject.toml",
  "workspaceContains:**/*.{tool,workflow}.{yaml,yml,json}",
  `onWebviewPanel:${GRAPH_PANEL}`,
];

export const CAPABILITIES_TEXTS = {
  untrusted: "Tools are listed and functions drawn; nothing runs until the workspace is trusted.",
  virtual: "Tools are run as processes and need a folder on disk.",
  description: "Finds the tools in a workspace, shows what each can do, and runs them in a sandbox.",
} as const;
