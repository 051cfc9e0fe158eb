import type { Execution, ExitReason, SandboxEvent, Tool, Usage } from "../../model/index.ts";
import { bytesText, durationText } from "./quantity.ts";
import type { Translate } from "./translate.ts";

type Ended = Pick<Execution, "exit" | "policy" | "denied">;

function withDetail(sentence: string, detail: string | undefined): string {
  return detail === undefined || detail === "" ? sentence : `${sentence}: ${detail}`;
}

/** How a run ended, as one plain sentence without a final stop: `stopped: it used more than 256 MB of memory`. */
export function exitSentence({ exit, policy, denied }: Ended, t: Translate): string {
  const sentences: Readonly<Record<ExitReason, () => string>> = {
    ok: () => t("finished"),
    failed: () =>
      exit.code === undefined
        ? withDetail(t("failed"), exit.message)
        : t("failed: the tool ended with exit code {0}", exit.code),
    timeout: () => t("stopped: it ran longer than {0}", durationText(policy.timeMs)),
    memory: () => t("stopped: it used more than {0} of memory", bytesText(policy.memoryBytes)),
    cpu: () => t("stopped: it used more processor time than {0} % of a core allow", policy.cpuPercent),
    processes: () => t("stopped: it started more than {0} processes", policy.processes),
    "disk-limit": () =>
      exit.message?.startsWith("made ")
        ? t("stopped: it made more than {0} files", policy.files)
        : t("stopped: it wrote more than {0}", bytesText(policy.diskBytes)),
    "output-limit": () => t("stopped: it printed more than {0}", bytesText(policy.outputBytes)),
    denied: () => withDetail(t("not allowed"), denied?.message ?? exit.message),
    cancelled: () => t("cancelled"),
    "not-enforceable": () => withDetail(t("not run: this machine cannot enforce its limits"), exit.message),
    "sandbox-error": () => withDetail(t("not run: the sandbox failed"), exit.message),
  };
  return sentences[exit.reason]();
}

/** The hosts that a run asked for and did not get, with the line of the tool that names them when there is one. */
export function refusedHostLines(
  { denied, exit }: Pick<Execution, "denied" | "exit">,
  { capabilities }: Pick<Tool, "capabilities">,
  t: Translate,
): string[] {
  if (denied?.capability !== "network-access" || exit.reason === "denied") return [];
  const evidence = capabilities.flatMap((capability) => capability.evidence);
  return denied.message.split("; ").map((message) => {
    const host = /^[^\s:]+/.exec(message)?.[0] ?? "";
    const named = evidence.find(({ text }) => host !== "" && text.includes(host));
    return named === undefined
      ? t("Not reached: {0}", message)
      : t("Not reached: {0} (named at {1}:{2})", message, named.file, named.line);
  });
}

/** What a run used: `1.2 s, 85 ms of processor time, 24 MB of memory, 3 KB written`. */
export function usageText(usage: Usage, t: Translate): string {
  return [
    durationText(usage.wallMs),
    t("{0} of processor time", durationText(usage.cpuMs)),
    t("{0} of memory", bytesText(usage.peakMemoryBytes)),
    ...(usage.writtenBytes > 0 ? [t("{0} written", bytesText(usage.writtenBytes))] : []),
  ].join(", ");
}

/** What a run uses while it is under way: `1.2 s, 24 MB, 40 % of a core, 3 processes, 3 KB written, 1 host refused`. */
export function liveText(
  { usage, processes, memoryBytes }: Extract<SandboxEvent, { type: "usage" }>,
  refused: number,
  t: Translate,
): string {
  const share = usage.wallMs > 0 ? Math.round((100 * usage.cpuMs) / usage.wallMs) : 0;
  return [
    durationText(usage.wallMs),
    bytesText(memoryBytes ?? usage.peakMemoryBytes),
    t("{0} % of a core", share),
    processes === 1 ? t("1 process") : t("{0} processes", processes),
    ...(usage.writtenBytes > 0 ? [t("{0} written", bytesText(usage.writtenBytes))] : []),
    ...(refused > 0 ? [refused === 1 ? t("1 host refused") : t("{0} hosts refused", refused)] : []),
  ].join(", ");
}

/** The codicon and theme colour that stand for an exit reason. */
export function exitIcon(reason: ExitReason): { readonly icon: string; readonly color: string } {
  switch (reason) {
    case "ok":
      return { icon: "pass", color: "testing.iconPassed" };
    case "cancelled":
      return { icon: "circle-slash", color: "testing.iconSkipped" };
    case "denied":
    case "not-enforceable":
      return { icon: "shield", color: "list.warningForeground" };
    case "failed":
    case "sandbox-error":
      return { icon: "error", color: "testing.iconFailed" };
    case "timeout":
      return { icon: "watch", color: "list.warningForeground" };
    default:
      return { icon: "warning", color: "list.warningForeground" };
  }
}
