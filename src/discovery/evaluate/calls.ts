import { hostOf } from "./attributes.ts";
import { externalBases, isEnumClass, lookupInClass, memberByValue } from "./classes.ts";
import { fieldDefault, fieldsOf, isDataclass, isInit } from "./dataclasses.ts";
import { type Frame, newFrame } from "./frame.ts";
import type { ExternalModel, Interpreter } from "./interpreter.ts";
import { moduleScopeOf } from "./introspection.ts";
import { callMetaclass, isMetaclass } from "./metaclasses.ts";
import { Scope } from "./scope.ts";
import { executeBlock } from "./statements.ts";
import {
  type CallArguments,
  type ClassValue,
  dict,
  expected,
  type FunctionValue,
  type HostValue,
  type InstanceValue,
  join,
  list,
  NEVER,
  NONE,
  setItem,
  str,
  tuple,
  type UnknownValue,
  unknown,
  usually,
  type Value,
} from "./values.ts";

/** Calls a value as Python would; what cannot be followed gives unknown. */
export function callValue(interpreter: Interpreter, callee: Value, call: CallArguments): Value {
  interpreter.step();
  switch (callee.kind) {
    case "function":
      return callFunction(interpreter, callee, call, null);
    case "bound":
      return callFunction(interpreter, callee.function, call, callee.receiver);
    case "native":
      return callee.call(call);
    case "class":
      return instantiate(interpreter, callee, call);
    case "external":
      return callExternal(interpreter, callee.name, call);
    case "host":
      return callee.call?.(call) ?? unknown(`result of calling ${callee.typeName}`);
    case "instance":
      return callInstance(interpreter, callee, call);
    case "generic":
      return callValue(interpreter, callee.origin, call);
    default:
      return unknown("result of calling something unknown");
  }
}

function callInstance(interpreter: Interpreter, instance: InstanceValue, call: CallArguments): Value {
  const method = lookupInClass(instance.class, "__call__");
  if (method?.kind === "function") return callFunction(interpreter, method, call, instance);
  return instance.host?.call?.(call) ?? unknown(`result of calling a ${instance.class.name}`);
}

/** Library functions that call the function given to them, so that what it does is done. */
const RUNNERS: ReadonlySet<string> = new Set(["run", "wrapper", "run_app", "main", "run_until_complete", "runcall"]);

const NEVER_RETURN: ReadonlySet<string> = new Set([
  "sys.exit",
  "os._exit",
  "os.abort",
  "builtins.exit",
  "builtins.quit",
  "os.execv",
  "os.execve",
  "os.execvp",
  "os.execvpe",
  "os.execl",
  "os.execlp",
]);

function callExternal(interpreter: Interpreter, name: string, call: CallArguments): Value {
  if (NEVER_RETURN.has(name)) return NEVER;
  const model = interpreter.models.calls.get(name);
  if (model !== undefined) return callModel(interpreter, name, model, call);
  const [first, ...rest] = call.positional;
  if (name.endsWith(".__init__") && first?.kind === "instance") {
    const base = name.slice(0, -".__init__".length);
    first.host ??= constructHost(interpreter, base, { ...call, positional: rest });
    return NONE;
  }
  // `Base.method(self, …)`
  const host = interpreter.models.calls.has(name.slice(0, name.lastIndexOf("."))) ? hostOf(first) : null;
  const done = host?.callMethod?.(name.slice(name.lastIndexOf(".") + 1), { ...call, positional: rest });
  if (done !== undefined) return done;
  if (RUNNERS.has(name.slice(name.lastIndexOf(".") + 1))) {
    for (const value of [...call.positional, ...call.keywords.values()]) {
      if (value.kind === "function" || value.kind === "bound") {
        callValue(interpreter, value, { ...interpreter.emptyCall(call.file, call.line), openPositional: true });
      }
    }
  }
  return unknown(`result of ${name}()`);
}

function callModel(interpreter: Interpreter, name: string, model: ExternalModel, call: CallArguments): Value {
  if (interpreter.models.declaring.has(name)) interpreter.noticeLibrary(true);
  const result = model(call, interpreter);
  const isOpen = result.kind === "unknown" && result.usually === undefined && isComputed(name);
  return isOpen ? usualResult(model, call, interpreter, result) : result;
}

/** Functions that only compute with their arguments. */
function isComputed(name: string): boolean {
  return /^(?:builtins\.(?:int|float|str|bool|list|tuple|set|len|min|max|sorted)|os\.path\.\w+|pathlib\.\w+)$/u.test(
    name,
  );
}

/** What a function gives for arguments that are only usually so. */
function usualResult(model: ExternalModel, call: CallArguments, interpreter: Interpreter, result: UnknownValue): Value {
  const positional = call.positional.map(expected);
  const isSame = positional.every((value, index) => value === call.positional[index]);
  return isSame ? result : usually(model({ ...call, positional }, interpreter), result.reason);
}

function constructHost(interpreter: Interpreter, base: string, call: CallArguments): HostValue | null {
  if (interpreter.models.declaring.has(base)) interpreter.noticeLibrary(true);
  const made = interpreter.models.calls.get(base)?.(call, interpreter);
  return made?.kind === "host" ? made : null;
}

// --- classes ----------------------------------------------------------------------------------------------------

