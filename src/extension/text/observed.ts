import type { CapabilityComparison, Execution, Observed, SeenCapability } from "../../model/index.ts";
import { capabilityTitle } from "./capability.ts";
import { shownCommand } from "./confirm.ts";
import { escapeHtml } from "./html.ts";
import { bytesText } from "./quantity.ts";
import { leftFiles } from "./result-files.ts";
import type { Translate } from "./translate.ts";

/** So many things are named in one line of a terminal; the page has more. */
const MOST_NAMED = 5;

const STYLE = `
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 20px 20px; max-width: 60em; }
h1 { font-size: 1.4em; font-weight: 600; }
h2 { font-size: 1.15em; font-weight: 600; margin: 1.4em 0 0.4em; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border)); font-weight: normal; overflow-wrap: anywhere; }
thead th { font-weight: 600; }
td.unexpected { color: var(--vscode-errorForeground); font-weight: 600; }
code, pre { font-family: var(--vscode-editor-font-family); }
p.note { color: var(--vscode-descriptionForeground); }
`;

function some(items: readonly string[], t: Translate): string {
  const rest = items.length - MOST_NAMED;
  return rest > 0 ? t("{0} and {1} more", items.slice(0, MOST_NAMED).join(", "), rest) : items.join(", ");
}

/** Programs whose own deeds are not seen, because they are no Python. */
function unseenPrograms({ programs }: Observed): string[] {
  const names = programs.map(({ argv }) => argv[0] ?? "");
  return [...new Set(names)].filter((name) => !/(^|\/)python[\d.]*$/.test(name));
}

/** What limits how far the observation can be believed. */
function caveats(observed: Observed, t: Translate): string[] {
  const programs = unseenPrograms(observed);
  return [
    ...(observed.pythons === 0 ? [t("Nothing was observed: no Python of the run told what it did.")] : []),
    ...(programs.length > 0 ? [t("What these programs did was not seen: {0}", some(programs, t))] : []),
    ...(observed.lost > 0 ? [t("Observations that are missing or made no sense: {0}", observed.lost)] : []),
  ];
}

function enoughLines({ tighter }: CapabilityComparison, t: Translate): string[] {
  return [
    ...(tighter.readable.length > 0 ? [t("It only ever read {0}", some(tighter.readable, t))] : []),
    ...(tighter.writable.length > 0 ? [t("It only ever changed {0}", some(tighter.writable, t))] : []),
    ...(tighter.hosts.length > 0 ? [t("It only ever asked for {0}", some(tighter.hosts, t))] : []),
  ];
}

/** What an observed run did, for the lines below its output. */
export function observedLines(observed: Observed, results: Execution["results"], t: Translate): string[] {
  const { comparison } = observed;
  // Writing into its own result folder needs no capability.
  const unseen = comparison?.unseen.filter((name) => name !== "filesystem-write" || !leftFiles({ results })) ?? [];
  const words = ({ capability, seen, place }: SeenCapability): string => {
    const what = `${capabilityTitle(capability, t)}: ${some(seen, t)}`;
    return place === undefined ? what : t("{0} (at {1}:{2})", what, place.file, place.line);
  };
  return [
    ...(comparison === undefined
      ? []
      : [
          ...comparison.unexpected.map((seen) => t("Done, though not seen in its code: {0}", words(seen))),
          ...(unseen.length > 0
            ? [
                t(
                  "Seen in its code, not done in this run: {0}",
                  unseen.map((name) => capabilityTitle(name, t)).join(", "),
                ),
              ]
            : []),
          ...enoughLines(comparison, t),
        ]),
    ...caveats(observed, t),
  ];
}

type Cell = string | { readonly text: string; readonly warn: boolean };

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (content: Cell): string =>
    typeof content === "string"
      ? `<td>${escapeHtml(content)}</td>`
      : `<td${content.warn ? ' class="unexpected"' : ""}>${escapeHtml(content.text)}</td>`;
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function section(title: string, content: string): string {
  return `<h2>${escapeHtml(title)}</h2>\n${content}`;
}

/** @param left the run left files as results, which writing to its own folder is no capability for */
function comparisonSection(comparison: CapabilityComparison, left: boolean, t: Translate): string {
  const seenRow = (verdict: string, warn: boolean) => (seen: SeenCapability) => [
    capabilityTitle(seen.capability, t),
    { text: verdict, warn },
    [seen.seen.join(", "), ...(seen.place ? [`${seen.place.file}:${seen.place.line}`] : [])].join(" · "),
  ];
  const rows = [
    ...comparison.unexpected.map(seenRow(t("done, not seen in its code"), true)),
    ...comparison.matched.map(seenRow(t("done, as its code says"), false)),
    ...comparison.unseen.map((name) => {
      const verdict =
        name === "filesystem-write" && left ? t("only into its result folder") : t("not done in this run");
      return [capabilityTitle(name, t), verdict, ""];
    }),
    ...comparison.unobservable.map((name) => [capabilityTitle(name, t), t("cannot be observed"), ""]),
  ];
  if (rows.length === 0) return "";
  return section(t("Its code and what it did"), table([t("Capability"), t("In this run"), t("What was seen")], rows));
}

