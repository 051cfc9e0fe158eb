import { expect, it } from "vitest";
import { plainMessage } from "./plain.ts";

it("leaves no link in a message", () => {
  const linked = /\[[^\]]+\]\([^)]+\)/;
  const text = "run [me](command:workbench.action.quit) and [it](https://example.com)";
  expect(text).toMatch(linked);
  expect(plainMessage(text)).not.toMatch(linked);
  expect(plainMessage("“count” must be a whole number")).toBe("“count” must be a whole number");
});
