import type * as z from "zod";

export type Json = z.core.util.JSONType;

/** A result file of a finished step. As an argument it is its path, and the step that gets it may read it. */
export class FileValue {
  /** Absolute. */
  readonly path: string;
  /** Relative to the results of its run. */
  readonly name: string;

  constructor(path: string, name: string) {
    this.path = path;
    this.name = name;
  }
}

/** Named values. A Map is one; others may find their values only when they are asked. */
export interface RecordValue {
  get(key: string): Value | undefined;
  keys(): Iterable<string>;
  /** Why there is nothing under a key, where more can be said than that. */
  missing?(key: string): string | undefined;
}

/** What an expression gives. There are no objects with prototypes among these. */
export type Value = null | boolean | number | string | FileValue | readonly Value[] | RecordValue;

/** Something wrong while a value is found: one sentence for people. */
export class ValueProblem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isRecord(value: Value): value is RecordValue {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof FileValue);
}

/** Own properties only: a key such as `__proto__` is a key like any other. */
export function fromJson(json: Json): Value {
  if (Array.isArray(json)) return json.map(fromJson);
  if (typeof json !== "object" || json === null) return json;
  return new Map(Object.entries(json).map(([key, value]) => [key, fromJson(value)]));
}

/** @param onFile is told each file that the value holds; it becomes its path */
export function toJson(value: Value, onFile: (file: FileValue) => void): Json {
  if (value instanceof FileValue) {
    onFile(value);
    return value.path;
  }
  if (isList(value)) return value.map((item) => toJson(item, onFile));
  if (!isRecord(value)) return value;
  const entries = [...value.keys()].map((key) => [key, toJson(value.get(key) ?? null, onFile)] as const);
  return Object.fromEntries(entries);
}

/** A value inside a text: lists and records as JSON, nothing for null. */
export function toText(value: Value, onFile: (file: FileValue) => void): string {
  const json = toJson(value, onFile);
  if (json === null) return "";
  return typeof json === "object" ? JSON.stringify(json) : String(json);
}

/** What a value is, for people. */
export function kindOf(value: Value): string {
  if (value === null) return "null";
  if (value instanceof FileValue) return "a file";
  if (isList(value)) return "a list";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "number" ? "a number" : "a record";
}

/** Equal by content; values of different types never are. */
export function isEqual(left: Value, right: Value): boolean {
  if (left instanceof FileValue) return right instanceof FileValue && left.path === right.path;
  if (isList(left)) return isList(right) && isEqualList(left, right);
  if (isRecord(left)) return isRecord(right) && isEqualRecord(left, right);
  return left === right;
}

function isEqualList(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => isEqual(item, right[index] ?? null));
}

function isEqualRecord(left: RecordValue, right: RecordValue): boolean {
  const keys = [...left.keys()];
  if (keys.length !== [...right.keys()].length) return false;
  return keys.every((key) => {
    const [one, other] = [left.get(key), right.get(key)];
    return one !== undefined && other !== undefined && isEqual(one, other);
  });
}