function suggestionSection({ tighter }: CapabilityComparison, t: Translate): string {
  const list = (paths: readonly string[]): string => paths.map((path) => `<code>${escapeHtml(path)}</code>`).join(", ");
  const items = [
    ...(tighter.readable.length > 0 ? [`${escapeHtml(t("It only ever read"))} ${list(tighter.readable)}`] : []),
    ...(tighter.code.length > 0 ? [`${escapeHtml(t("Its code came from"))} ${list(tighter.code)}`] : []),
    ...(tighter.writable.length > 0 ? [`${escapeHtml(t("It only ever changed"))} ${list(tighter.writable)}`] : []),
    ...(tighter.hosts.length > 0 ? [`${escapeHtml(t("It only ever asked for"))} ${list(tighter.hosts)}`] : []),
    ...(tighter.programs.length > 0 ? [`${escapeHtml(t("It only ever started"))} ${list(tighter.programs)}`] : []),
  ];
  const { memoryMB, timeSeconds } = tighter.limits;
  const limits = [
    ...(memoryMB === undefined ? [] : [`  memoryMB: ${memoryMB}`]),
    ...(timeSeconds === undefined ? [] : [`  timeSeconds: ${timeSeconds}`]),
  ];
  const manifest =
    limits.length === 0
      ? ""
      : `<p>${escapeHtml(t("Limits that leave room for twice the memory and ten times the time, for its manifest:"))}</p><pre>limits:\n${limits.join("\n")}</pre>`;
  if (items.length === 0 && manifest === "") return "";
  const body = items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
  return section(t("What would have been enough"), body + manifest);
}

function factSections({ files, hosts, programs, environment, imports, sandbox }: Observed, t: Translate): string[] {
  const at = (place: { file: string; line: number } | undefined): string =>
    place === undefined ? "" : `${place.file}:${place.line}`;
  const port = (host: string, number: number | undefined): string =>
    number === undefined ? host : `${host}:${number}`;
  const verbs = {
    import: t("loaded as code"),
    read: t("read"),
    list: t("listed"),
    write: t("written"),
    delete: t("deleted"),
    attributes: t("attributes changed"),
  };
  const ways = { lookup: t("looked up"), connect: t("connected to"), listen: t("listened on") };
  const tables = [
    [
      t("Files"),
      [t("File"), t("Access"), t("At")],
      files.map(({ path, access, place }) => [path, access.map((one) => verbs[one]).join(", "), at(place)]),
    ],
    [
      t("Hosts, as the program says"),
      [t("Host"), t("How"), t("At")],
      hosts.map((host) => [port(host.host, host.port), ways[host.how], at(host.place)]),
    ],
    [
      t("Hosts, as the sandbox saw them"),
      [t("Host"), t("What passed")],
      [
        ...sandbox.traffic.map((host) => [
          port(host.host, host.port),
          t("{0} sent, {1} received", bytesText(host.sentBytes), bytesText(host.receivedBytes)),
        ]),
        ...sandbox.refused.map(({ host, port: number, message }) => [
          port(host, number),
          { text: message, warn: true },
        ]),
      ],
    ],
    [t("Programs"), [t("Command"), t("At")], programs.map(({ argv, place }) => [shownCommand(argv), at(place)])],
    [
      t("Environment"),
      [t("Variable"), t("Change")],
      environment.map(({ name, change }) => [name, change === "set" ? t("set") : t("removed")]),
    ],
    [t("Modules that are not of Python's library"), [t("Module")], imports.map((name) => [name])],
  ] as const satisfies [string, string[], Cell[][]][];
  return tables
    .filter(([, , rows]) => rows.length > 0)
    .map(([title, heads, rows]) => section(title, table(heads, rows)));
}

/** What an observed run did, as a page without scripts. */
export function observedPage(
  { argv, observed, results }: Execution & { readonly observed: Observed },
  t: Translate,
): string {
  const note = t(
    "This is what the program told about itself while it ran. It helps to understand a tool; it proves nothing about one that hides what it does, and other arguments may lead elsewhere. Attempts count, also those that the sandbox did not let succeed.",
  );
  return [
    `<style>${STYLE}</style>`,
    `<h1>${escapeHtml(t("What the run did"))}</h1>`,
    `<p><code>${escapeHtml(shownCommand(argv))}</code></p>`,
    ...caveats(observed, t).map((line) => `<p class="unexpected">${escapeHtml(line)}</p>`),
    ...(observed.comparison === undefined
      ? []
      : [comparisonSection(observed.comparison, leftFiles({ results }), t), suggestionSection(observed.comparison, t)]),
    ...factSections(observed, t),
    `<p class="note">${escapeHtml(note)}</p>`,
  ].join("\n");
}
