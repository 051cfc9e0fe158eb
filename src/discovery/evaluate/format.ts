import { getItem, int, str, unknown, type Value } from "./values.ts";

/** `str(value)`, `undefined` when it is not known. */
export function textOf(value: Value): string | undefined {
  switch (value.kind) {
    case "str":
    case "path":
      return value.value;
    case "int":
      return value.value.toString();
    case "float":
      return floatText(value.value);
    case "bool":
      return value.value ? "True" : "False";
    case "none":
      return "None";
    case "list":
    case "tuple":
    case "set":
      return sequenceText(value.kind, value.open ? [undefined] : value.items.map(reprOf));
    case "dict":
      return dictText(value);
    case "enum":
      return enumText(value);
    default:
      return undefined;
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value.toFixed(1)}`;
  // Python writes exponents with two digits at least.
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

function sequenceText(kind: "list" | "tuple" | "set", items: readonly (string | undefined)[]): string | undefined {
  if (items.includes(undefined)) return undefined;
  if (kind === "list") return `[${items.join(", ")}]`;
  if (kind === "tuple") return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
  // The order of a set's items is not known.
  return items.length === 1 ? `{${items[0]}}` : undefined;
}

function dictText(value: Value & { kind: "dict" }): string | undefined {
  if (value.open) return undefined;
  const parts = [...value.entries.values()].map((entry) => {
    const key = reprOf(entry.key);
    const item = reprOf(entry.value);
    return key === undefined || item === undefined ? undefined : `${key}: ${item}`;
  });
  return parts.includes(undefined) ? undefined : `{${parts.join(", ")}}`;
}

function enumText(value: Value & { kind: "enum" }): string | undefined {
  const isText = value.class.bases.some((base) => base.kind === "external" && base.name === "enum.StrEnum");
  return isText ? textOf(value.value) : `${value.class.name}.${value.name}`;
}

/** `repr(value)`, `undefined` when it is not known. */
export function reprOf(value: Value): string | undefined {
  if (value.kind === "str") return quote(value.value);
  if (value.kind === "path") return `PosixPath(${quote(value.value)})`;
  return value.kind === "enum" ? undefined : textOf(value);
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

/** `format(value, spec)` after a `!conversion`; the subset of format specifications that help texts use. */
export function formatValue(value: Value, spec: string, conversion: string): string | undefined {
  const text = conversion === "r" || conversion === "a" ? reprOf(value) : textOf(value);
  if (text === undefined || spec === "") return text;
  const parsed = /^(?:(.)?([<>^=]))?([+ -])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su.exec(spec);
  if (parsed === null) return undefined;
  const [, fill, align, , , zero, width, grouping, precision, type] = parsed;
  const body = formatBody(value, text, precision, type, grouping);
  if (body === undefined) return undefined;
  const size = width === undefined ? 0 : Number(width);
  if (size > 10_000) return undefined;
  const isNumber = value.kind === "int" || value.kind === "float";
  return pad(body, size, fill ?? (zero === undefined ? " " : "0"), align ?? (isNumber ? ">" : "<"));
}

function formatBody(
  value: Value,
  text: string,
  precision: string | undefined,
  type: string | undefined,
  grouping: string | undefined,
): string | undefined {
  if (value.kind === "str") return precision === undefined ? text : text.slice(0, Number(precision));
  if (value.kind !== "int" && value.kind !== "float") return text;
  const digits = precision === undefined ? 6 : Math.min(Number(precision), 100);
  const body = formatNumber(value.value, text, type, precision === undefined ? undefined : digits);
  return grouping === undefined ? body : body?.replace(/\B(?=(\d{3})+(?!\d))/g, grouping);
}

function formatNumber(
  value: number | bigint,
  text: string,
  type: string | undefined,
  digits: number | undefined,
): string | undefined {
  const number = Number(value);
  switch (type) {
    case undefined:
      return digits === undefined ? text : undefined;
    case "d":
      return text;
    case "f":
    case "F":
      return fixed(number, digits ?? 6);
    case "%":
      return `${fixed(number * 100, digits ?? 6)}%`;
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    case "o":
      return value.toString(8);
    case "b":
      return value.toString(2);
    default:
      return undefined;
  }
}

/** Decimal places as Python writes them: a tie goes to the even digit, where `toFixed` goes up. */
function fixed(number: number, digits: number): string {
  const exact = number.toFixed(Math.min(100, digits + 60));
  const rounded = number.toFixed(digits);
  const rest = exact.slice(exact.indexOf(".") + 1 + digits);
  if (!/^50*$/u.test(rest)) return rounded;
  const down = exact.slice(0, exact.indexOf(".") + (digits === 0 ? 0 : 1 + digits));
  return Number(down.at(-1)) % 2 === 0 ? down : rounded;
}

function pad(text: string, width: number, fill: string, align: string): string {
  const missing = width - text.length;
  if (missing <= 0) return text;
  if (align === ">" || align === "=") return fill.repeat(missing) + text;
  if (align === "<") return text + fill.repeat(missing);
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

/** `template % values`. */
export function percentFormat(template: string, values: Value): Value {
  const positional = values.kind === "tuple" ? values.items : [values];
  if (values.kind === "tuple" && values.open) return unknown("formats something unknown");
  let next = 0;
  let isKnown = true;
  const text = template.replace(
    /%(?:\((?<key>[^)]*)\))?(?<flags>[-#0 +]*)(?<width>\d+)?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])/gu,
    (...match) => {
      const groups = match.at(-1) as Record<string, string | undefined>;
      if (groups["type"] === "%") return "%";
      const value = groups["key"] === undefined ? positional[next++] : keyed(values, groups["key"]);
      const formatted = value === undefined ? undefined : percentPart(value, groups);
      if (formatted === undefined) isKnown = false;
      return formatted ?? "";
    },
  );
  return isKnown ? str(text) : unknown("formats something unknown");
}

function keyed(values: Value, key: string): Value | undefined {
  return values.kind === "dict" ? getItem(values, str(key)) : undefined;
}

function percentPart(value: Value, groups: Record<string, string | undefined>): string | undefined {
  const precision = groups["precision"];
  const text = percentText(value, groups["type"] ?? "s", precision);
  if (text === undefined) return undefined;
  const flags = groups["flags"] ?? "";
  const width = Math.min(Number(groups["width"] ?? 0), 10_000);
  const isLeft = flags.includes("-");
  return pad(text, width, flags.includes("0") && !isLeft ? "0" : " ", isLeft ? "<" : ">");
}

function percentText(value: Value, type: string, precision: string | undefined): string | undefined {
  switch (type) {
    case "s":
      return textOf(value)?.slice(0, precision === undefined ? undefined : Number(precision));
    case "r":
    case "a":
      return reprOf(value)?.slice(0, precision === undefined ? undefined : Number(precision));
    case "d":
    case "i":
    case "u":
      if (value.kind === "float") return String(Math.trunc(value.value));
      return value.kind === "int" ? textOf(value) : undefined;
    default:
      return formatValue(value, `${precision === undefined ? "" : `.${precision}`}${type}`, "");
  }
}

/** `template.format(*positional, **keywords)`. */
export function braceFormat(
  template: string,
  positional: readonly Value[],
  keywords: ReadonlyMap<string, Value>,
  open: boolean,
): Value {
  let next = 0;
  let isKnown = true;
  const part = (field: string, conversion: string, spec: string): string => {
    const name = field === "" ? String(next++) : field;
    const value = /^\d+$/u.test(name) ? positional[Number(name)] : keywords.get(name);
    const formatted = value === undefined ? undefined : formatValue(value, spec, conversion);
    if (formatted === undefined) isKnown = false;
    return formatted ?? "";
  };
  const text = template.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}/gu,
    (whole: string, field = "", conversion = "", spec = "") => {
      if (whole === "{{" || whole === "}}") return whole.charAt(0);
      return part(field, conversion, spec);
    },
  );
  return isKnown && !(open && text === template) ? str(text) : unknown("formats something unknown");
}

/** Python's `int(text)` or `float(text)` of a literal, `undefined` when it is none. */
export function parseNumber(text: string, kind: "int" | "float"): Value | undefined {
  const trimmed = text.trim().replaceAll("_", "");
  if (kind === "int") return /^[+-]?\d{1,30}$/.test(trimmed) ? int(BigInt(trimmed)) : undefined;
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed);
  return isNumber ? { kind: "float", value: Number(trimmed) } : undefined;
}
