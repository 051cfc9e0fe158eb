import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, inject, type TestContext } from "vitest";
import { Workbench, type WorkbenchOptions } from "../support/workbench.ts";

const ROOT = join(import.meta.dirname, "..", "..");
export const RESULTS = join(ROOT, "test-results");

/** What the tests of a file share: one workbench with the packaged extension on a copy of the sample workspace. */
export interface Session {
  readonly workbench: Workbench;
  /** The copy of the sample workspace. */
  readonly workspace: string;
}

async function openSession(options: WorkbenchOptions = {}): Promise<Session & AsyncDisposable> {
  const scratch = await mkdtemp(join(tmpdir(), "toka-workspace-"));
  const workspace = join(scratch, "orchard");
  await cp(join(ROOT, "test", "workspaces", "sample"), workspace, { recursive: true });
  const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  try {
    const workbench = await Workbench.open(workspace, {
      ...options,
      extensions: [inject("vsix"), ...(options.extensions ?? [])],
    });
    return {
      workbench,
      workspace,
      async [Symbol.asyncDispose]() {
        await workbench.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Opens a session for all tests of a file. A test that fails leaves a picture in test-results/ and prints the
 * extension's log.
 */
export function useSession(options: () => WorkbenchOptions = () => ({})): () => Session {
  let session: (Session & AsyncDisposable) | undefined;
  const current = (): Session => {
    if (session === undefined) throw new Error("The session is open in tests only.");
    return session;
  };
  beforeAll(async () => {
    session = await openSession(options());
  });
  beforeEach(({ onTestFailed, task }) => {
    onTestFailed(async () => {
      const { workbench } = current();
      const picture = join(RESULTS, `${task.name.replaceAll(/\W+/g, "-")}.png`);
      await workbench.screenshot(picture);
      console.error([picture, await workbench.host.logs("toka"), ...workbench.pageErrors].join("\n"));
    });
  });
  afterAll(async () => {
    await session?.[Symbol.asyncDispose]();
  });
  return current;
}

/** Skips a test that runs a tool where the sandbox cannot hold it, and says why. */
export function needsSandbox({ skip }: TestContext): void {
  const why = inject("notEnforceable");
  if (why === "") return;
  console.warn(`SKIPPED: this machine cannot run tools in the sandbox: ${why}`);
  skip(`not enforceable here: ${why}`);
}
