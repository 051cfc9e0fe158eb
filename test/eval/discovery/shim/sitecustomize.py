"""Lets a program build its command line, writes down the parser it really built, and ends it there.

Found by Python through PYTHONPATH as `sitecustomize`. TOKA_SHIM_OUT names the file to write; TOKA_SHIM_ROOTS the folders
(separated by `:`) whose files are the tool's own. Everything is told as far as the parser object knows it.
"""

import atexit
import json
import os
import sys

OUT = os.environ.pop("TOKA_SHIM_OUT", None)
OWN = os.environ.pop("TOKA_SHIM_ROOTS", "").split(":")
CPUS = os.environ.pop("TOKA_SHIM_CPUS", None)
FRAMEWORKS = ("argparse.py", "optparse.py", "getopt.py", "docopt.py", "sitecustomize.py")
FRAMEWORK_FOLDERS = ("/click/", "/typer/", "/fire/", "/rich_click/")

_seen = []
_where = {}


def _own(filename):
    return any(filename.startswith(root) for root in OWN if root)


def _is_framework(filename):
    return filename.rsplit("/", 1)[-1] in FRAMEWORKS or any(part in filename for part in FRAMEWORK_FOLDERS)


def _caller():
    """The nearest line outside the frameworks, and whether another library stands between it and the tool's own code."""
    frame = sys._getframe(2)
    nearest, own, between = None, False, False
    while frame is not None:
        name = frame.f_code.co_filename
        if not _is_framework(name) and "/dist-packages/" in name + "/" and not name.startswith("<"):
            is_own = _own(name)
            if nearest is None:
                nearest, own = [name, frame.f_lineno], is_own
            elif not is_own:
                between = True
        elif nearest is None and not _is_framework(name) and not name.startswith("<frozen"):
            nearest, own = [name, frame.f_lineno], _own(name)
        frame = frame.f_back
    return [*nearest, own and not between] if nearest is not None else None


def _stack():
    files = []
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if _own(name) and name not in files:
            files.append(name)
        frame = frame.f_back
    return files


def _plain(value, depth=0):
    """The value as JSON and whether it is exact."""
    if value is None or isinstance(value, (bool, str)):
        return (str(value) if isinstance(value, str) else value), "ok"
    if isinstance(value, (int, float)):
        if value != value or value in (float("inf"), float("-inf")) or abs(value) > 2**53:
            return None, "complex"
        return (int(value) if isinstance(value, int) else float(value)), "ok"
    if isinstance(value, bytes):
        return None, "complex"
    if isinstance(value, os.PathLike):
        return os.fspath(value), "ok"
    if depth < 3 and isinstance(value, (list, tuple)):
        items = [_plain(item, depth + 1) for item in value]
        if all(kind == "ok" for _, kind in items):
            return [item for item, _ in items], "ok"
        return None, "complex"
    if type(value).__module__ != "builtins" and hasattr(value, "value") and hasattr(type(value), "__members__"):
        return _plain(value.value, depth + 1)
    return None, "complex"


def _type(kind):
    """The base type of what a conversion gives: string, integer, number, boolean or any."""
    if kind is None or kind is str:
        return "string"
    if kind is int:
        return "integer"
    if kind is float:
        return "number"
    if kind is bool:
        return "boolean"
    if isinstance(kind, type) and issubclass(kind, os.PathLike):
        return "string"
    if type(kind).__name__ == "FileType" or kind in (open, ascii, repr, os.path.abspath, os.path.expanduser):
        return "string"
    return "any"


