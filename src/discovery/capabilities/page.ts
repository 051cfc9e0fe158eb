import { CAPABILITIES, type CapabilityName } from "../../model/index.ts";
import { COMMAND_RULES, type CommandRule } from "./commands.ts";
import { CAPABILITY_RULES, type CapabilityRule, type Condition } from "./table.ts";

/** The table of calls and programs as a Markdown page for people. */
export function capabilityPage(): string {
  const sections = (Object.keys(CAPABILITIES) as CapabilityName[]).map((name) => {
    const { severity, title } = CAPABILITIES[name];
    const calls = CAPABILITY_RULES.filter((rule) => rule.capability === name).map(callRow);
    const programs = COMMAND_RULES.filter((rule) => rule.capability === name).map(programRow);
    return [
      `## \`${name}\``,
      "",
      `A tool with it ${title}. Severity: ${severity}.`,
      "",
      ...table("Calls", "when", calls),
      ...table("Programs", "with", programs),
    ].join("\n");
  });
  return [INTRODUCTION, ...sections].join("\n");
}

const INTRODUCTION = `# What calls need which capability

Discovery follows the calls of a tool through the workspace's own modules. Where they leave it, this table says what they
need; the line is the evidence. A call that is not listed proves nothing either way.

What does not count: code that cannot run, for type checkers or in tests; branches that are for another system than the one
discovery runs on, or for Python 2; methods with which no object of the program answers; functions and classes in a registry
that the program does not use; and, for a function that is called by itself (a task, an agent's tool), what its framework
was given besides it.

Names are those after import aliases are resolved. \`x.*\` is everything in \`x\`; \`.name\` is a method of an object whose
class is not known. A function that is handed to another one counts as called. Functions that exist only on Windows
(\`os.startfile\`, \`ctypes.WinDLL\`…) count only there. The setting \`toka.discovery.capabilities\`, or
\`discovery.capabilities\` in the user's \`config.json\`, adds calls. This page is generated from the table itself.

Of the standard library every audit event (PEP 578) is covered that touches something outside of the process; those that
only look at the interpreter itself (\`sys._getframe\`, \`gc.get_objects\`, \`id\`…), change its own state (\`os.chdir\`,
\`sys.settrace\`, \`resource.setrlimit\`…), wait (\`time.sleep\`) or write to the system's log need none.
`;

interface Row {
  readonly what: string;
  readonly when: string;
  readonly why: string;
}

function table(title: string, second: string, rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  return [
    `| ${title} | ${second} | this line … |`,
    "|---|---|---|",
    ...rows.map(({ what, when, why }) => `| ${what} | ${when} | ${why} |`),
    "",
  ];
}

function callRow({ names, when, why, onReference }: CapabilityRule): Row {
  const conditions = [
    ...(when === undefined ? [] : [conditionText(when)]),
    ...(onReference ? ["also without a call"] : []),
  ];
  return { what: code(names), when: conditions.join(", "), why };
}

function programRow({ programs, subcommands, having, why }: CommandRule): Row {
  const words = [...(subcommands?.split(" ") ?? []), ...(having ?? [])];
  return { what: code(programs), when: words.length === 0 ? "" : code(words.join(" ")), why };
}

/** Words as code, in the order of the alphabet. */
function code(words: string): string {
  const sorted = words
    .split(/\s+/u)
    .filter((word) => word !== "")
    .sort((one, other) => (one < other ? -1 : 1));
  return [...new Set(sorted)].map((word) => `\`${word}\``).join(" ");
}

function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case "reads":
      return condition.isNamed ? "a mode that reads is named" : "the mode reads, or is not known";
    case "writes":
      return condition.isNamed ? "a mode that writes is named" : "the mode writes, or is not known";
    case "flags":
      return condition.access === "reads" ? "the flags read, or are not known" : "the flags write, or are not known";
    case "stores":
      return "it is changed";
    case "unsafe-loader":
      return "no safe loader is named";
    case "given":
      return `\`${condition.keyword ?? `argument ${condition.position + 1}`}\` is given`;
    case "is-not-text":
      return "the argument is not there in words";
    case "is-other-than":
      return `\`${condition.keyword ?? `argument ${condition.position + 1}`}\` is given, and not known to be \`${condition.text}\``;
    case "is-not-named":
      return `\`${condition.keyword ?? `argument ${condition.position + 1}`}\` is none of ${condition.names.split(" ").join(", ")}`;
    case "is-true":
      return `\`${condition.keyword}=True\``;
    case "is-not-true":
      return `not \`${condition.keyword}=True\``;
    case "is-url":
      return "the argument is a web address";
    default:
      return "the argument is not known to be a web address";
  }
}
