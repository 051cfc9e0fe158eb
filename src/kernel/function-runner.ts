/**
 * The Python program that calls one function of a file: `python -c FUNCTION_RUNNER FILE NAME JSON`. It imports the file
 * (as a module of its package, when it lies in one), finds the function behind its framework's decorator, gives it the
 * arguments in the types that it asks for, awaits it if need be, and prints the result as JSON; what the function itself
 * prints goes to standard error. `NAME` is the path of the function through the functions and classes around it, and
 * `handler:tool` names a tool of a low-level MCP server.
 *
 * A framework that is not installed is stood in for, so that the plain function still runs: decorators give back what
 * they decorate. What a framework would fill in (a context) is such a stand-in too.
 */
export const FUNCTION_RUNNER = `
import asyncio, dataclasses, datetime, enum, importlib, importlib.machinery, importlib.util
import inspect, json, os, pathlib, sys, types, typing

FRAMEWORKS = {"mcp", "mcp_types", "fastmcp", "langchain", "langchain_core", "langchain_community", "langgraph",
              "smolagents", "pydantic_ai", "pydantic", "agents"}


class Base:
    pass


class Model:
    def __init__(self, **given):
        for owner in reversed(type(self).__mro__):
            for name in owner.__dict__.get("__annotations__", {}):
                default = getattr(type(self), name, None)
                setattr(self, name, default.value() if isinstance(default, Field) else default)
        for name, value in given.items():
            setattr(self, name, value)

    def model_dump(self, **_options):
        return dict(vars(self))

    dict = model_dump


class Field:
    def __init__(self, default=..., default_factory=None, **_options):
        self.default, self.default_factory = default, default_factory

    def value(self):
        if self.default_factory is not None:
            return self.default_factory()
        return None if self.default is ... else self.default


class StandIn:
    def __init__(self, name):
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args, **options):
        if len(args) == 1 and (inspect.isroutine(args[0]) or inspect.isclass(args[0])):
            return args[0]
        return StandIn(self.__name__)

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(name)

    def __getitem__(self, _item):
        return self

    def __mro_entries__(self, _bases):
        return (Base,)

    def __or__(self, _other):
        return typing.Any

    __ror__ = __or__

    def __iter__(self):
        return iter(())

    def __bool__(self):
        return False

    def __await__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        return False

    def __str__(self):
        return ""


class StandInLoader:
    def create_module(self, spec):
        return StandInModule(spec.name)

    def exec_module(self, module):
        module.__path__ = []


class StandInModule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if self.__name__.startswith("pydantic") and name in ("BaseModel", "Field"):
            return Model if name == "BaseModel" else Field
        return StandIn(name)


class StandInFinder:
    def find_spec(self, name, _path=None, _target=None):
        if name.partition(".")[0] not in FRAMEWORKS:
            return None
        return importlib.machinery.ModuleSpec(name, StandInLoader(), is_package=True)


class Found(BaseException):
    pass


def load(file):
    folder, base = os.path.split(os.path.abspath(file))
    stem = os.path.splitext(base)[0]
    parts = [] if stem == "__init__" else [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    sys.path.insert(0, folder)
    with open(file, "rb") as source:
        if b"function_tool" in source.read():
            keep_function_tools()
    if len(parts) > 1 or stem == "__init__":
        return importlib.import_module(".".join(parts))
    name = stem if stem.isidentifier() and stem not in sys.modules else "tool_" + "".join(filter(str.isalnum, stem))
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def keep_function_tools():
    # The decorator of openai-agents keeps the function where nothing finds it again.
    def function_tool(function=None, **_options):
        return (lambda decorated: decorated) if function is None else function

    for name in ("agents", "agents.tool"):
        try:
            module = importlib.import_module(name)
        except Exception:
            continue
        if not isinstance(module, StandInModule) and hasattr(module, "function_tool"):
            module.function_tool = function_tool


def stand_ins(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], {}
    needed = [one for one in parameters if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return ([StandIn(one.name) for one in needed if one.kind != one.KEYWORD_ONLY],
            {one.name: StandIn(one.name) for one in needed if one.kind == one.KEYWORD_ONLY})


def defined_in(function, name):
    code = inspect.unwrap(function).__code__

    def local(frame, _event, _argument):
        if name in frame.f_locals:
            raise Found(frame.f_locals[name])
        return local

    def trace(frame, _event, _argument):
        return local if frame.f_code is code else None

    args, options = stand_ins(function)
    sys.settrace(trace)
    try:
        made = function(*args, **options)
        if inspect.isawaitable(made):
            asyncio.run(made)
    except Found as found:
        return found.args[0]
    finally:
        sys.settrace(None)
    raise SystemExit("%s: %s does not define it when it is called" % (name, function.__qualname__))


def plain(value):
    for _ in range(10):
        if inspect.isroutine(value) or inspect.isclass(value):
            return value
        for name in ("fn", "func", "function", "coroutine", "forward", "_run", "__wrapped__"):
            inner = getattr(value, name, None)
            if callable(inner) and not isinstance(inner, StandIn):
                value = inner
                break
        else:
            return value
    return value


def find(module, path):
    value = module
    for name in path.split("."):
        if inspect.isroutine(value):
            value = defined_in(value, name)
        elif inspect.isclass(value):
            args, options = stand_ins(value)
            value = getattr(value(*args, **options), name)
        else:
            value = getattr(value, name)
        value = plain(value)
    if inspect.isclass(value):
        args, options = stand_ins(value)
        made = value(*args, **options)
        if hasattr(made, "setup"):
            made.setup()
        value = getattr(made, "forward", None) or made._run
    return value


def convert(hint, value):
    try:
        import pydantic
        adapter = None if isinstance(pydantic, StandInModule) else pydantic.TypeAdapter(hint)
    except Exception:
        adapter = None
    return convert_plainly(hint, value) if adapter is None else adapter.validate_python(value)


def convert_plainly(hint, value):
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return convert_plainly(args[0], value)
    if origin is typing.Union or origin is getattr(types, "UnionType", ()):
        others = [one for one in args if one is not type(None)]
        return convert_plainly(others[0], value) if len(others) == 1 and value is not None else value
    if origin in (list, set, frozenset, tuple) and isinstance(value, list):
        item = args[0] if args else typing.Any
        return origin(convert_plainly(item, one) for one in value)
    if origin is dict and isinstance(value, dict) and len(args) == 2:
        return {key: convert_plainly(args[1], one) for key, one in value.items()}
    if not inspect.isclass(hint):
        return value
    if isinstance(value, dict) and (dataclasses.is_dataclass(hint) or issubclass(hint, Model)):
        hints = type_hints(hint)
        return hint(**{name: convert_plainly(hints.get(name, typing.Any), one) for name, one in value.items()})
    if issubclass(hint, enum.Enum) or (issubclass(hint, (pathlib.PurePath, float, set, tuple)) and value is not None):
        return hint(value)
    if issubclass(hint, (datetime.datetime, datetime.date, datetime.time)) and isinstance(value, str):
        return hint.fromisoformat(value)
    return value


def type_hints(function):
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:
        return {}


def default(value):
    if isinstance(value, Field):
        return value.value()
    if type(value).__name__ == "FieldInfo" and hasattr(value, "get_default"):
        return value.get_default(call_default_factory=True)
    return value


def bound(function, given):
    hints = type_hints(inspect.unwrap(function))
    args, options = [], {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in given:
            value = convert(hints.get(name, typing.Any), given[name])
        elif parameter.default is parameter.empty:
            value = StandIn(name)
        else:
            value = default(parameter.default)
        if parameter.kind == parameter.KEYWORD_ONLY:
            options[name] = value
        else:
            args.append(value)
    return args, options


def as_json(value):
    for name in ("model_dump", "dict", "_asdict"):
        method = getattr(value, name, None)
        if callable(method) and not inspect.isclass(value) and not isinstance(value, StandIn):
            return method(mode="json") if name == "model_dump" and not isinstance(value, Model) else method()
    if dataclasses.is_dataclass(value) and not inspect.isclass(value):
        return dataclasses.asdict(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)) or inspect.isgenerator(value):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def main(file, name, text):
    sys.meta_path.append(StandInFinder())
    output, sys.stdout, sys.argv = sys.stdout, sys.stderr, [file]
    path, _, tool = name.partition(":")
    function = find(load(file), path)
    if tool:
        result = function(tool, json.loads(text))
    else:
        args, options = bound(function, json.loads(text))
        result = function(*args, **options)
    if inspect.isawaitable(result):
        async def finish(awaitable):
            return await awaitable
        result = asyncio.run(finish(result))
    sys.stdout = output
    print(json.dumps(result, default=as_json, ensure_ascii=False))


main(*sys.argv[1:4])
`.trimStart();