def _write(found):
    if OUT is None:
        return
    with open(OUT, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(found, file)


def _finish(found):
    _write(found)
    try:
        sys.stdout.flush()
    except Exception:
        pass
    os._exit(0)


def _note(found, is_final):
    """Keeps what was found; a parser that answers to --help is the program's own, others may only look ahead."""
    _seen.append(found)
    if is_final:
        _finish(found)


@atexit.register
def _at_exit():
    if _seen:
        _write(max(_seen, key=lambda found: len(found["parameters"]) + len(found["subcommands"])))


# --- argparse ---------------------------------------------------------------------------------------------------------


def _argparse(parser):
    import argparse

    parameters, subcommands = [], []

    def visit(parser, path, seen):
        if id(parser) in seen or len(path) > 6:
            return
        seen = seen | {id(parser)}
        groups = {id(action) for group in parser._mutually_exclusive_groups for action in group._group_actions}
        for action in parser._actions:
            name = type(action).__name__
            if isinstance(action, argparse._SubParsersAction):
                done = set()
                for key, child in action._name_parser_map.items():
                    if id(child) in done:
                        continue
                    done.add(id(child))
                    subcommands.append(" ".join([*path, str(key)]))
                    visit(child, [*path, str(key)], seen)
                continue
            if isinstance(action, (argparse._HelpAction, argparse._VersionAction)) or name in ("_HelpAction",):
                continue
            nargs = action.nargs
            if isinstance(action, argparse._CountAction):
                kind, base = "count", "integer"
            elif nargs == 0:
                kind, base = "flag", "boolean"
            else:
                kind, base = "store", _type(action.type)
            if name == "BooleanOptionalAction":
                kind, base = "flag", "boolean"
            multi = nargs in ("*", "+", "...", "A...") or (isinstance(nargs, int) and nargs >= 1)
            multi = multi or name in ("_AppendAction", "_AppendConstAction", "_ExtendAction")
            is_own_action = type(action).__module__ != "argparse"
            default = action.default
            if default is argparse.SUPPRESS:
                value, known = None, "ok"
            else:
                value, known = _plain(default)
            choices, choices_known = None, "ok"
            if action.choices is not None and kind == "store":
                try:
                    listed = list(action.choices)
                    items = [_plain(item) for item in listed[:2000]]
                    if len(listed) <= 2000 and all(state == "ok" for _, state in items):
                        choices = [item for item, _ in items]
                    else:
                        choices_known = "complex"
                except TypeError:
                    choices_known = "complex"
            required = bool(action.required)
            if not action.option_strings and nargs in ("*", "?", "..."):
                required = False
            parameters.append(
                {
                    "name": str(action.dest),
                    "flags": [str(flag) for flag in action.option_strings],
                    "base": "any" if is_own_action and base == "string" and action.type is None and nargs == 0 else base,
                    "multi": bool(multi),
                    "required": required,
                    "exclusive": id(action) in groups,
                    "default": value,
                    "defaultKind": known,
                    "choices": choices,
                    "choicesKind": choices_known,
                    "subcommand": " ".join(path),
                    "hidden": action.help is argparse.SUPPRESS,
                    "action": name,
                    "place": _where.get(id(action)),
                }
            )

    visit(parser, [], frozenset())
    return {
        "framework": "argparse",
        "description": parser.description if isinstance(parser.description, str) else None,
        "parameters": parameters,
        "subcommands": subcommands,
    }


def _patch_argparse():
    import argparse

    add = argparse._ActionsContainer._add_action

    def _add_action(self, action):
        _where.setdefault(id(action), _caller())
        return add(self, action)

    argparse._ActionsContainer._add_action = _add_action
    parse = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self, args=None, namespace=None, *rest, **named):
        stack = _stack()
        if stack:
            found = _argparse(self)
            found["stack"] = stack
            has_help = any(isinstance(action, argparse._HelpAction) for action in self._actions)
            _note(found, has_help)
        return parse(self, args, namespace, *rest, **named)

    argparse.ArgumentParser.parse_known_args = parse_known_args
    parse_intermixed = argparse.ArgumentParser.parse_known_intermixed_args

    def parse_known_intermixed_args(self, args=None, namespace=None):
        stack = _stack()
        if stack:
            found = _argparse(self)
            found["stack"] = stack
            _note(found, True)
        return parse_intermixed(self, args, namespace)

    argparse.ArgumentParser.parse_known_intermixed_args = parse_known_intermixed_args


# --- optparse ---------------------------------------------------------------------------------------------------------

_OPTPARSE_TYPES = {"string": "string", "int": "integer", "long": "integer", "float": "number", "choice": "string"}


def _optparse(parser):
    import optparse

    parameters = []
    containers = [parser, *parser.option_groups]
    for option in [option for container in containers for option in container.option_list]:
        if option.action in ("help", "version"):
            continue
        default = parser.defaults.get(option.dest) if option.dest is not None else None
        value, known = _plain(None if default is optparse.NO_DEFAULT else default)
        takes_value = option.takes_value()
        if option.action == "count":
            base = "integer"
        elif not takes_value:
            base = "boolean"
        else:
            base = _OPTPARSE_TYPES.get(option.type, "any")
        nargs = option.nargs if takes_value else None
        flags = [*option._short_opts, *option._long_opts]
        parameters.append(
            {
                "name": str(option.dest or flags[-1].lstrip("-").replace("-", "_")),
                "flags": flags,
                "base": base,
                "multi": bool((nargs is not None and nargs > 1) or option.action in ("append", "append_const")),
                "required": False,
                "exclusive": False,
                "default": value,
                "defaultKind": known if option.dest is not None else "complex",
                "choices": [str(item) for item in option.choices] if option.choices else None,
                "choicesKind": "ok",
                "subcommand": "",
                "hidden": option.help is optparse.SUPPRESS_HELP,
                "action": str(option.action),
                "place": _where.get(id(option)),
            }
        )
    description = parser.description
    return {
        "framework": "optparse",
        "description": description if isinstance(description, str) else None,
        "parameters": parameters,
        "subcommands": [],
    }


