import {
  type Disposable,
  l10n,
  type QuickInputButton,
  QuickInputButtons,
  type QuickPickItem,
  ThemeIcon,
  type Uri,
  type WorkspaceFolder,
  window,
} from "vscode";
import type { Parameter, Tool, ToolArguments } from "../../model/index.ts";
import { type ArgumentValue, parameterPrompt, readText, stepForm, textProblem, writeText } from "../text/parameter.ts";
import { parameterLabel } from "../text/tool.ts";

/** Where a step stands in its sequence. */
export interface StepPosition {
  readonly title: string;
  readonly step: number;
  readonly total: number;
  readonly canGoBack: boolean;
}

/** How a person answered a step. */
export type StepAnswer<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "back" }
  | { readonly kind: "cancelled" };

const CANCELLED = { kind: "cancelled" } as const;
const BACK = { kind: "back" } as const;

/** What is asked for a parameter. */
export interface ParameterQuestion {
  readonly tool: Tool;
  readonly folder: WorkspaceFolder;
  readonly parameter: Parameter;
  readonly args: ToolArguments;
}

/** Asks for one parameter in the form that suits it; `undefined` as a value leaves it out. */
export async function askParameter(
  question: ParameterQuestion,
  position: StepPosition,
): Promise<StepAnswer<ArgumentValue | undefined>> {
  const { parameter, args } = question;
  const current = args[parameter.name] ?? parameter.default;
  const choices = parameter.choices ?? [];
  switch (stepForm(parameter)) {
    case "switch":
      return await pickOne(
        [
          { label: l10n.t("Yes"), value: true },
          { label: l10n.t("No"), value: false },
        ],
        current,
        question,
        position,
      );
    case "choice":
      return await pickOne(choiceItems(choices), current, question, position);
    case "choices":
      return await pickSeveral(choiceItems(choices), current, question, position);
    case "text":
      return await typeText(question, position);
  }
}

interface ValueItem extends QuickPickItem {
  readonly value: ArgumentValue;
}

function choiceItems(choices: readonly ArgumentValue[]): ValueItem[] {
  return choices.map((value) => ({ label: writeText(value), value }));
}

