import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type * as z from "zod";
import { checkJson } from "../../discovery/index.ts";
import { type LimitSettings, type Limits, type Problem, Settings, UserConfiguration } from "../../model/index.ts";

/** The user's settings outside of the editor, and everything that is wrong with them. */
export interface UserSettings {
  /** The defaults stand where nothing, or something wrong, was said. */
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

const MEBIBYTE = 1024 * 1024;
const HELP = "Mend it, or take it out";

/**
 * The user's own configuration file: `$XDG_CONFIG_HOME/toka/config.json`, where that is set and absolute (XDG Base
 * Directory Specification), else the platform's place for such files.
 */
export function userConfigurationPath(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  return join(configurationRoot(environment, platform), "toka", "config.json");
}

function configurationRoot(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const xdg = environment["XDG_CONFIG_HOME"];
  if (xdg !== undefined && isAbsolute(xdg)) return xdg;
  if (platform === "darwin") return join(homedir(), "Library", "Application Support");
  const roaming = environment["APPDATA"];
  if (platform === "win32" && roaming !== undefined && roaming !== "") return roaming;
  return join(homedir(), ".config");
}

/** The settings that hold outside of the editor: the environment before the user's file before the defaults. */
export function userSettings(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): UserSettings {
  const file = readUserFile(userConfigurationPath(environment, platform));
  const variables = readVariables(environment);
  const merged: Record<string, unknown> = {};
  for (const section of sections()) {
    merged[section] = { ...file.value[section], ...variables.value.get(section) };
  }
  // Each value was checked on its own.
  return { settings: Settings.parse(merged), problems: [...file.problems, ...variables.problems] };
}

function sections(): (keyof Settings)[] {
  return Object.keys(Settings.shape) as (keyof Settings)[];
}

function readUserFile(path: string): { readonly value: UserConfiguration; readonly problems: readonly Problem[] } {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return { value: {}, problems: [] };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `Your configuration cannot be read: ${why}. ${HELP}`;
    return { value: {}, problems: [{ code: "bad-configuration", message, place: { file: path } }] };
  }
  const checked = checkJson(UserConfiguration, text, path, HELP);
  return checked.ok ? { value: checked.value, problems: [] } : { value: {}, problems: checked.problems };
}

/** The variable that stands for a setting: `limits.memoryMB` is `TOKA_LIMITS_MEMORY_MB`. */
export function variableOf(section: string, key: string): string {
  const words = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return `TOKA_${words(section)}_${words(key)}`;
}

/** Every setting with its variable and schema. */
function* variables(): Generator<{ section: keyof Settings; key: string; name: string; schema: z.ZodType }> {
  for (const section of sections()) {
    const shape: Readonly<Record<string, z.ZodType>> = Settings.shape[section].shape;
    for (const [key, schema] of Object.entries(shape)) yield { section, key, name: variableOf(section, key), schema };
  }
}

function readVariables(environment: NodeJS.ProcessEnv): {
  readonly value: ReadonlyMap<string, Record<string, unknown>>;
  readonly problems: readonly Problem[];
} {
  const value = new Map<string, Record<string, unknown>>();
  const problems: Problem[] = [];
  for (const { section, key, name, schema } of variables()) {
    const text = environment[name];
    if (text === undefined || text === "") continue;
    const readings = readingsOf(text).map((reading) => schema.safeParse(reading));
    const checked = readings.find(({ success }) => success) ?? schema.safeParse(text);
    if (checked.success) value.set(section, { ...value.get(section), [key]: checked.data });
    else {
      const why = checked.error.issues[0]?.message ?? "not valid";
      const message = `The variable ${name} (${section}.${key}) is ${JSON.stringify(text)}: ${why}. ${HELP}`;
      problems.push({ code: "bad-configuration", message, place: { file: name, field: `${section}.${key}` } });
    }
  }
  return { value, problems };
}

/** What a variable's text may mean: the text itself, JSON, or several words with commas between them. */
function readingsOf(text: string): readonly unknown[] {
  const list = text.split(",").map((word) => word.trim());
  try {
    return [JSON.parse(text), text];
  } catch {
    return [text, list.filter((word) => word !== "")]; // not JSON: words
  }
}

/** The user's limits in the kernel's units. */
export function limitsOf({ memoryMB, cpuPercent, timeSeconds }: LimitSettings): Partial<Limits> {
  return {
    ...(memoryMB === null ? {} : { memoryBytes: Math.max(1, Math.round(memoryMB * MEBIBYTE)) }),
    ...(cpuPercent === null ? {} : { cpuPercent }),
    ...(timeSeconds === null ? {} : { timeMs: Math.max(1, Math.round(timeSeconds * 1000)) }),
  };
}
