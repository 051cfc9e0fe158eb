/** Translates an English sentence; `{0}`, `{1}`… stand for the arguments. `vscode.l10n.t` is one. */
export type Translate = (message: string, ...args: (string | number | boolean)[]) => string;

/** The sentences as they are written in code; what tests and an editor without a translation use. */
export const english: Translate = (message, ...args) =>
  message.replaceAll(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