def _patch_optparse():
    import optparse

    init = optparse.Option.__init__

    def __init__(self, *args, **named):
        _where[id(self)] = _caller()
        init(self, *args, **named)

    optparse.Option.__init__ = __init__
    parse = optparse.OptionParser.parse_args

    def parse_args(self, args=None, values=None):
        stack = _stack()
        if stack:
            found = _optparse(self)
            found["stack"] = stack
            _note(found, self.add_help_option if hasattr(self, "add_help_option") and not callable(self.add_help_option) else True)
        return parse(self, args, values)

    optparse.OptionParser.parse_args = parse_args


# --- getopt -----------------------------------------------------------------------------------------------------------


def _patch_getopt():
    import getopt

    def wrap(original):
        def parse(args, shortopts, longopts=[]):
            stack = _stack()
            if stack:
                longs = [longopts] if isinstance(longopts, str) else list(longopts)
                short = shortopts.lstrip("+-")
                parameters = []
                for index, letter in enumerate(short):
                    if letter != ":":
                        parameters.append((["-" + letter], short[index + 1 : index + 2] == ":"))
                for name in longs:
                    parameters.append((["--" + name.rstrip("=?")], name.endswith(("=", "=?"))))
                place = _caller()
                found = {
                    "framework": "getopt",
                    "description": None,
                    "subcommands": [],
                    "stack": stack,
                    "parameters": [
                        {
                            "name": flags[0].lstrip("-"),
                            "flags": flags,
                            "base": "string" if takes_value else "boolean",
                            "multi": None,
                            "required": None,
                            "exclusive": False,
                            "default": None,
                            "defaultKind": "complex",
                            "choices": None,
                            "choicesKind": "complex",
                            "subcommand": "",
                            "hidden": False,
                            "action": "getopt",
                            "place": place,
                        }
                        for flags, takes_value in parameters
                    ],
                }
                _note(found, True)
            return original(args, shortopts, longopts)

        return parse

    getopt.getopt = wrap(getopt.getopt)
    getopt.gnu_getopt = wrap(getopt.gnu_getopt)


# --- click and typer --------------------------------------------------------------------------------------------------


def _click_type(kind, param):
    name = getattr(kind, "name", "") or ""
    known = {"text": "string", "integer": "integer", "float": "number", "boolean": "boolean", "uuid": "string"}
    known.update({"integer range": "integer", "float range": "number", "path": "string", "file": "string"})
    known.update({"filename": "string", "directory": "string", "datetime": "string", "choice": "string"})
    if type(kind).__module__.split(".")[0] not in ("click", "typer") and name not in ("text", "choice"):
        return "any"
    return known.get(name, "any")


def _click(command, context):
    import click

    parameters, subcommands = [], []

    def visit(command, context, path):
        for param in command.params:
            is_option = isinstance(param, click.Option)
            if is_option and getattr(param, "name", None) in ("help",):
                continue
            flags = [*param.opts, *param.secondary_opts] if is_option else []
            is_flag = is_option and bool(param.is_flag)
            is_count = is_option and bool(param.count)
            base = "integer" if is_count else "boolean" if is_flag else _click_type(param.type, param)
            default = param.default
            value, known = (None, "complex") if callable(default) else _plain(default)
            choices = getattr(param.type, "choices", None) if not is_flag else None
            plain = [_plain(item) for item in choices] if choices is not None else None
            nargs = param.nargs
            parameters.append(
                {
                    "name": str(param.name),
                    "flags": flags,
                    "base": base,
                    "multi": bool(getattr(param, "multiple", False) or nargs == -1 or nargs > 1),
                    "required": bool(param.required),
                    "exclusive": False,
                    "default": value,
                    "defaultKind": known,
                    "choices": [item for item, _ in plain] if plain is not None else None,
                    "choicesKind": "ok" if plain is None or all(state == "ok" for _, state in plain) else "complex",
                    "subcommand": " ".join(path),
                    "hidden": bool(getattr(param, "hidden", False)),
                    "action": type(param).__name__,
                    "place": _where.get(id(param)),
                }
            )
        if isinstance(command, click.MultiCommand) and len(path) < 6:
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                if child is None:
                    continue
                subcommands.append(" ".join([*path, name]))
                visit(child, context, [*path, name])

    visit(command, context, [])
    return {
        "framework": "typer" if "typer" in sys.modules else "click",
        "description": command.help if isinstance(command.help, str) else None,
        "parameters": parameters,
        "subcommands": subcommands,
    }