function instantiate(interpreter: Interpreter, made: ClassValue, call: CallArguments): Value {
  if (isEnumClass(made)) {
    const wanted = call.positional[0];
    return (wanted && memberByValue(made, wanted)) ?? unknown(`a member of ${made.name}`);
  }
  if (isMetaclass(made)) return callMetaclass(interpreter, made, call);
  const instance: InstanceValue = { kind: "instance", class: made, attributes: new Map(), host: null };
  const init = lookupInClass(made, "__init__");
  if (init?.kind === "function") callFunction(interpreter, init, call, instance);
  else if (isDataclass(made)) fillFields(interpreter, instance, call);
  else constructBase(interpreter, instance, made, call);
  if (instance.host === null) constructBase(interpreter, instance, made, interpreter.emptyCall(call.file, call.line));
  return instance;
}

/** Makes the model of the library class that an instance's class extends, looked for after a class of its own. */
export function constructBase(
  interpreter: Interpreter,
  instance: InstanceValue,
  start: ClassValue,
  call: CallArguments,
  after?: ClassValue,
): void {
  if (instance.host !== null) return;
  for (const base of externalBases(start, after)) {
    const host = constructHost(interpreter, base, call);
    if (host !== null) {
      instance.host = host;
      host.adopt?.(instance);
      return;
    }
  }
}

function fillFields(interpreter: Interpreter, instance: InstanceValue, call: CallArguments): void {
  const fields = fieldsOf(instance.class);
  const positional = fields.filter(isInit);
  for (const field of fields) {
    const { name } = field;
    const at = positional.indexOf(field);
    const given = (at === -1 ? undefined : call.positional[at]) ?? call.keywords.get(name);
    const isOpen = call.openPositional || call.openKeywords;
    const fallback = isOpen ? unknown(`field ${name}`) : fieldDefault(interpreter, field, call);
    instance.attributes.set(name, given ?? fallback ?? unknown(`field ${name}`));
  }
  const after = lookupInClass(instance.class, "__post_init__");
  if (after?.kind === "function") {
    callFunction(interpreter, after, interpreter.emptyCall(call.file, call.line), instance);
  }
}

// --- functions --------------------------------------------------------------------------------------------------

/** How often one function may stand on the call stack. */
const MAX_RECURSION = 3;

function callFunction(
  interpreter: Interpreter,
  callee: FunctionValue,
  call: CallArguments,
  receiver: Value | null,
): Value {
  if (interpreter.depth >= interpreter.limits.depth || isTooDeep(interpreter.stack, callee.node)) {
    return unknown(`${callee.name} calls itself too deeply`);
  }
  const scope = new Scope(callee.scope);
  const bound = callee.binding === "static" || receiver === null ? call.positional : [receiver, ...call.positional];
  const self = callee.binding === "static" ? null : (receiver ?? call.positional[0] ?? null);
  bindArguments(callee, call, bound, scope);
  const frame = newFrame(callee.file, scope, moduleScopeOf(callee.scope), callee.owner, self);
  interpreter.depth += 1;
  interpreter.stack.push(callee.node);
  try {
    return runBody(interpreter, callee, frame);
  } finally {
    interpreter.depth -= 1;
    interpreter.stack.pop();
  }
}

/** Whether a function stands on the call stack as often as it may. */
function isTooDeep(stack: readonly object[], node: object): boolean {
  let count = 0;
  for (const item of stack) if (item === node) count += 1;
  return count >= MAX_RECURSION;
}

function runBody(interpreter: Interpreter, callee: FunctionValue, frame: Frame): Value {
  if (callee.node.kind === "Lambda") return interpreter.evaluate(callee.node.body, frame);
  frame.madeUnder = interpreter.conditional;
  const completion = executeBlock(interpreter, callee.node.body, frame);
  if (frame.isGenerator) return list(frame.yields, frame.yieldsMore);
  if (completion === "normal") frame.returns.push(NONE);
  const [first, ...others] = frame.returns;
  if (first === undefined) return NEVER;
  return others.reduce(join, first);
}

/** @param values what is passed by position, the receiver included */
function bindArguments(callee: FunctionValue, call: CallArguments, values: readonly Value[], scope: Scope): void {
  const { args } = callee;
  const positional = args.posonlyargs.length === 0 ? args.args : [...args.posonlyargs, ...args.args];
  const firstDefault = positional.length - callee.defaults.length;
  for (const [index, { arg: name }] of positional.entries()) {
    const given = values[index] ?? call.keywords.get(name);
    scope.set(name, given ?? missing(call, callee.defaults[index - firstDefault] ?? null, name));
  }
  for (const [index, { arg: name }] of args.kwonlyargs.entries()) {
    const given = call.keywords.get(name);
    scope.set(name, given ?? missing(call, callee.keywordDefaults[index] ?? null, name));
  }
  if (args.vararg !== null) {
    scope.set(args.vararg.arg, tuple(values.slice(positional.length), call.openPositional));
  }
  if (args.kwarg !== null) scope.set(args.kwarg.arg, furtherKeywords([...positional, ...args.kwonlyargs], call));
}

/** What `**kwargs` gets: the keywords that are none of the parameters. */
function furtherKeywords(parameters: readonly { readonly arg: string }[], call: CallArguments): Value {
  const used = new Set(parameters.map(({ arg }) => arg));
  const rest = dict([], call.openKeywords);
  for (const [name, value] of call.keywords) if (!used.has(name)) setItem(rest, str(name), value);
  return rest;
}

function missing(call: CallArguments, fallback: Value | null, name: string): Value {
  if (call.openPositional || call.openKeywords) return unknown(`argument ${name}`);
  return fallback ?? unknown(`argument ${name} is not given`);
}
