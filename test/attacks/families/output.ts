import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { collectResults } from "../../../src/kernel/output.ts";
import type { Attack, Judge, Seen } from "../attack.ts";
import type { Stage } from "../stage.ts";

/** Escapes but colours, bells, carriage returns, 8-bit controls, and what reorders text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0007\u0008\u000d\u009b\u009d\u0090]|\u001b(?!\[[\d;:]*m)|[\u202a-\u202e\u2066-\u2069]/;

/** What a person's terminal would get to see: text with a sequence other than colours in it. */
const controls: Judge = (seen) => {
  const dangerous = CONTROLS.exec(seen.stdout);
  return dangerous
    ? `the terminal gets ${JSON.stringify(seen.stdout.slice(dangerous.index, dangerous.index + 8))}`
    : undefined;
};
const print = (name: string, text: string, more: Partial<Attack> = {}): Attack => ({
  name,
  body: `os.write(1, ${text})`,
  judge: controls,
  ...more,
});

/** What is taken from the result folder: by the gate, or by somebody who just reads it. */
function taken(seen: Seen, stage: Stage): string[] {
  if (seen.door !== "plain")
    return collectResults(stage.results, { bytes: 10 << 20, formats: ["text", "json", "html"] }).results.map(
      ({ path }) => path,
    );
  return readdirSync(stage.results).map((name) => join(stage.results, name));
}

const readsSecret: Judge = (seen, stage) => {
  const files = taken(seen, stage).filter((path) => statSync(path).isFile());
  for (const path of files) if (readFileSync(path, "utf8").includes(stage.secret)) return `${path} led to the secret`;
  return undefined;
};
const readsSpecial: Judge = (seen, stage) => {
  const special = taken(seen, stage).find((path) => !lstatSync(path).isFile());
  return special === undefined ? undefined : `${special} is no regular file`;
};
const result = (name: string, body: string, judge: Judge): Attack => ({
  name,
  body: `R = os.environ["TOKA_RESULTS"]\n${body}`,
  judge,
});

export const output: readonly Attack[] = [
  print("retitle the terminal", "b'\\x1b]0;evil\\x07'", { sample: true }),
  print("write to the clipboard", "b'\\x1b]52;c;ZXZpbA==\\x07'"),
  print("move over earlier lines", "b'\\x1b[2J\\x1b[1;1Hevil'"),
  print("ask the terminal to answer", "b'\\x1b[6n\\x1b[c\\x1bP$q\"p\\x1b\\\\'"),
  print("a link that says something else", "b'\\x1b]8;;http://evil/\\x1b\\\\bank\\x1b]8;;\\x1b\\\\'"),
  print("8-bit controls", "'\\x9b2J\\x9d0;evil\\x9c'.encode()"),
  print("overwrite its own line", "b'evil\\rgood'"),
  print("reorder the text", "'\\u202egood\\u2066'.encode()"),
  print(
    "a sequence in pieces",
    "b'\\x1b'); time.sleep(0.1); os.write(1, b']0;ev'); time.sleep(0.1); os.write(1, b'il\\x07'",
  ),
  result("a link as result", "os.symlink(A['outside'] + '/secret.txt', R + '/report.txt')", readsSecret),
  result(
    "a chain of links as result",
    "os.symlink(A['outside'], R + '/d'); os.symlink(R + '/d/secret.txt', R + '/report.txt')",
    readsSecret,
  ),
  result("a FIFO as result", "os.mkfifo(R + '/report.txt')", readsSpecial),
  result("a socket as result", "socket.socket(socket.AF_UNIX).bind(R + '/report.txt')", readsSpecial),
];
