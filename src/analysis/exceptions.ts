import type { ExceptHandler, Expression } from "../python/index.ts";

/** Each built-in exception with its base class (Python 3.14 library reference, "Exception hierarchy"). */
const BASE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BaseException: "object",
    BaseExceptionGroup: "BaseException",
    GeneratorExit: "BaseException",
    KeyboardInterrupt: "BaseException",
    SystemExit: "BaseException",
    Exception: "BaseException",
    ArithmeticError: "Exception",
    FloatingPointError: "ArithmeticError",
    OverflowError: "ArithmeticError",
    ZeroDivisionError: "ArithmeticError",
    AssertionError: "Exception",
    AttributeError: "Exception",
    BufferError: "Exception",
    EOFError: "Exception",
    ExceptionGroup: "Exception",
    ImportError: "Exception",
    ModuleNotFoundError: "ImportError",
    LookupError: "Exception",
    IndexError: "LookupError",
    KeyError: "LookupError",
    MemoryError: "Exception",
    NameError: "Exception",
    UnboundLocalError: "NameError",
    OSError: "Exception",
    BlockingIOError: "OSError",
    ChildProcessError: "OSError",
    ConnectionError: "OSError",
    BrokenPipeError: "ConnectionError",
    ConnectionAbortedError: "ConnectionError",
    ConnectionRefusedError: "ConnectionError",
    ConnectionResetError: "ConnectionError",
    FileExistsError: "OSError",
    FileNotFoundError: "OSError",
    InterruptedError: "OSError",
    IsADirectoryError: "OSError",
    NotADirectoryError: "OSError",
    PermissionError: "OSError",
    ProcessLookupError: "OSError",
    TimeoutError: "OSError",
    ReferenceError: "Exception",
    RuntimeError: "Exception",
    NotImplementedError: "RuntimeError",
    PythonFinalizationError: "RuntimeError",
    RecursionError: "RuntimeError",
    StopAsyncIteration: "Exception",
    StopIteration: "Exception",
    SyntaxError: "Exception",
    IndentationError: "SyntaxError",
    TabError: "IndentationError",
    SystemError: "Exception",
    TypeError: "Exception",
    ValueError: "Exception",
    UnicodeError: "ValueError",
    UnicodeDecodeError: "UnicodeError",
    UnicodeEncodeError: "UnicodeError",
    UnicodeTranslateError: "UnicodeError",
    Warning: "Exception",
    BytesWarning: "Warning",
    DeprecationWarning: "Warning",
    EncodingWarning: "Warning",
    FutureWarning: "Warning",
    ImportWarning: "Warning",
    PendingDeprecationWarning: "Warning",
    ResourceWarning: "Warning",
    RuntimeWarning: "Warning",
    SyntaxWarning: "Warning",
    UnicodeWarning: "Warning",
    UserWarning: "Warning",
  }),
);

/** Other names of the same class. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["EnvironmentError", "OSError"],
  ["IOError", "OSError"],
  ["WindowsError", "OSError"],
]);

/** The built-in exception that a name stands for, else null. */
export function builtinException(name: string): string | null {
  const canonical = ALIASES.get(name) ?? name;
  return BASE_OF.has(canonical) ? canonical : null;
}

/** Whether a built-in exception is the other one or a subclass of it. */
function isSubclass(name: string, ancestor: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = BASE_OF.get(at)) if (at === ancestor) return true;
  return false;
}

/** Whether a handler takes an exception of a known built-in class. `maybe`: a class of the handler is not known. */
export type Taking = "yes" | "no" | "maybe";

/** @param thrown a built-in exception's name, or null when the class is not known */
export function takes(handler: ExceptHandler, thrown: string | null): Taking {
  if (handler.type === null) return "yes";
  return takesClass(handler.type, thrown);
}

function takesClass(type: Expression, thrown: string | null): Taking {
  if (type.kind === "Tuple") {
    let result: Taking = "no";
    for (const item of type.elts) {
      const one = takesClass(item, thrown);
      if (one === "yes") return "yes";
      if (one === "maybe") result = "maybe";
    }
    return result;
  }
  const caught = type.kind === "Name" ? builtinException(type.id) : null;
  if (caught === "BaseException") return "yes";
  if (caught === null || thrown === null) return "maybe";
  return isSubclass(thrown, caught) ? "yes" : "no";
}

/** The class of what is raised, as written (`errors.Missing` of `raise errors.Missing(x)`), else null. */
export function raisedClass(exc: Expression): string | null {
  const callee = exc.kind === "Call" ? exc.func : exc;
  let name = "";
  let at: Expression = callee;
  while (at.kind === "Attribute") {
    name = `.${at.attr}${name}`;
    at = at.value;
  }
  return at.kind === "Name" ? at.id + name : null;
}
