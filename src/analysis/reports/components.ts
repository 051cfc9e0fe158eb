/**
 * The strongly connected components of more than one node (Tarjan, "Depth-first search and linear graph algorithms"),
 * each sorted. Keeps its own stack.
 * @param count number of nodes, named 0 to count - 1
 */
export function components(count: number, edges: Iterable<{ readonly from: number; readonly to: number }>): number[][] {
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) next[from]?.push(to);
  const search = new Search(next);
  for (let node = 0; node < count; node++) search.from(node);
  return search.found;
}

class Search {
  readonly found: number[][] = [];
  readonly #next: readonly (readonly number[])[];
  /** Order of discovery from 1, 0 for not seen; and the earliest node on the stack that is reached. */
  readonly #order: Int32Array;
  readonly #low: Int32Array;
  readonly #open: Uint8Array;
  readonly #stack: number[] = [];
  #seen = 0;

  constructor(next: readonly (readonly number[])[]) {
    this.#next = next;
    this.#order = new Int32Array(next.length);
    this.#low = new Int32Array(next.length);
    this.#open = new Uint8Array(next.length);
  }

  from(root: number): void {
    if (this.#order[root] !== 0) return;
    const path: { readonly node: number; at: number }[] = [this.#enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = this.#next[top.node]?.[top.at++];
      if (to === undefined) {
        this.#leave(top.node);
        path.pop();
        const below = path.at(-1);
        if (below !== undefined) this.#lower(below.node, this.#low[top.node]);
      } else if (this.#order[to] === 0) path.push(this.#enter(to));
      else if (this.#open[to] === 1) this.#lower(top.node, this.#order[to]);
    }
  }

  #enter(node: number): { readonly node: number; at: number } {
    this.#seen++;
    this.#order[node] = this.#seen;
    this.#low[node] = this.#seen;
    this.#open[node] = 1;
    this.#stack.push(node);
    return { node, at: 0 };
  }

  #lower(node: number, to: number | undefined): void {
    if (to !== undefined && to < (this.#low[node] ?? 0)) this.#low[node] = to;
  }

  #leave(node: number): void {
    if (this.#low[node] !== this.#order[node]) return;
    const component: number[] = [];
    for (;;) {
      const member = this.#stack.pop();
      if (member === undefined) break;
      this.#open[member] = 0;
      component.push(member);
      if (member === node) break;
    }
    if (component.length > 1) this.found.push(component.sort((a, b) => a - b));
  }
}
