import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Box, startLeft, startZoom } from "./start-view.ts";

const box = (x: number, y = 0, width = 100): Box => ({ x, y, width, height: 30 });
const VIEW = { y: 0, width: 400, height: 300 };

describe("how large a drawing opens", () => {
  it("shows all of its width where its text stays legible", () => {
    expect(startZoom({ width: 300, fontSize: 12 }, 640)).toBe(1);
    expect(startZoom({ width: 800, fontSize: 12 }, 640)).toBe(0.75);
  });

  it("does not make text smaller than 8 pixels", () => {
    expect(startZoom({ width: 9000, fontSize: 12 }, 640)).toBeCloseTo(8 / 12);
    expect(startZoom({ width: 9000, fontSize: 16 }, 640)).toBe(0.5);
  });
});

describe("where a drawing that does not fit opens", () => {
  it("has the start in the middle where nothing is lost by it", () => {
    expect(startLeft(box(450), [box(450)], VIEW, 1000)).toBe(300);
  });

  it("moves aside for boxes that would be cut off", () => {
    const [start, others] = [box(800), [box(520, 60), box(560, 120)]];
    const left = startLeft(start, [start, ...others], VIEW, 1200);
    expect(left).toBeLessThanOrEqual(520);
    expect(left + VIEW.width).toBeGreaterThanOrEqual(900);
  });

  it("does not look at boxes further down than can be seen", () => {
    const start = box(450);
    expect(startLeft(start, [start, box(200, 900), box(210, 950)], VIEW, 1000)).toBe(300);
  });

  it("keeps the start whole, whatever is beside it", () => {
    const some = fc.record({ x: fc.integer({ min: 0, max: 1900 }), y: fc.integer({ min: 0, max: 400 }) });
    fc.assert(
      fc.property(some, fc.array(some, { maxLength: 40 }), (at, others) => {
        const start = box(at.x, 0);
        const left = startLeft(start, [start, ...others.map(({ x, y }) => box(x, y))], VIEW, 2000);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(2000 - VIEW.width);
        expect(start.x).toBeGreaterThanOrEqual(left);
        expect(start.x + start.width).toBeLessThanOrEqual(left + VIEW.width);
      }),
    );
  });
});
