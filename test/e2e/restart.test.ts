import { expect, it } from "vitest";
import { useSession } from "./session.ts";
import { openTools } from "./steps.ts";

const session = useSession();

/** How many files each reading of the workspace parsed, as the extension's log says, the first reading first. */
async function parsed(): Promise<number[]> {
  const log = await session().workbench.host.logs("toka");
  return [...log.matchAll(/ files seen, (\d+) parsed in /g)].map(([, count]) => Number(count));
}

it("fills the tree, and after a restart shows the same tools from the index without reading a file", async () => {
  const { workbench } = session();
  await openTools(workbench);
  const names = async (): Promise<string[]> => (await workbench.treeItem(/./).allTextContents()).toSorted();
  const before = await names();
  expect(before.length).toBeGreaterThan(6);
  const [first, ...more] = await parsed();
  expect(first).toBeGreaterThan(0);
  await workbench.page.reload();
  await openTools(workbench);
  await expect.poll(async () => (await parsed()).length).toBeGreaterThan(more.length + 1);
  expect((await parsed()).slice(more.length + 1)).toContain(0);
  await expect.poll(names).toEqual(before);
});
