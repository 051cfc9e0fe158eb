import { join } from "node:path";
import { isInside } from "./paths.ts";

/**
 * Names in a workspace that other programs run, or read to know what to run, without anybody asking for it: git, editors,
 * direnv, package managers, test runners, build tools, hosters. A grant for the whole workspace does not mean them.
 */
const RUN_LATER: readonly string[] = [
  // git
  ".git/hooks",
  ".git/config",
  ".git/config.worktree",
  ".git/commondir",
  ".git/info/attributes",
  ".gitmodules",
  ".gitattributes",
  ".githooks",
  ".husky",
  ".pre-commit-config.yaml",
  "lefthook.yml",
  // editors and agents
  ".vscode",
  ".idea",
  ".zed",
  ".cursor",
  ".devcontainer",
  ".mcp.json",
  ".exrc",
  ".nvimrc",
  ".nvim.lua",
  ".vimrc",
  ".dir-locals.el",
  ".editorconfig",
  // shells and version managers
  ".envrc",
  ".bashrc",
  ".profile",
  ".zshrc",
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  ".python-version",
  // package managers and what they install
  "package.json",
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  ".pnpmfile.cjs",
  "node_modules",
  ".venv",
  "venv",
  ".cargo",
  "pip.conf",
  // Python: what starts with the interpreter, the tests or a build
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "tox.ini",
  "noxfile.py",
  "pytest.ini",
  "conftest.py",
  "sitecustomize.py",
  "usercustomize.py",
  // build tools
  "Makefile",
  "makefile",
  "GNUmakefile",
  "justfile",
  "Justfile",
  "Taskfile.yml",
  "CMakeLists.txt",
  "Dockerfile",
  "docker-compose.yml",
  "compose.yaml",
  // what this folder takes away from its tools
  "toka.json",
  // hosters
  ".github",
  ".gitlab-ci.yml",
];

/**
 * The paths of a workspace that stay as they are although what lies around them is granted: those of {@link RUN_LATER}
 * inside a writable path, but for what was itself granted by name.
 */
export function keptPaths(workspace: string, writable: readonly string[]): string[] {
  return RUN_LATER.map((name) => join(workspace, name)).filter((path) => {
    const around = writable.some((granted) => isInside(workspace, granted));
    const meant = writable.some(
      (granted) =>
        isInside(granted, path) || (isInside(path, granted) && granted !== workspace && isInside(granted, workspace)),
    );
    return around && !meant;
  });
}
