import { random } from "./random.ts";

const DEEPEST = 6;

/**
 * A function `f` of about so many random nested statements: conditions with and without other arms, loops with jumps,
 * exceptions, with. The same for the same numbers.
 */
export function randomFunction(statements: number, seed = 1): string {
  const next = random(seed);
  const pick = (count: number): number => Math.floor(next() * count);
  const lines = ["def f(a):"];
  let made = 0;
  const block = (depth: number, inLoop: boolean): void => {
    const indent = " ".repeat(depth);
    const count = 1 + pick(4);
    for (let i = 0; i < count && made < statements; i++) statement(depth, indent, inLoop);
    lines.push(`${indent}done(${made})`);
  };
  const arms = (depth: number, heads: readonly string[], inLoop: boolean): void => {
    for (const head of heads) {
      lines.push(" ".repeat(depth) + head);
      block(depth + 1, inLoop);
    }
  };
  const statement = (depth: number, indent: string, inLoop: boolean): void => {
    made += 1;
    const jump = inLoop ? (["continue", "break"][pick(2)] ?? "break") : "return a";
    const compound: readonly (readonly string[])[] = [
      [`if a.is_ready(${made}):`],
      [`if a == ${made}:`, "elif a.other():", "else:"],
      [`for item in a.items(${made}):`],
      ["try:", "except ValueError as error:"],
      [`with a.opened(${made}):`],
    ];
    const kind = depth > DEEPEST ? 0 : pick(9);
    const heads = compound[kind - 4];
    if (heads !== undefined) arms(depth, heads, inLoop || heads[0]?.startsWith("for") === true);
    else if (kind === 3) lines.push(`${indent}if a.ended(${made}): ${jump}`);
    else lines.push(`${indent}value_${made} = compute(a, ${made})`);
  };
  while (made < statements) block(1, false);
  return `${lines.join("\n")}\n`;
}
