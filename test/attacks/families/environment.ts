import { join } from "node:path";
import { type Attack, changes } from "../attack.ts";
import type { Stage } from "../stage.ts";

/** Python that leaves a trace outside: whoever runs it with more rights than the tool shows by that. */
const trace = (stage: Stage): string => `open(${JSON.stringify(join(stage.outside, "trace"))}, "w").write("ran")\n`;
const attack = (name: string, more: Partial<Attack>): Attack => ({
  name,
  body: "import json, resource, select; print('ran')",
  judge: changes,
  ...more,
});
const plant =
  (...names: readonly string[]) =>
  (stage: Stage): void => {
    for (const name of names) stage.plant(join(stage.workspace, name), trace(stage));
  };
const passes = (...names: string[]): Pick<Attack, "limits"> => ({ limits: { environment: names } });

export const environment: readonly Attack[] = [
  attack("the loader's log file", {
    environment: (stage) => ({ LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(stage.outside, "trace") }),
    sample: true,
  }),
  attack("the loader's log file, allowed by name", {
    environment: (stage) => ({ LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(stage.outside, "trace") }),
    ...passes("LD_DEBUG", "LD_DEBUG_OUTPUT"),
  }),
  attack("a library before all others", {
    before: (stage) => stage.compileLibrary(join(stage.workspace, "evil.so"), join(stage.outside, "trace")),
    environment: (stage) => ({ LD_PRELOAD: join(stage.workspace, "evil.so") }),
    ...passes("LD_PRELOAD"),
    needsCompiler: true,
  }),
  attack("an auditing library", {
    before: (stage) => stage.compileLibrary(join(stage.workspace, "evil.so"), join(stage.outside, "trace")),
    environment: (stage) => ({ LD_AUDIT: join(stage.workspace, "evil.so") }),
    ...passes("LD_AUDIT"),
    needsCompiler: true,
  }),
  attack("PYTHONPATH with a sitecustomize", {
    before: plant("evil/sitecustomize.py"),
    environment: (stage) => ({ PYTHONPATH: join(stage.workspace, "evil") }),
  }),
  attack("PYTHONPATH with a sitecustomize, allowed by name", {
    before: plant("evil/sitecustomize.py"),
    environment: (stage) => ({ PYTHONPATH: join(stage.workspace, "evil") }),
    ...passes("PYTHONPATH"),
  }),
  attack("PYTHONPATH with a usercustomize", {
    before: plant("evil/usercustomize.py"),
    environment: (stage) => ({ PYTHONPATH: join(stage.workspace, "evil") }),
    ...passes("PYTHONPATH"),
  }),
  attack("modules of the supervisor in PYTHONPATH", {
    before: plant(
      ...["resource", "select", "json", "posixpath", "encodings/__init__"].map((name) => `evil/${name}.py`),
    ),
    environment: (stage) => ({ PYTHONPATH: join(stage.workspace, "evil") }),
    ...passes("PYTHONPATH"),
  }),
  attack("modules of the supervisor in the working directory", {
    before: plant("json.py", "resource.py", "select.py", "_socket.py", "marshal.py", "sitecustomize.py"),
  }),
  attack("a .pth of the user", {
    before: (stage) => stage.plantUserSite("evil.pth", `import os; ${trace(stage)}`),
  }),
  attack("a usercustomize of the user", { before: (stage) => stage.plantUserSite("usercustomize.py", trace(stage)) }),
  attack("PYTHONSTARTUP", {
    before: plant("startup.py"),
    environment: (stage) => ({ PYTHONSTARTUP: join(stage.workspace, "startup.py") }),
    body: "subprocess.run([sys.executable, '-i', '-c', 'pass'], stdin=subprocess.DEVNULL, capture_output=True); import pathlib; p = os.environ.get('PYTHONSTARTUP'); p and exec(open(p).read())",
  }),
  attack("an interpreter in the workspace's part of PATH", {
    before: (stage) =>
      stage.plantProgram(join(stage.workspace, "bin/python3"), `#!/bin/sh\necho ran > ${stage.outside}/trace\n`),
    environment: (stage) => ({ PATH: `${stage.workspace}/bin:${process.env["PATH"]}` }),
  }),
  attack("an interpreter in a relative part of PATH", {
    before: (stage) =>
      stage.plantProgram(join(stage.workspace, "bin/python3"), `#!/bin/sh\necho ran > ${stage.outside}/trace\n`),
    environment: () => ({ PATH: `bin:${process.env["PATH"]}` }),
  }),
  attack("BASH_ENV", {
    before: (stage) => stage.plant(join(stage.workspace, "env.sh"), `echo ran > ${stage.outside}/trace\n`),
    environment: (stage) => ({ BASH_ENV: join(stage.workspace, "env.sh") }),
    body: "subprocess.run(['bash', '-c', 'true'])",
  }),
  attack("git's configuration by variables", {
    environment: (stage) => ({
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "alias.x",
      GIT_CONFIG_VALUE_0: `!echo ran > ${stage.outside}/trace`,
    }),
    body: "subprocess.run(['git', 'x'], capture_output=True)",
  }),
];
