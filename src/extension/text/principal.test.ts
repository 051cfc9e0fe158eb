import { expect, it } from "vitest";
import type { Principal } from "../../model/index.ts";
import { principalText } from "./principal.ts";
import { english } from "./translate.ts";

it.each<[Principal, string]>([
  ["user", "you"],
  ["chat", "the chat"],
  ["mcp:desk: two", "the MCP client desk: two"],
  ["workflow:harvest-report", "the workflow harvest-report"],
])("calls %s by words", (principal, words) => {
  expect(principalText(principal, english)).toBe(words);
});
