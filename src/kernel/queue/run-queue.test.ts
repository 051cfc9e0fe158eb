import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { machineBounds, type QueuedRun, type QueuePlace, RunQueue, type Turn } from "./run-queue.ts";

const never = new AbortController().signal;

function run(given: Partial<QueuedRun> = {}): QueuedRun {
  return { principal: "user", memoryBytes: 1, heavy: false, waitMs: 60_000, signal: never, ...given };
}

/** Asks for turns and notes the order in which they come. */
class Desk {
  readonly queue: RunQueue;
  readonly order: string[] = [];
  readonly #turns = new Map<string, Extract<Turn, { kind: "turn" }>>();

  constructor(slots: number, memoryBytes = 1000) {
    this.queue = new RunQueue({ slots, memoryBytes });
  }

  async ask(name: string, given: Partial<QueuedRun> = {}): Promise<Turn["kind"]> {
    const turn = await this.queue.turn(run(given));
    if (turn.kind === "turn") {
      this.order.push(name);
      this.#turns.set(name, turn);
    }
    return turn.kind;
  }

  async end(name: string): Promise<void> {
    const turn = this.#turns.get(name);
    if (turn === undefined) throw new Error(`${name} has no turn`);
    turn.giveBack();
    turn.giveBack(); // once more changes nothing
    await settle();
  }
}

/** Lets promises that are ready be told. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("RunQueue", () => {
  it("lets so many begin as there are slots, the others in their order", async () => {
    const desk = new Desk(2);
    for (const name of ["a", "b", "c", "d"]) void desk.ask(name);
    await settle();
    expect(desk.order).toEqual(["a", "b"]);
    expect([desk.queue.running, desk.queue.waiting]).toEqual([2, 2]);
    await desk.end("b");
    await desk.end("a");
    expect(desk.order).toEqual(["a", "b", "c", "d"]);
  });

  it("gives principals turns: one run of somebody else waits for one run of a crowd, not for all", async () => {
    const desk = new Desk(1);
    void desk.ask("first");
    for (let index = 0; index < 100; index++) void desk.ask(`agent ${index}`, { principal: "mcp:agent" });
    void desk.ask("mine");
    await settle();
    await desk.end("first");
    await desk.end("agent 0");
    expect(desk.order).toEqual(["first", "agent 0", "mine"]);
  });

  it("holds to the memory, keeps a large run's turn for it, and lets one that is larger than all run alone", async () => {
    const desk = new Desk(8, 100);
    void desk.ask("small", { memoryBytes: 60 });
    void desk.ask("large", { memoryBytes: 70 });
    void desk.ask("tiny", { memoryBytes: 1, principal: "chat" });
    await settle();
    expect(desk.order).toEqual(["small"]);
    await desk.end("small");
    expect(desk.order).toEqual(["small", "large", "tiny"]);
    void desk.ask("giant", { memoryBytes: 5000 });
    await desk.end("large");
    expect(desk.order).not.toContain("giant");
    await desk.end("tiny");
    expect(desk.order).toContain("giant");
  });

  it("runs one heavy tool at a time, and light ones beside it", async () => {
    const desk = new Desk(4);
    void desk.ask("heavy 1", { heavy: true });
    void desk.ask("heavy 2", { heavy: true });
    void desk.ask("light");
    await settle();
    expect(desk.order).toEqual(["heavy 1", "light"]);
    await desk.end("heavy 1");
    expect(desk.order).toEqual(["heavy 1", "light", "heavy 2"]);
  });

  it("ends a wait that is cancelled or takes too long; others move up and are told", async () => {
    const desk = new Desk(1);
    void desk.ask("a");
    const cancel = new AbortController();
    const places: QueuePlace[] = [];
    const cancelled = desk.ask("b", { signal: cancel.signal });
    const late = desk.ask("c", { waitMs: 5 });
    void desk.ask("d", { onQueued: (place) => places.push(place) });
    await settle();
    expect(places).toEqual([{ position: 3, waiting: 3 }]);
    cancel.abort();
    expect(await cancelled).toBe("cancelled");
    expect(await late).toBe("timeout");
    expect(desk.queue.waiting).toBe(1);
    await desk.end("a");
    expect(desk.order).toEqual(["a", "d"]);
    expect(await desk.ask("e", { signal: AbortSignal.abort() })).toBe("cancelled");
  });

  it("never lets more begin than there is room for, forgets none, and keeps each principal's order", async () => {
    const job = fc.record({
      principal: fc.constantFrom("user", "chat", "mcp:a"),
      memoryBytes: fc.integer({ min: 1, max: 12 }),
      heavy: fc.boolean(),
      cancelled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        async (jobs, slots, picks) => {
          const queue = new RunQueue({ slots, memoryBytes: 10 });
          const going = new Map<number, () => void>();
          const begun: number[] = [];
          const ended = jobs.map(async ({ cancelled, ...given }, index) => {
            const controller = new AbortController();
            const asked = queue.turn(run({ ...given, signal: controller.signal }));
            if (cancelled) controller.abort();
            const turn = await asked;
            if (turn.kind !== "turn") return;
            begun.push(index);
            going.set(index, turn.giveBack);
          });
          for (let step = 0; step <= jobs.length; step++) {
            await settle();
            const now = [...going.keys()].flatMap((index) => jobs[index] ?? []);
            const memory = now.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
            expect(now.length).toBeLessThanOrEqual(slots);
            expect(now.filter(({ heavy }) => heavy).length).toBeLessThanOrEqual(1);
            expect(now.length === 1 || memory <= 10).toBe(true);
            const names = [...going.keys()];
            const end = names[(picks.next().value ?? 0) % Math.max(1, names.length)];
            if (end === undefined) continue;
            going.get(end)?.();
            going.delete(end);
          }
          await Promise.all(ended);
          expect([queue.running, queue.waiting]).toEqual([0, 0]);
          for (const principal of ["user", "chat", "mcp:a"]) {
            const light = begun.filter((index) => jobs[index]?.principal === principal && jobs[index].heavy === false);
            expect(light).toEqual(light.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("fits the machine: at least two at once, or as many as the user says", () => {
    expect(machineBounds().slots).toBeGreaterThanOrEqual(2);
    expect(machineBounds(7).slots).toBe(7);
    expect(machineBounds().memoryBytes).toBeGreaterThan(0);
  });
});
