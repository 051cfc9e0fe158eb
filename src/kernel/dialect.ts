import type { Framework } from "../model/index.ts";

/** How a framework's parser tells options from values; argv is built so that it cannot mistake one for the other. */
export interface Dialect {
  /**
   * How a long option takes its value. `equals`: `--name=value`. `separate`: two arguments, and `--name=value` only for
   * a value that starts with a dash: the argument then still begins with an option that the tool declares.
   */
  readonly long: "equals" | "separate";
  /**
   * How a short option takes its value. `equals`: `-n=value` (argparse alone). `separate`: two arguments, and glued
   * (`-nvalue`) for a value that starts with a dash.
   */
  readonly short: "equals" | "separate";
  /** An option with a fixed count of values takes that many arguments whatever they look like. */
  readonly countsValues: boolean;
  /** `--` ends the options, so that what follows are values whatever they look like. */
  readonly doubleDash: boolean;
  /** Positional parameters are passed by name, as options (fire). */
  readonly namedPositionals: boolean;
  /** A negative number as a positional is a value, as long as no option looks like one. */
  readonly negativeNumbers: boolean;
  /** A boolean option that does not say how it is stored is a switch; otherwise it takes a truth value. */
  readonly plainSwitches: boolean;
  /** Values become part of a shell line, unquoted: only those are passed that mean themselves there. */
  readonly spliced: boolean;
  /** How truth values are written when an option takes one. */
  readonly truth: readonly [yes: string, no: string];
}

export const PYTHON_TRUTH = ["True", "False"] as const;
const PLAIN_TRUTH = ["true", "false"] as const;

/** A parser written by hand: nothing can be relied on but that it knows its own options. */
const UNKNOWN: Dialect = {
  long: "separate",
  short: "separate",
  countsValues: false,
  doubleDash: false,
  namedPositionals: false,
  negativeNumbers: false,
  plainSwitches: true,
  spliced: false,
  truth: PLAIN_TRUTH,
};

/** `make VAR=value`, `just recipe value`, `task name VAR=value`: text put into the lines of a recipe. */
const SPLICED: Dialect = { ...UNKNOWN, spliced: true };

const GETOPT: Dialect = { ...UNKNOWN, long: "equals", doubleDash: true };
const CLICK: Dialect = { ...GETOPT, countsValues: true, plainSwitches: false, truth: PYTHON_TRUTH };

/** With `type=bool`, every text but the empty one is true. */
const ARGPARSE: Dialect = {
  ...GETOPT,
  short: "equals",
  negativeNumbers: true,
  plainSwitches: false,
  truth: ["True", ""],
};

/**
 * Sources: the parsers themselves (CPython 3.8 to 3.14 `argparse`, `optparse`, `getopt`; click 8 `parser.py`; docopt
 * 0.6; fire 0.7 `core.py`; invoke 2 `parser/parser.py`; doit 0.36 `cmdparse.py`; POSIX `getopts`), and the tests that run the standard ones.
 */
export const DIALECTS: Readonly<Record<Framework, Dialect>> = {
  argparse: ARGPARSE,
  click: CLICK,
  typer: CLICK,
  optparse: CLICK,
  getopt: GETOPT,
  getopts: GETOPT,
  docopt: { ...GETOPT, doubleDash: false },
  fire: { ...GETOPT, doubleDash: false, namedPositionals: true, truth: PYTHON_TRUTH },
  absl: { ...GETOPT, short: "equals", plainSwitches: false, truth: PLAIN_TRUTH },
  argh: ARGPARSE,
  cleo: CLICK,
  cyclopts: { ...GETOPT, short: "equals", plainSwitches: false, truth: PYTHON_TRUTH },
  jsonargparse: { ...ARGPARSE, short: "separate", truth: PLAIN_TRUTH },
  plumbum: { ...GETOPT, plainSwitches: false },
  tyro: { ...ARGPARSE, truth: PYTHON_TRUTH },
  "sys.argv": { ...UNKNOWN, negativeNumbers: true, truth: PYTHON_TRUTH },
  main: { ...UNKNOWN, negativeNumbers: true, truth: PYTHON_TRUTH },
  shell: UNKNOWN,
  mcp: UNKNOWN,
  langchain: UNKNOWN,
  smolagents: UNKNOWN,
  "pydantic-ai": UNKNOWN,
  "openai-agents": UNKNOWN,
  invoke: { ...GETOPT, doubleDash: false },
  nox: UNKNOWN,
  doit: GETOPT,
  make: SPLICED,
  just: SPLICED,
  task: SPLICED,
  manifest: UNKNOWN,
  plugin: UNKNOWN,
  // Our own command line, by commander.
  builtin: { ...GETOPT, plainSwitches: false },
};
