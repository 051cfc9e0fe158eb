import type { Arguments, Call, FunctionDef } from "../../python/index.ts";
import type { Need } from "./rules.ts";

/** Module body, run by import and by being run. */
export const MODULE_UNIT = "<module>";
/** The part under `if __name__ == "__main__"`. */
export const MAIN_UNIT = "<main>";

/** What a variable holds is a unit of its own, as what a class variable does under the name of the class. */
export function variableUnit(name: string): string {
  return `=${name}`;
}

/** Neither a module body nor what a variable holds. */
export function isCalled(unit: string): boolean {
  return unit !== MODULE_UNIT && !unit.startsWith("=");
}

/** A unit of some file. */
export interface UnitName {
  readonly file: string;
  readonly unit: string;
}

/** From a unit to code that it may reach. */
export type Edge =
  | (UnitName & {
      /**
       * - `unit`: a function, a module body, what a variable holds;
       * - `object`: a class of which an object is made;
       * - `own`: a class of which, or of one below which, `cls()` makes an object;
       * - `receiver`: a class that is named to call one of its methods;
       * - `base`: a class that another one is derived from;
       * - `virtual`: a method of a class, or of the class below it that the object is of.
       */
      readonly kind: "unit" | "object" | "own" | "receiver" | "base" | "virtual";
      /** Given to a framework that may call it when the program runs; a function called by itself does not run it. */
      readonly isLate?: true;
    })
  /** A method of an object whose class is not known. */
  | { readonly kind: "method"; readonly name: string; readonly shape: CallShape };

/** A method that stands for another one where there is an object of its class. */
export interface Override {
  readonly base: UnitName;
  readonly unit: string;
}

/** A unit that is registered under a variable: reached once the variable is used. */
export interface Registration {
  readonly variable: UnitName;
  readonly unit: string;
  readonly isClass: boolean;
}

/** What a call passes: how many by position, and which by name; null for what is not known. */
export interface CallShape {
  readonly positional: number | null;
  readonly keywords: readonly string[] | null;
}

/** What a method takes after `self`; null for any number or any name. */
export interface Signature {
  readonly least: number;
  readonly most: number | null;
  readonly names: readonly string[] | null;
}

export interface Method {
  readonly name: string;
  /** Called on the class as well as on its objects. */
  readonly isOfClass: boolean;
  /** null where something else may stand before the function. */
  readonly signature: Signature | null;
}

/**
 * A function, a method, a module body, or a class: what making an object of it does. What it needs itself and what it
 * reaches.
 */
export interface Unit {
  readonly needs: Need[];
  readonly edges: Edge[];
  readonly overrides: Override[];
  readonly registrations: Registration[];
  /** Of a class. */
  readonly methods: Method[];
}

export function newUnit(): Unit {
  return { needs: [], edges: [], overrides: [], registrations: [], methods: [] };
}

const NO_KEYWORDS: readonly string[] = [];
/** Most calls are alike. */
const PLAIN_SHAPES: readonly CallShape[] = [0, 1, 2, 3, 4].map((positional) => ({ positional, keywords: NO_KEYWORDS }));

export function shapeOf({ args, keywords }: Call): CallShape {
  const plain = keywords.length === 0 ? PLAIN_SHAPES[args.length] : undefined;
  const isStarred = args.some((item) => item.kind === "Starred");
  if (plain !== undefined && !isStarred) return plain;
  const names = keywords.flatMap((item) => item.arg ?? []);
  return { positional: isStarred ? null : args.length, keywords: names.length < keywords.length ? null : names };
}

/** Decorators after which a method still takes what it says. */
const TRANSPARENT: ReadonlySet<string> = new Set(["staticmethod", "classmethod", "abstractmethod", "override"]);

export function isOfClass({ decorator_list }: FunctionDef): boolean {
  return decorator_list.some((item) => item.kind === "Name" && OF_CLASS.has(item.id));
}

const OF_CLASS: ReadonlySet<string> = new Set(["classmethod", "staticmethod"]);

export function signatureOf({ args, decorator_list }: FunctionDef): Signature | null {
  const names = decorator_list.map((item) =>
    item.kind === "Name" ? item.id : item.kind === "Attribute" ? item.attr : "",
  );
  if (!names.every((name) => TRANSPARENT.has(name))) return null;
  const own = names.includes("staticmethod") ? 0 : 1;
  const positional = [...args.posonlyargs, ...args.args].slice(own);
  return {
    least: Math.max(0, positional.length - args.defaults.length) + requiredKeywords(args),
    most: args.vararg === null ? positional.length : null,
    names: args.kwarg === null ? [...positional, ...args.kwonlyargs].map(({ arg }) => arg) : null,
  };
}

function requiredKeywords({ kw_defaults }: Arguments): number {
  return kw_defaults.filter((value) => value === null).length;
}

/** Whether Python would take a call of this shape without a `TypeError`. */
export function accepts({ least, most, names }: Signature, { positional, keywords }: CallShape): boolean {
  if (positional !== null && most !== null && positional > most) return false;
  if (keywords !== null && names !== null && keywords.some((name) => !names.includes(name))) return false;
  return positional === null || keywords === null || positional + keywords.length >= least;
}
