/** What happens to a variable at a point: read, given a value, or unbound. `index` is the use or definition. */
export interface FlowEvent {
  readonly kind: "use" | "define" | "unbind";
  readonly variable: number;
  readonly index: number;
}

/** Events that happen one after the other, and where the flow goes on. */
export interface Block {
  readonly events: FlowEvent[];
  readonly next: number[];
  /** Where exceptions of the block go, -1 for out of the scope. */
  readonly handler: number;
  /** Whether it can raise; the exception is then raised before the block's definition, which is its last event. */
  raises: boolean;
}

/** A flow graph of events under construction. Blocks of which nothing leads anywhere are dead code. */
export class Blocks {
  readonly all: Block[] = [];
  /** The handler of the blocks that are opened now. */
  handler = -1;
  current: number;

  constructor() {
    this.current = this.open();
  }

  /** A new block; nothing leads to it yet. */
  open(): number {
    this.all.push({ events: [], next: [], handler: this.handler, raises: false });
    return this.all.length - 1;
  }

  /** Goes on in a new block after the given ones. */
  after(...blocks: readonly number[]): void {
    const next = this.open();
    for (const block of blocks) this.lead(block, next);
    this.current = next;
  }

  lead(from: number, to: number): void {
    this.all[from]?.next.push(to);
  }

  /** What follows is not reached from here. */
  stop(): void {
    this.current = this.open();
  }

  /** Something here may raise. */
  raises(): void {
    const block = this.all[this.current];
    if (block !== undefined) block.raises = true;
  }

  add(event: FlowEvent): void {
    const block = this.all[this.current];
    if (block === undefined) return;
    block.events.push(event);
    // What is raised later finds the new value: it gets a block of its own where somebody can tell.
    if (event.kind !== "use" && block.handler >= 0) this.after(this.current);
  }
}
