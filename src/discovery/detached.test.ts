import { expect, test } from "vitest";
import { detached, Texts } from "./detached.ts";

const DATA = {
  text: "a text that is long enough \ud800 \u2028",
  none: null,
  list: [1, true, { short: "s", again: "a text that is long enough" }],
};

test("detached data is the same in other objects", () => {
  expect(detached(DATA)).toEqual(DATA);
  expect(detached(DATA).list).not.toBe(DATA.list);
});

test("texts that are kept once are the same", () => {
  const texts = new Texts();
  expect(texts.detached(DATA)).toEqual(DATA);
  expect(texts.of("short")).toBe("short");
  for (let index = 0; index < 3; index += 1)
    expect(texts.of(`one of ${index} long texts`)).toBe(`one of ${index} long texts`);
});