def _patch_click(click):
    init = click.Parameter.__init__

    def __init__(self, *args, **named):
        _where[id(self)] = _caller()
        init(self, *args, **named)

    click.Parameter.__init__ = __init__
    make = click.BaseCommand.make_context

    def make_context(self, info_name, args, parent=None, **extra):
        stack = _stack() if parent is None else []
        if stack and isinstance(self, click.Command):
            found = _click(self, click.Context(self, info_name=info_name))
            found["stack"] = stack
            _note(found, True)
        return make(self, info_name, args, parent=parent, **extra)

    click.BaseCommand.make_context = make_context


# --- docopt -----------------------------------------------------------------------------------------------------------


def _patch_docopt(docopt):
    original = docopt.docopt

    def patched(doc, *args, **named):
        stack = _stack()
        if stack:
            place = _caller()
            sections = docopt.parse_section("usage:", doc) if hasattr(docopt, "parse_section") else None
            usage = sections[0] if sections else docopt.printable_usage(doc)
            options = docopt.parse_defaults(doc)
            pattern = docopt.parse_pattern(docopt.formal_usage(usage), options)
            leaves = pattern.fix().flat() if hasattr(pattern, "fix") else pattern.flat()
            parameters, names, known = [], [], set()
            for leaf in [*leaves, *options]:
                kind = type(leaf).__name__
                if leaf.name in known or kind not in ("Option", "Argument", "Command"):
                    continue
                known.add(leaf.name)
                if kind == "Command":
                    names.append(leaf.name)
                    continue
                is_option = kind == "Option"
                value, state = _plain(leaf.value)
                parameters.append(
                    {
                        "name": leaf.name.strip("-<>"),
                        "flags": [flag for flag in (leaf.short, leaf.long) if flag] if is_option else [],
                        "base": "boolean" if is_option and leaf.argcount == 0 else "string",
                        "multi": isinstance(leaf.value, list),
                        "required": None,
                        "exclusive": False,
                        "default": value,
                        "defaultKind": state,
                        "choices": None,
                        "choicesKind": "ok",
                        "subcommand": None,
                        "hidden": False,
                        "action": kind,
                        "place": place,
                    }
                )
            _note(
                {
                    "framework": "docopt",
                    "description": None,
                    "parameters": parameters,
                    "subcommands": [],
                    "commandWords": names,
                    "stack": stack,
                },
                True,
            )
        return original(doc, *args, **named)

    docopt.docopt = patched


# --- fire -------------------------------------------------------------------------------------------------------------


def _patch_fire(fire):
    import inspect

    original = fire.Fire

    def patched(component=None, *args, **named):
        stack = _stack()
        if stack:
            place = _caller()
            parameters, subcommands = [], []

            def visit(function, path):
                for param in inspect.signature(function).parameters.values():
                    if param.kind in (param.VAR_KEYWORD,) or param.name == "self":
                        continue
                    has_default = param.default is not param.empty
                    value, state = _plain(param.default) if has_default else (None, "ok")
                    parameters.append(
                        {
                            "name": param.name,
                            "flags": ["--" + param.name],
                            "base": "any",
                            "multi": None,
                            "required": not has_default and param.kind is not param.VAR_POSITIONAL,
                            "exclusive": False,
                            "default": value,
                            "defaultKind": state,
                            "choices": None,
                            "choicesKind": "ok",
                            "subcommand": " ".join(path),
                            "hidden": False,
                            "action": "fire",
                            "place": place,
                        }
                    )

            if inspect.isclass(component):
                visit(component.__init__, [])
                members = {name: item for name, item in vars(component).items() if inspect.isfunction(item)}
            elif isinstance(component, dict):
                members = component
            elif callable(component):
                visit(component, [])
                members = {}
            else:
                members = dict(inspect.getmembers(component, callable))
            for name, item in members.items():
                if not name.startswith("_") and callable(item):
                    subcommands.append(name)
                    visit(item, [name])
            _note(
                {
                    "framework": "fire",
                    "description": None,
                    "parameters": parameters,
                    "subcommands": subcommands,
                    "stack": stack,
                },
                True,
            )
        return original(component, *args, **named)

    fire.Fire = patched


# --- patching when a library is imported ------------------------------------------------------------------------------

_LATE = {"click": _patch_click, "docopt": _patch_docopt, "fire": _patch_fire}


class _Finder:
    """Runs the patch of a library right after its own code."""

    def find_spec(self, name, path=None, target=None):
        patch = _LATE.pop(name, None)
        if patch is None:
            return None
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


if OUT is not None:
    if CPUS is not None:
        os.cpu_count = lambda: int(CPUS)
    _patch_argparse()
    _patch_optparse()
    _patch_getopt()
    sys.meta_path.insert(0, _Finder())
