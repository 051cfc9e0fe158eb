/**
 * Compares our syntax trees with Python's over the files of Debian's own packages:
 * `node test/eval/ast/debian.ts [--python python3] [--folder FOLDER] [--below MEGABYTES] [--show 10]`.
 * With `--below`, packages with more source text than that are left out.
 *
 * The packages are downloaded and unpacked into a folder (by default one under the system's temporary folder, kept for
 * the next time), never installed. Needs Debian or a relative of it, and its mirror.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { compareWithPython, pythonVersion } from "./compare.ts";
import { pythonFiles } from "./python-files.ts";

/** Packages written in Python, of many hands and ages. */
const PACKAGES = `
  aiohttp ansible-core asgiref astroid attr automat babel bottle bs4 cachetools certifi chardet charset-normalizer
  cherrypy3 click configobj construct coverage cssselect dateutil decorator deprecated distlib django docker docutils
  ecdsa execnet feedparser filelock flask freezegun fs gevent git h11 html5lib httplib2 httpx hypothesis idna
  importlib-metadata iniconfig ipython isodate isort itsdangerous jedi jinja2 jsonschema jwt kombu ldap3 lockfile mako
  markdown marshmallow matplotlib mock more-itertools mpmath mypy nose2 numpy oauthlib openpyxl packaging pandas
  paramiko parso passlib pexpect pip pkg-resources platformdirs pluggy ply prettytable prompt-toolkit psutil py
  pyasn1 pycodestyle pyflakes pygments pylint pyparsing pytest redis requests rich ruamel.yaml scipy scrapy setuptools
  simplejson six sklearn socks sortedcontainers sphinx sqlalchemy statsmodels sympy tabulate termcolor toml tornado tox
  tqdm twisted typing-extensions tz urllib3 virtualenv wcwidth websockets werkzeug wheel xmltodict yaml zipp zope.interface
`;

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    folder: { type: "string", default: join(tmpdir(), "toka-debian-packages") },
    below: { type: "string", default: "1000" },
    show: { type: "string", default: "10" },
  },
});

/** Those of the packages that this release of Debian has. */
async function available(names: readonly string[]): Promise<string[]> {
  const shown = await execa("apt-cache", ["show", "--no-all-versions", ...names], { reject: false });
  const known = new Set([...shown.stdout.matchAll(/^Package: (\S+)$/gm)].map(([, name]) => name));
  return names.filter((name) => known.has(name));
}

/** Downloads and unpacks what is not there yet; says whether all of it is there now. */
async function unpack(names: readonly string[]): Promise<boolean> {
  const wanted = names.filter((name) => !existsSync(join(values.folder, name)));
  if (wanted.length === 0) return true;
  const work = join(values.folder, ".archives");
  mkdirSync(work, { recursive: true });
  try {
    const download = await execa("apt-get", ["download", "--quiet", ...wanted], { cwd: work, reject: false });
    if (download.exitCode !== 0) return false;
    for (const archive of readdirSync(work)) {
      const [name = archive] = archive.split("_");
      await execa("dpkg-deb", ["-x", join(work, archive), join(values.folder, name)]);
    }
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const hasTools = (await execa("dpkg-deb", ["--version"], { reject: false })).exitCode === 0;
const version = await pythonVersion(values.python);
if (!hasTools || version === null) {
  console.error(`NOT TESTED: this needs Debian's package tools and a Python as “${values.python}”.`);
  process.exit(0);
}
const names = PACKAGES.split(/\s+/)
  .filter((name) => name !== "")
  .map((name) => `python3-${name}`);
const present = await available(names);
if (present.length === 0 || !(await unpack(present))) {
  console.error("NOT TESTED: Debian's packages are not within reach (`apt-get download` failed).");
  process.exit(0);
}
const missing = names.filter((name) => !present.includes(name));
const chosen = present
  .map((name) => pythonFiles(join(values.folder, name)))
  .filter((list) => list.reduce((sum, file) => sum + statSync(file).size, 0) < Number(values.below) * 1e6);
const files = chosen.flat();
const result = await compareWithPython(values.python, files);
for (const { path, ours, theirs } of result.different.slice(0, Number(values.show))) {
  console.log(`\n${path}\n  ours:   ${ours}\n  python: ${theirs}`);
}
const missed = result.refused.filter(({ ours }) => ours.length === 0);
for (const { path, error } of missed) console.log(`read by us, refused by Python: ${path}: ${error}`);
if (missing.length > 0) console.log(`not in this release: ${missing.join(", ")}`);
console.log(
  `Python ${result.version}, ${chosen.length} packages: ${result.equal} of ${result.total} files equal; ` +
    `${result.refused.length} that it refuses, of which we find ${result.refused.length - missed.length} wrong`,
);
process.exitCode = result.equal === result.total ? 0 : 1;
