import { l10n, type MessageItem, type QuickPickItem, type WorkspaceFolder, window } from "vscode";
import type { CapabilityName, EnforcementReport, RunGrant, Tool } from "../../model/index.ts";
import { type Confirmation, confirmationDetail, confirmationQuestion, unprotectedDetail } from "../text/confirm.ts";

const CHANGES_FILES: ReadonlySet<CapabilityName> = new Set(["filesystem-write", "filesystem-delete"]);

/** The tool is seen to change files, so that letting it is worth offering. */
function changesFiles(tool: Tool): boolean {
  return tool.capabilities.some(({ name }) => CHANGES_FILES.has(name));
}

const REACHES_NETWORK: ReadonlySet<CapabilityName> = new Set(["network-access", "package-install"]);

/** The tool is seen to use the network, so that letting it reach some host is worth offering. */
function usesNetwork(tool: Tool): boolean {
  return tool.capabilities.some(({ name }) => REACHES_NETWORK.has(name));
}

/** What a run may be let do beyond its policy. */
interface Beyond {
  readonly writablePaths: readonly string[];
  /** `ask`: a person names the hosts next. */
  readonly hosts: readonly string[] | "ask";
}

interface Choice extends MessageItem {
  readonly answer: Beyond | "longer" | "changes";
}

interface LongerChoice extends QuickPickItem {
  readonly beyond: Beyond;
  readonly duration: "session" | "always";
}

/** What is granted for longer than one run. */
export interface Remembered {
  readonly duration: "session" | "always";
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
}

/** What a person answered: to run it, with what it may do in this run or for longer; or to look at what changed first. */
export type Confirmed =
  | { readonly kind: "run"; readonly grant: RunGrant | undefined; readonly remember: Remembered | undefined }
  | { readonly kind: "changes" };

const NOTHING: Beyond = { writablePaths: [], hosts: [] };

/** What the tool's code is seen to need and neither its policy nor an earlier grant gives. */
function beyondPolicy(
  { plan, hosts: wanted = [] }: Confirmation,
  folder: WorkspaceFolder,
): readonly { readonly words: string; readonly beyond: Beyond }[] {
  const { asked, policy, tool } = plan;
  const writablePaths = [folder.uri.fsPath];
  const writes = changesFiles(tool) && !policy.writablePaths.includes(folder.uri.fsPath);
  const named = [...new Set([...wanted, ...asked.hosts])];
  const reaches = named.length > 0 || (usesNetwork(tool) && policy.network.mode === "none");
  const hosts = named.length === 0 ? ("ask" as const) : named;
  const reached = hosts === "ask" ? l10n.t("a Host…") : hosts.join(", ");
  return [
    ...(writes ? [{ words: l10n.t("Write to {0}", folder.name), beyond: { writablePaths, hosts: [] } }] : []),
    ...(reaches ? [{ words: l10n.t("Reach {0}", reached), beyond: { writablePaths: [], hosts } }] : []),
    ...(writes && reaches ? [{ words: l10n.t("Do Both"), beyond: { writablePaths, hosts } }] : []),
  ];
}

/** The ways in which a run may be let: as it is, or with what its code is seen to need. */
function choicesFor(confirmation: Confirmation, folder: WorkspaceFolder): Choice[] {
  const beyond = beyondPolicy(confirmation, folder);
  return [
    { title: l10n.t("Run"), answer: NOTHING },
    ...beyond.map((one) => ({ title: l10n.t("Run, and Let It {0}", one.words), answer: one.beyond })),
    ...(beyond.length > 0 ? [{ title: l10n.t("Allow for Longer…"), answer: "longer" as const }] : []),
    ...(confirmation.plan.changed ? [{ title: l10n.t("Show What Changed"), answer: "changes" as const }] : []),
  ];
}

async function askLonger(confirmation: Confirmation, folder: WorkspaceFolder): Promise<LongerChoice | undefined> {
  const items = beyondPolicy(confirmation, folder).flatMap(({ words, beyond }): LongerChoice[] => [
    { label: words, description: l10n.t("this session"), beyond, duration: "session" },
    { label: words, description: l10n.t("until it is revoked or the tool changes"), beyond, duration: "always" },
  ]);
  return await window.showQuickPick(items, {
    title: l10n.t("Run {0}, and Allow for Longer", confirmation.plan.tool.name),
    placeHolder: l10n.t("What may it do, and for how long? It is listed under Grants."),
    ignoreFocusOut: true,
  });
}

/** Asks a person to confirm a run; nothing for no. */
export async function confirmRun(confirmation: Confirmation, folder: WorkspaceFolder): Promise<Confirmed | undefined> {
  const choice = await window.showInformationMessage<Choice>(
    confirmationQuestion(confirmation, l10n.t),
    { modal: true, detail: confirmationDetail(confirmation, l10n.t) },
    ...choicesFor(confirmation, folder),
  );
  if (choice === undefined) return undefined;
  if (choice.answer === "changes") return { kind: "changes" };
  const longer = choice.answer === "longer" ? await askLonger(confirmation, folder) : undefined;
  const beyond = choice.answer === "longer" ? longer?.beyond : choice.answer;
  if (beyond === undefined) return undefined;
  const hosts = beyond.hosts === "ask" ? await askHosts(confirmation.plan.tool.name) : beyond.hosts;
  if (hosts === undefined) return undefined;
  const { writablePaths: paths } = beyond;
  if (longer !== undefined) {
    return { kind: "run", grant: undefined, remember: { duration: longer.duration, paths, hosts } };
  }
  const isPlain = paths.length + hosts.length === 0;
  const grant = isPlain ? undefined : { writablePaths: [...paths], hosts: [...hosts] };
  return { kind: "run", grant, remember: undefined };
}

/** Asks a person to agree to one run that nothing isolates. */
export async function confirmUnprotected(tool: string, report: EnforcementReport, why: string): Promise<boolean> {
  const agree = l10n.t("Run Unprotected, This Once");
  const picked = await window.showWarningMessage(
    l10n.t("Run {0} without a sandbox?", tool),
    { modal: true, detail: unprotectedDetail(report, why, l10n.t) },
    agree,
  );
  return picked === agree;
}

/** Hosts that a person names, separated by commas or spaces; nothing when they turn away. */
export async function askHosts(tool: string): Promise<readonly string[] | undefined> {
  const { parseHostRule } = await import("../../sandbox/index.ts");
  const read = (text: string): string[] => text.split(/[\s,]+/).filter((host) => host !== "");
  const typed = await window.showInputBox({
    title: l10n.t("Hosts that {0} may reach", tool),
    prompt: l10n.t("For example pypi.org, *.pythonhosted.org or api.example.org:8443"),
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (read(text).length === 0) return l10n.t("Name at least one host");
      const refused = read(text)
        .map(parseHostRule)
        .find((rule) => !rule.ok);
      return refused?.ok === false ? refused.problem.message : undefined;
    },
  });
  return typed === undefined ? undefined : read(typed);
}
