import { l10n, type QuickPickItem, QuickPickItemKind } from "vscode";
import { type Parameter, pickedSubcommand, SUBCOMMAND_KEY, type Tool, type ToolArguments } from "../../model/index.ts";
import {
  pickableSubcommands,
  splitParameters,
  stepForm,
  subcommandOptional,
  valueNote,
  withValue,
} from "../text/parameter.ts";
import { parameterLabel } from "../text/tool.ts";
import type { LocatedTool } from "../tool-store.ts";
import { askParameter, pickStep, type StepAnswer, type StepPosition } from "./parameter-input.ts";

type Step =
  | { readonly kind: "subcommand" }
  | { readonly kind: "parameter"; readonly parameter: Parameter }
  | { readonly kind: "options"; readonly parameters: readonly Parameter[] };

/** The steps that a call needs; they depend on the subcommand picked so far. */
function stepsFor(tool: Tool, args: ToolArguments): readonly Step[] {
  const { required, optional } = splitParameters(tool, pickedSubcommand(args));
  return [
    ...(tool.subcommands.length > 0 ? [{ kind: "subcommand" } as const] : []),
    ...required.map((parameter): Step => ({ kind: "parameter", parameter })),
    ...(optional.length > 0 ? [{ kind: "options", parameters: optional } as const] : []),
  ];
}

/**
 * Asks a person for a tool's arguments, one step for each: the subcommand, what is required, then a list of options.
 * @param initial values that are already known; they are shown and can be changed
 * @param title what they are asked for
 * @returns nothing when the person left
 */
export async function askArguments(
  located: LocatedTool,
  initial: ToolArguments,
  title: string = l10n.t("Run {0}", located.tool.name),
): Promise<ToolArguments | undefined> {
  let args = initial;
  let index = 0;
  for (;;) {
    const steps = stepsFor(located.tool, args);
    const step = steps[index];
    if (step === undefined) return args;
    const position: StepPosition = {
      title,
      step: index + 1,
      total: steps.length,
      canGoBack: index > 0,
    };
    const answer = await askStep(located, step, args, position);
    if (answer.kind === "cancelled") return undefined;
    if (answer.kind === "back") index -= 1;
    else {
      args = answer.value;
      index += 1;
    }
  }
}

async function askStep(
  located: LocatedTool,
  step: Step,
  args: ToolArguments,
  position: StepPosition,
): Promise<StepAnswer<ToolArguments>> {
  switch (step.kind) {
    case "subcommand":
      return await askSubcommand(located.tool, args, position);
    case "parameter":
      return await askInto(located, step.parameter, args, {
        ...position,
        title: `${position.title}: ${parameterLabel(step.parameter)}`,
      });
    case "options":
      return await askOptions(located, step.parameters, args, position);
  }
}

/** Asks one parameter and puts the answer into the arguments. */
async function askInto(
  { tool, folder }: LocatedTool,
  parameter: Parameter,
  args: ToolArguments,
  position: StepPosition,
): Promise<StepAnswer<ToolArguments>> {
  const answer = await askParameter({ tool, folder, parameter, args }, position);
  return answer.kind === "value" ? { kind: "value", value: withValue(tool, args, parameter, answer.value) } : answer;
}

async function askSubcommand(
  tool: Tool,
  args: ToolArguments,
  position: StepPosition,
): Promise<StepAnswer<ToolArguments>> {
  const picked = pickedSubcommand(args);
  const items = [
    ...pickableSubcommands(tool).map(({ path, help }) => ({ label: path, ...(help ? { detail: help } : {}), path })),
    ...(subcommandOptional(tool) ? [{ label: l10n.t("No subcommand"), path: undefined }] : []),
  ];
  const answer = await pickStep<QuickPickItem & { readonly path: string | undefined }>(items, position, {
    placeholder: l10n.t("What should {0} do?", tool.name),
    active: items.filter(({ path }) => path !== undefined && path === picked),
  });
  if (answer.kind !== "value") return answer;
  const { path } = answer.value;
  if (path === picked) return { kind: "value", value: args };
  // Values of the other subcommand make no sense for this one; global ones are kept.
  const globals = new Set(splitNames(tool, undefined));
  const kept = Object.entries(args).filter(([name]) => globals.has(name));
  return { kind: "value", value: Object.fromEntries(path === undefined ? kept : [[SUBCOMMAND_KEY, path], ...kept]) };
}

function splitNames(tool: Tool, subcommand: string | undefined): string[] {
  const { required, optional } = splitParameters(tool, subcommand);
  return [...required, ...optional].map(({ name }) => name);
}

interface OptionItem extends QuickPickItem {
  readonly parameter?: Parameter;
}

function optionItems(parameters: readonly Parameter[], args: ToolArguments): OptionItem[] {
  return [
    { label: `$(arrow-right) ${l10n.t("Continue")}`, description: l10n.t("with these options"), alwaysShow: true },
    { label: l10n.t("Options"), kind: QuickPickItemKind.Separator },
    ...parameters.map((parameter): OptionItem => {
      const set = args[parameter.name] !== undefined;
      return {
        label: `$(${set ? "check" : "blank"}) ${parameterLabel(parameter)}`,
        description: valueNote(parameter, args, l10n.t),
        ...(parameter.help ? { detail: `$(blank) ${parameter.help.replaceAll(/\s+/g, " ")}` } : {}),
        parameter,
      };
    }),
  ];
}

/** The list of options: a switch turns over in place, another one is asked, and the list comes back. */
async function askOptions(
  located: LocatedTool,
  parameters: readonly Parameter[],
  initial: ToolArguments,
  position: StepPosition,
): Promise<StepAnswer<ToolArguments>> {
  let args = initial;
  for (;;) {
    // The first row is the active one, also after an option was set: Enter always continues.
    const answer = await pickStep(optionItems(parameters, args), position, {
      placeholder: l10n.t("Enter continues; choose an option to set it"),
    });
    if (answer.kind !== "value") return answer;
    const { parameter } = answer.value;
    if (parameter === undefined) return { kind: "value", value: args };
    if (stepForm(parameter) === "switch") {
      args = withValue(located.tool, args, parameter, turned(parameter, args));
      continue;
    }
    const set = await askInto(located, parameter, args, {
      title: `${position.title}: ${parameterLabel(parameter)}`,
      step: position.step,
      total: position.total,
      canGoBack: true,
    });
    if (set.kind === "cancelled") return set;
    if (set.kind === "value") args = set.value;
  }
}

/** A switch that stands at its default is turned over; one that was turned over goes back to its default. */
function turned(parameter: Parameter, args: ToolArguments): boolean | undefined {
  return args[parameter.name] === undefined ? parameter.default !== true : undefined;
}