function same(a: ArgumentValue | undefined, b: ArgumentValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function pickOne(
  items: readonly ValueItem[],
  current: ArgumentValue | undefined,
  question: ParameterQuestion,
  position: StepPosition,
): Promise<StepAnswer<ArgumentValue | undefined>> {
  const answer = await pickStep(items, position, {
    placeholder: parameterPrompt(question.parameter, l10n.t),
    active: items.filter(({ value }) => same(current, value)),
  });
  return answer.kind === "value" ? { kind: "value", value: answer.value.value } : answer;
}

async function pickSeveral(
  items: readonly ValueItem[],
  current: ArgumentValue | undefined,
  { parameter }: ParameterQuestion,
  position: StepPosition,
): Promise<StepAnswer<ArgumentValue | undefined>> {
  const before = Array.isArray(current) ? current : [];
  const picker = window.createQuickPick<ValueItem>();
  picker.canSelectMany = true;
  picker.items = [...items];
  picker.selectedItems = items.filter(({ value }) => before.some((item) => same(item, value)));
  prepare(picker, position);
  picker.placeholder = parameterPrompt(parameter, l10n.t);
  return await new Promise((resolve) => {
    const owned = settle(picker, resolve);
    owned.push(
      picker.onDidAccept(() => {
        const values = picker.selectedItems.map(({ value }) => value);
        if (values.length > 0 || !parameter.required) {
          finish(picker, owned, resolve, { kind: "value", value: values.length > 0 ? values : undefined });
        } else picker.placeholder = l10n.t("“{0}” is required.", parameter.name);
      }),
    );
    picker.show();
  });
}

/** Shows a list and waits for one item of it. */
export async function pickStep<T extends QuickPickItem>(
  items: readonly T[],
  position: StepPosition,
  { placeholder, active = [] }: { readonly placeholder: string; readonly active?: readonly T[] },
): Promise<StepAnswer<T>> {
  const picker = window.createQuickPick<T>();
  picker.items = [...items];
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.placeholder = placeholder;
  if (active.length > 0) picker.activeItems = [...active];
  prepare(picker, position);
  return await new Promise((resolve) => {
    const owned = settle(picker, resolve);
    owned.push(
      picker.onDidAccept(() => {
        const [picked] = picker.selectedItems;
        if (picked !== undefined) finish(picker, owned, resolve, { kind: "value", value: picked });
      }),
    );
    picker.show();
  });
}

type Input = ReturnType<typeof window.createInputBox> | ReturnType<typeof window.createQuickPick>;
type StepInput = Pick<
  Input,
  "title" | "step" | "totalSteps" | "ignoreFocusOut" | "onDidHide" | "hide" | "show" | "dispose"
> & { buttons: readonly QuickInputButton[]; onDidTriggerButton: Input["onDidTriggerButton"] };

function prepare(input: StepInput, { title, step, total, canGoBack }: StepPosition): void {
  input.title = title;
  input.ignoreFocusOut = true;
  if (total > 1) {
    input.step = step;
    input.totalSteps = total;
  }
  if (canGoBack) input.buttons = [QuickInputButtons.Back];
}

/** Answers `back` and `cancelled`; the list owns what listens until the step ends. */
function settle<T>(input: StepInput, resolve: (answer: StepAnswer<T>) => void): Disposable[] {
  const owned: Disposable[] = [];
  owned.push(
    input.onDidTriggerButton((button) => {
      if (button === QuickInputButtons.Back) finish(input, owned, resolve, BACK);
    }),
    input.onDidHide(() => finish(input, owned, resolve, CANCELLED)),
  );
  return owned;
}

function finish<T>(
  input: StepInput,
  owned: Disposable[],
  resolve: (answer: StepAnswer<T>) => void,
  answer: StepAnswer<T>,
): void {
  for (const listener of owned.splice(0)) listener.dispose();
  input.dispose();
  resolve(answer);
}

const PICK_FILE: QuickInputButton = { iconPath: new ThemeIcon("file"), tooltip: l10n.t("Choose a file…") };
const PICK_FOLDER: QuickInputButton = { iconPath: new ThemeIcon("folder-opened"), tooltip: l10n.t("Choose a folder…") };

async function typeText(
  { tool, folder, parameter, args }: ParameterQuestion,
  position: StepPosition,
): Promise<StepAnswer<ArgumentValue | undefined>> {
  const fallback = writeText(parameter.default);
  const input = window.createInputBox();
  prepare(input, position);
  input.value = args[parameter.name] === undefined ? fallback : writeText(args[parameter.name]);
  input.placeholder = parameter.metavar ?? parameterLabel(parameter);
  input.prompt = parameterPrompt(parameter, l10n.t);
  if (parameter.isPath) input.buttons = [...input.buttons, PICK_FILE, PICK_FOLDER];
  return await new Promise((resolve) => {
    // A file dialog of the web editor takes the place of the input box, which must not count as leaving it.
    let choosing = false;
    const owned: Disposable[] = [];
    const choose = async (folders: boolean): Promise<void> => {
      choosing = true;
      const chosen = await choosePath(folder, folders);
      choosing = false;
      if (chosen !== undefined) input.value = chosen;
      input.show();
    };
    const check = (text: string): string | undefined => textProblem(tool, parameter, args, text, l10n.t);
    owned.push(
      input.onDidChangeValue((text) => {
        input.validationMessage = text === "" ? undefined : check(text);
      }),
      input.onDidTriggerButton((button) => {
        if (button === QuickInputButtons.Back) finish(input, owned, resolve, BACK);
        else choose(button === PICK_FOLDER).then(undefined, () => finish(input, owned, resolve, CANCELLED));
      }),
      input.onDidHide(() => {
        if (!choosing) finish(input, owned, resolve, CANCELLED);
      }),
      input.onDidAccept(() => {
        const text = input.value;
        const problem = check(text);
        input.validationMessage = problem;
        if (problem !== undefined) return;
        const left = text.trim() === "" || (!parameter.required && text === fallback);
        const value = left ? undefined : readText(tool, parameter, args, text);
        finish(input, owned, resolve, { kind: "value", value });
      }),
    );
    input.show();
  });
}

/** A path below the workspace folder is written relative to it, where the tool runs. */
async function choosePath(folder: WorkspaceFolder, folders: boolean): Promise<string | undefined> {
  const [chosen] =
    (await window.showOpenDialog({
      defaultUri: folder.uri,
      canSelectFiles: !folders,
      canSelectFolders: folders,
      canSelectMany: false,
      openLabel: l10n.t("Choose"),
    })) ?? [];
  return chosen === undefined ? undefined : pathForTool(folder.uri, chosen);
}

function pathForTool(folder: Uri, chosen: Uri): string {
  if (chosen.path === folder.path) return ".";
  return chosen.path.startsWith(`${folder.path}/`) ? chosen.path.slice(folder.path.length + 1) : chosen.fsPath;
}
