/**
 * How many claims of capabilities are possible: a stratified random sample of claims over unseen code was judged once by
 * reading the code (`judged.json`: could some run of this tool, with some arguments, really do that?), and each run asks
 * discovery which of them it still makes. A possible claim that is gone is lost recall, a wrong one that is gone is
 * mended. Claims that are new do not show here.
 */
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { discover } from "../../../../src/discovery/index.ts";
import { CapabilityName } from "../../../../src/model/index.ts";
import type { Material } from "../debian.ts";

const Claim = z.strictObject({
  /**
   * Rules were changed while looking at those for development only. `fresh` ones are of programs that nobody had looked
   * at, drawn and judged after that; the causes of their wrong ones were mended since. `last` ones were drawn after this.
   */
  half: z.enum(["development", "held out", "fresh", "last"]),
  source: z.enum(["debian", "github"]),
  /** A package, or a repository as owner/name. */
  workspace: z.string(),
  tool: z.string(),
  capability: CapabilityName,
  isPossible: z.boolean(),
  why: z.string(),
});
type Claim = z.infer<typeof Claim>;

const Judged = z.strictObject({
  /** What the repositories were judged at. */
  commits: z.record(z.string(), z.string().regex(/^[0-9a-f]{40}$/u)),
  claims: z.array(Claim),
});

interface Measured {
  readonly claim: Claim;
  /** Whether discovery makes the claim now; null for a tool that it does not list. */
  readonly isMade: boolean | null;
}

export interface ClaimsOptions {
  /** Where checkouts lie as `owner__name`, or are put. */
  readonly repositories: string;
  /** Lists the claims whose verdict and fate differ. */
  readonly log: (text: string) => void;
}

/** @returns a table of the share of claims that are possible, by half and by capability */
export async function judgedClaims({ workspaces }: Material, { repositories, log }: ClaimsOptions): Promise<string> {
  const judged = Judged.parse(JSON.parse(await readFile(join(import.meta.dirname, "judged.json"), "utf8")));
  const measured: Measured[] = [];
  let absent = 0;
  for (const [key, list] of Map.groupBy(judged.claims, ({ source, workspace }) => `${source}:${workspace}`)) {
    const [first] = list;
    if (first === undefined) continue;
    const folder =
      first.source === "debian"
        ? (workspaces.find(({ name }) => name === first.workspace)?.folder ?? null)
        : await checkout(first.workspace, judged.commits[first.workspace] ?? "", repositories, log);
    if (folder === null) {
      log(`NOT MEASURED: ${key} is not here`);
      absent += list.length;
      continue;
    }
    const { tools } = await discover(folder, { signal: new AbortController().signal });
    for (const claim of list) {
      const tool = tools.find(({ id }) => id === claim.tool);
      const isMade = tool === undefined ? null : tool.capabilities.some(({ name }) => name === claim.capability);
      measured.push({ claim, isMade });
      report(claim, isMade, log);
    }
  }
  return table(measured, absent);
}

function report(claim: Claim, isMade: boolean | null, log: (text: string) => void): void {
  const { half, workspace, tool, capability, why } = claim;
  const what = isMade === null ? "no such tool" : isMade ? "wrong claim" : "lost claim";
  if (isMade !== claim.isPossible) log(`${what} (${half}): ${workspace} ${tool}: ${capability}: ${why}`);
}

/** A repository at the commit at which it was judged. @returns null where it cannot be had */
async function checkout(
  repository: string,
  commit: string,
  into: string,
  log: (text: string) => void,
): Promise<string | null> {
  const folder = join(into, repository.replace("/", "__"));
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  await mkdir(folder, { recursive: true });
  log(`fetching ${repository}`);
  const steps = [
    ["init", "--quiet"],
    ["fetch", "--quiet", "--depth=1", `https://github.com/${repository}`, commit],
    ["checkout", "--quiet", "FETCH_HEAD"],
  ];
  for (const step of steps) {
    const { exitCode } = await execa("git", step, { cwd: folder, reject: false });
    if (exitCode === 0) continue;
    await rm(folder, { recursive: true });
    return null;
  }
  return folder;
}

function row(title: string, list: readonly Measured[]): string {
  const possible = list.filter(({ claim }) => claim.isPossible);
  const wrong = list.filter(({ claim }) => !claim.isPossible);
  const kept = possible.filter(({ isMade }) => isMade === true).length;
  const made = kept + wrong.filter(({ isMade }) => isMade === true).length;
  const share = made === 0 ? "–" : ((100 * kept) / made).toFixed(1);
  return `| ${title} | ${list.length} | ${wrong.length} | ${made} | ${share} | ${possible.length - kept} |`;
}

function table(measured: readonly Measured[], absent: number): string {
  const halves = Map.groupBy(measured, ({ claim }) => claim.half);
  const kinds = [...Map.groupBy(measured, ({ claim }) => claim.capability)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return [
    "### Claims judged by hand",
    "",
    `${measured.length} claims${absent > 0 ? `; ${absent} more could not be measured here` : ""}:`,
    "",
    "| | judged | of these wrong | made now | of these possible, % | possible ones lost |",
    "|---|---|---|---|---|---|",
    row("**all**", measured),
    ...[...halves].map(([half, list]) => row(half, list)),
    ...kinds.map(([name, list]) => row(name, list)),
    "",
  ].join("\n");
}
