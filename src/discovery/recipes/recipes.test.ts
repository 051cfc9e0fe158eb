import { expect, it } from "vitest";
import type { Tool } from "../../model/index.ts";
import { discoverFiles } from "../testing/workspace.ts";

async function toolsOf(file: string, text: string): Promise<readonly Tool[]> {
  return (await discoverFiles({ [file]: text })).tools;
}

it("Makefile: command targets, their comments and variables", async () => {
  const tools = await toolsOf(
    "sub/Makefile",
    [
      ".PHONY: test clean",
      "PORT ?= 8000",
      "DIR ?= $(shell pwd)",
      "CC = gcc",
      "# Run the",
      "# tests",
      "test: build \\",
      "   other",
      `\tpytest -p $(PORT) \${DIR}`,
      "clean: ## Remove things",
      "\t-rm -rf build",
      "prog: prog.o",
      "\t$(CC) -o $@ $^",
      "helper: helper.c",
      "\tgcc -o helper helper.c",
      "serve:",
      "\tpython -m http.server",
      "%.o: %.c",
      "\tcc -c $<",
      "install/path: x",
      "build:",
      "\tmkdir -p out",
      "",
    ].join("\n"),
  );
  expect(tools.map(({ name, description, line }) => [name, description, line])).toEqual([
    ["test", "Run the tests", 7],
    ["clean", "Remove things", 10],
    ["serve", "", 16],
    ["build", "", 21],
  ]);
  const [test, clean] = tools;
  expect(test).toMatchObject({
    id: "sub/Makefile#test",
    kind: "external",
    framework: "make",
    entry: { argv: ["make", "--no-print-directory", "-C", "sub", "-f", "Makefile", "test"] },
  });
  expect(test?.parameters).toMatchObject([
    { name: "PORT", flags: ["PORT="], default: "8000", required: false },
    { name: "DIR", flags: ["DIR="], isPath: true },
  ]);
  expect(test?.parameters[1]).not.toHaveProperty("default");
  const deletes = clean?.capabilities.find((one) => one.name === "filesystem-delete");
  expect(deletes?.evidence[0]).toMatchObject({ file: "sub/Makefile", line: 11 });
});

it("justfile: recipes with parameters, private ones left out", async () => {
  const tools = await toolsOf(
    "justfile",
    [
      'version := "1"',
      'set shell := ["bash", "-c"]',
      "# Greets",
      "greet name greeting='hello there' +rest: build",
      "    echo {{greeting}} {{name}}",
      "[private]",
      "hidden:",
      "_also:",
      "@build *args:",
      "    cargo build {{args}}",
    ].join("\n"),
  );
  expect(tools.map(({ name }) => name)).toEqual(["greet", "build"]);
  expect(tools[0]).toMatchObject({ description: "Greets", framework: "just" });
  expect(tools[0]?.parameters).toMatchObject([
    { name: "name", required: true, type: "string" },
    { name: "greeting", required: false, default: "hello there" },
    { name: "rest", required: true, type: "array", nargs: "+" },
  ]);
  expect(tools[1]?.parameters).toMatchObject([{ name: "args", required: false, nargs: "*" }]);
});

it("Taskfile: descriptions, required variables and defaults; internal tasks left out", async () => {
  const tools = await toolsOf(
    "Taskfile.yml",
    "version: '3'\ntasks:\n  build:\n    desc: Builds it\n    requires: {vars: [TARGET]}\n    cmds:\n      - go build {{.TARGET}} {{.OUT | default \"out\"}}\n  short: echo hi\n  hidden: {internal: true}\n",
  );
  expect(tools.map(({ name, description }) => [name, description])).toEqual([
    ["build", "Builds it"],
    ["short", ""],
  ]);
  expect(tools[0]?.parameters).toMatchObject([
    { name: "TARGET", flags: ["TARGET="], required: true },
    { name: "OUT", flags: ["OUT="], default: "out" },
  ]);
  expect(await toolsOf("Taskfile.yml", "tasks: [a, b")).toEqual([]);
});

/** The capabilities of each recipe, and the programs that it starts. */
async function needsOf(file: string, lines: readonly string[]): Promise<Record<string, unknown>> {
  const tools = await toolsOf(file, lines.join("\n"));
  const programsOf = (tool: Tool): unknown =>
    tool.capabilities.find(({ name }) => name === "process-spawn")?.scope?.programs?.slice(1);
  const namesOf = (tool: Tool): string[] => tool.capabilities.map(({ name }) => name);
  return Object.fromEntries(
    tools.map((tool) => [
      tool.name,
      [programsOf(tool), namesOf(tool).filter((name) => !/^(?:process-spawn|filesystem-read)$/u.test(name))],
    ]),
  );
}

it("Makefile: variables and functions are no programs, those of known values are what they stand for", async () => {
  const lines = [
    ".PHONY: install clean list",
    "PREFIX ?= /usr",
    "PYTHON := python3",
    "FILES = $(wildcard *.c)",
    "install:",
    "\tcp a $(PREFIX)/bin",
    "\t$(PYTHON) -m pip install .",
    "clean:",
    "\t$(RM) -r out $(FILES) $(UNKNOWN)",
    "list:",
    "\tfor i in $$(ls); do echo $$i $(shell date now); done",
  ];
  expect(await needsOf("Makefile", lines)).toEqual({
    install: [
      ["cp", "python3"],
      ["filesystem-write", "network-access", "package-install"],
    ],
    clean: [["rm"], ["filesystem-delete"]],
    list: [["ls", "date"], []],
  });
  const [install] = await toolsOf("Makefile", lines.join("\n"));
  const installing = install?.capabilities.find(({ name }) => name === "package-install");
  expect(installing?.evidence[0]).toMatchObject({ line: 7, text: "$(PYTHON) -m pip install ." });
});

it("what runs with a recipe counts", async () => {
  const make = [".PHONY: all drop", "all: drop other", "\tmkdir x", "drop: all", "\trm -r x", "other:", "\tcurl x"];
  expect(await needsOf("Makefile", make)).toMatchObject({
    all: [
      ["mkdir", "rm", "curl"],
      ["filesystem-write", "filesystem-delete", "network-access"],
    ],
  });
  const just = [
    "all: drop (send 'x')",
    "    mkdir x",
    "drop:",
    "    rm -r x",
    "[private]",
    "send to:",
    "    curl {{to}}",
  ];
  expect(Object.keys(await needsOf("justfile", just))).toEqual(["all", "drop"]);
  expect(await needsOf("justfile", just)).toMatchObject({
    all: [
      ["mkdir", "rm", "curl"],
      ["filesystem-write", "filesystem-delete", "network-access"],
    ],
  });
  const task = [
    "tasks:",
    "  all: {deps: [drop], cmds: [{task: send}, mkdir x]}",
    "  drop: rm -r x",
    "  send: {internal: true, cmds: [curl x]}",
  ];
  expect(Object.keys(await needsOf("Taskfile.yml", task))).toEqual(["all", "drop"]);
  expect(await needsOf("Taskfile.yml", task)).toMatchObject({
    all: [
      ["mkdir", "rm", "curl"],
      ["filesystem-write", "filesystem-delete", "network-access"],
    ],
  });
});

it("long lines and odd texts cost nothing", async () => {
  const long = "a ".repeat(200_000);
  expect(await toolsOf("Makefile", `${long}\n`)).toEqual([]);
  expect(await toolsOf("justfile", `x ${"a ".repeat(2_000)}\n${long}\n`)).toEqual([]);
});
