import { l10n, type MessageItem, type WorkspaceFolder, window } from "vscode";
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

interface Choice extends MessageItem {
  readonly writablePaths: readonly string[];
  /** `ask`: a person names the hosts next. */
  readonly hosts: readonly string[] | "ask";
}

/** The ways in which a run may be let: as it is, or with what its code is seen to need. */
function choicesFor({ plan, hosts: wanted = [] }: Confirmation, folder: WorkspaceFolder): Choice[] {
  const workspace = [folder.uri.fsPath];
  const writes = changesFiles(plan.tool);
  const hosts = [...new Set([...wanted, ...plan.asked.hosts])];
  const reaches = hosts.length > 0 || usesNetwork(plan.tool);
  const reach = hosts.length === 0 ? ("ask" as const) : hosts;
  const named = reach === "ask" ? l10n.t("a Host…") : reach.join(", ");
  return [
    { title: l10n.t("Run"), writablePaths: [], hosts: [] },
    ...(writes
      ? [{ title: l10n.t("Run, and Let It Write to {0}", folder.name), writablePaths: workspace, hosts: [] }]
      : []),
    ...(reaches ? [{ title: l10n.t("Run, and Let It Reach {0}", named), writablePaths: [], hosts: reach }] : []),
    ...(writes && reaches
      ? [{ title: l10n.t("Run, and Let It Do Both"), writablePaths: workspace, hosts: reach }]
      : []),
  ];
}

/** Asks a person to confirm a run; the answer is what the run may do beyond its policy, or nothing for no. */
export async function confirmRun(
  confirmation: Confirmation,
  folder: WorkspaceFolder,
): Promise<{ readonly grant: RunGrant | undefined } | undefined> {
  const choice = await window.showInformationMessage<Choice>(
    confirmationQuestion(confirmation, l10n.t),
    { modal: true, detail: confirmationDetail(confirmation, l10n.t) },
    ...choicesFor(confirmation, folder),
  );
  if (choice === undefined) return undefined;
  const hosts = choice.hosts === "ask" ? await askHosts(confirmation.plan.tool.name) : choice.hosts;
  if (hosts === undefined) return undefined;
  if (choice.writablePaths.length + hosts.length === 0) return { grant: undefined };
  return { grant: { writablePaths: [...choice.writablePaths], hosts: [...hosts] } };
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
async function askHosts(tool: string): Promise<readonly string[] | undefined> {
  const { parseHostRule } = await import("../../sandbox/index.ts");
  const read = (text: string): string[] => text.split(/[\s,]+/).filter((host) => host !== "");
  const typed = await window.showInputBox({
    title: l10n.t("Hosts that {0} may reach in this run", tool),
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
