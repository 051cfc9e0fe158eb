import type { Principal } from "../../model/index.ts";
import type { Translate } from "./translate.ts";

/** Who asks for a run, in words: `you`, `the chat`, `the MCP client name`, `the workflow name`. */
export function principalText(principal: Principal, t: Translate): string {
  if (principal === "user") return t("you");
  if (principal === "chat") return t("the chat");
  const name = principal.slice(principal.indexOf(":") + 1);
  return principal.startsWith("mcp:") ? t("the MCP client {0}", name) : t("the workflow {0}", name);
}
