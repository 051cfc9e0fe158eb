/**
 * Text for the editor's messages, which make links, commands included, of `[label](target)`: text that comes from a
 * workspace or a model is shown, not obeyed.
 */
export function plainMessage(text: string): string {
  return text.replaceAll("](", "] (");
}
