import type { Execution, ExitReason, SandboxEvent, Tool, Usage } from "../../model/index.ts";
import { deniedText } from "./denied.ts";
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
      exit.code === undefined ? withDetail(t("failed"), exit.message) : t("failed: exit code {0}", exit.code),
    timeout: () => t("stopped: it ran longer than {0}", durationText(policy.timeMs)),
    memory: () => t("stopped: it used more than {0} of memory", bytesText(policy.memoryBytes)),
    cpu: () => t("stopped: it used more processor time than {0} % of a core allow", policy.cpuPercent),
    processes: () => t("stopped: it started more than {0} processes", policy.processes),
    "disk-limit": () =>
      exit.message?.startsWith("made ")
        ? t("stopped: it made more than {0} files", policy.files)
        : t("stopped: it wrote more than {0}", bytesText(policy.diskBytes)),
    "output-limit": () => t("stopped: it printed more than {0}", bytesText(policy.outputBytes)),
    denied: () => withDetail(t("not allowed"), denied === undefined ? exit.message : deniedText(denied, t)),
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

/** The hosts (with port) that a run asked for and its policy does not name; others were not reached for another reason. */
export function hostsBeyond(
  refused: readonly { readonly host: string; readonly port: number }[],
  { network }: Execution["policy"],
): string[] {
  const rules = network.mode === "none" ? [] : network.hosts;
  const isNamed = (host: string, port: number): boolean =>
    rules.some(
      (rule) => rule === host || rule === `${host}:${port}` || (rule.startsWith("*.") && host.endsWith(rule.slice(1))),
    );
  const beyond = refused.filter(({ host, port }) => !isNamed(host, port));
  return [...new Set(beyond.map(({ host, port }) => `${host}:${port}`))];
}

/** Exit codes by which programs say that they were called wrongly (`EX_USAGE` of sysexits.h, and 2 of most parsers). */
const CALLED_WRONGLY: ReadonlySet<number | undefined> = new Set([2, 64]);

/**
 * Why a run may have failed that did not have to, with the way out: what its code does and the run was not let do, and a
 * module that its Python does not have.
 * @param blocked the titles of the capabilities that the run was not let use
 */
export function failureHints(
  { exit, stderr }: Pick<Execution, "exit" | "stderr">,
  blocked: readonly string[],
  t: Translate,
): string[] {
  if (exit.reason !== "failed") return [];
  const [, module] = /^ModuleNotFoundError: No module named '([\w.]+)'/m.exec(stderr) ?? [];
  if (module !== undefined) {
    return [
      t(
        "Its Python has no module “{0}”. Make a virtual environment (.venv) in the folder and install it there, or choose another Python: setting toka.python.interpreterPath",
        module,
      ),
    ];
  }
  if (blocked.length === 0 || CALLED_WRONGLY.has(exit.code)) return [];
  return [
    t("Its code does this, which was not allowed in this run: {0}", blocked.join(", ")),
    t("To allow it, run it again and choose “Run, and Let It…” or “Allow for Longer…”"),
  ];
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
