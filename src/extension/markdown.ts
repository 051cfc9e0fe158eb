import { MarkdownString } from "vscode";

/** Markdown that can neither run commands nor show HTML. */
export function plainMarkdown(text: string): MarkdownString {
  const markdown = new MarkdownString(text);
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  return markdown;
}
