import type { Box } from "./types.ts";

/** What stands side by side is no wider than this where it can be put below each other: about an editor's half. */
const MAX_ROW = 840;
const GAP = 28;

/** Which box dominates which, in a graph whose links all lead to later boxes. */
class Dominators {
  /** The immediate dominator of each box; -1 for what nothing leads to. */
  readonly parents: readonly number[];
  readonly #depths: number[] = [];
  /** Jump pointers (Myers 1983, skew-binary): an ancestor at any depth in a logarithmic number of steps. */
  readonly #jumps: number[] = [];

  constructor(before: readonly (readonly number[])[]) {
    const parents: number[] = [];
    for (const [box, sources] of before.entries()) {
      const [first = -1, ...others] = sources;
      const parent = others.reduce((common, source) => this.#common(parents, common, source), first);
      parents.push(parent);
      this.#depths.push(parent < 0 ? 0 : (this.#depths[parent] ?? 0) + 1);
      const jump = this.#jumps[parent] ?? -1;
      const [near, far] = [this.#depth(parent) - this.#depth(jump), this.#depth(jump) - this.#depth(this.#jump(jump))];
      this.#jumps.push(parent >= 0 && near === far ? this.#jump(jump) : parent >= 0 ? parent : -1);
      if (this.#jumps.length !== box + 1) throw new RangeError("boxes are taken in order");
    }
    this.parents = parents;
  }

  #depth(box: number): number {
    return box < 0 ? -1 : (this.#depths[box] ?? 0);
  }

  #jump(box: number): number {
    return box < 0 ? -1 : (this.#jumps[box] ?? -1);
  }

  #common(parents: readonly number[], one: number, other: number): number {
    let [a, b] = [one, other];
    if (this.#depth(a) < this.#depth(b)) [a, b] = [b, a];
    while (this.#depth(a) > this.#depth(b)) {
      a = this.#depth(this.#jump(a)) >= this.#depth(b) ? this.#jump(a) : (parents[a] ?? -1);
    }
    while (a !== b) {
      if (this.#jump(a) !== this.#jump(b)) [a, b] = [this.#jump(a), this.#jump(b)];
      else [a, b] = [parents[a] ?? -1, parents[b] ?? -1];
    }
    return a;
  }

  /** The child of a box on the way down to one that it dominates. */
  childTowards(ancestor: number, box: number): number {
    const depth = this.#depth(ancestor) + 1;
    let at = box;
    while (this.#depth(at) > depth) {
      at = this.#depth(this.#jump(at)) >= depth ? this.#jump(at) : (this.parents[at] ?? -1);
    }
    return at;
  }
}

/** How wide a part of the drawing is, layer by layer; it grows at both ends at no cost. */
class Contour {
  /** Upwards from the middle, and downwards from there. */
  readonly #up: number[] = [];
  readonly #down: number[] = [];

  get length(): number {
    return this.#up.length + this.#down.length;
  }

  at(layer: number): number {
    const below = layer - this.#up.length;
    return (below >= 0 ? this.#down[below] : this.#up[-below - 1]) ?? 0;
  }

  add(layer: number, width: number): void {
    const below = layer - this.#up.length;
    if (below >= 0) this.#down[below] = (this.#down[below] ?? 0) + width;
    else this.#up[-below - 1] = (this.#up[-below - 1] ?? 0) + width;
  }

  growUp(): void {
    this.#up.push(0);
  }
}

interface Piece {
  readonly offset: number;
  readonly contour: Contour;
}

export interface Arms {
  /** The boxes that begin an arm which must stand below those before it. */
  readonly stacked: ReadonlySet<number>;
  /** For a box with arms of different weight: the box that begins the heaviest one. */
  readonly main: ReadonlyMap<number, number>;
}

/**
 * Finds which arms of branches must stand below the arms before them, because side by side all would be too wide. It
 * works on the tree of dominators from its leaves up: each subtree is as wide as its layers are, and is put beside those
 * before it where that fits.
 * @param before the boxes from which links lead down to each
 * @param usual those of them from which not only links lead that are aside
 */
export function findArms(
  boxes: readonly Box[],
  before: readonly (readonly number[])[],
  usual: readonly (readonly number[])[],
  lastOfLoop: ReadonlyMap<number, number>,
): Arms {
  return new ArmFinder(boxes, before, usual, lastOfLoop).find();
}

class ArmFinder {
  readonly #boxes: readonly Box[];
  readonly #before: readonly (readonly number[])[];
  readonly #usual: readonly (readonly number[])[];
  readonly #lastOfLoop: ReadonlyMap<number, number>;
  readonly #tree: Dominators;
  readonly #children: readonly number[][];
  readonly #contours: Contour[] = [];
  readonly #stacked = new Set<number>();
  readonly #main = new Map<number, number>();
  /** How many boxes each one dominates, itself among them. */
  readonly #sizes: number[];

  constructor(
    boxes: readonly Box[],
    before: readonly (readonly number[])[],
    usual: readonly (readonly number[])[],
    lastOfLoop: ReadonlyMap<number, number>,
  ) {
    this.#boxes = boxes;
    this.#before = before;
    this.#usual = usual;
    this.#lastOfLoop = lastOfLoop;
    this.#tree = new Dominators(before);
    this.#children = boxes.map(() => []);
    this.#sizes = boxes.map(() => 1);
    for (const [box, parent] of this.#tree.parents.entries()) this.#children[parent]?.push(box);
  }

  find(): Arms {
    for (let box = this.#boxes.length - 1; box >= 0; box--) {
      this.#contours[box] = this.#pieces(box).merge((this.#boxes[box]?.width ?? 0) + GAP);
      this.#weigh(box);
    }
    return { stacked: this.#stacked, main: this.#main };
  }

  /** The subtrees below a box, side by side where that fits. */
  #pieces(box: number): Pieces {
    const pieces = new Pieces();
    const arms = new Map<number, Piece>();
    for (const child of this.#children[box] ?? []) {
      const contour = this.#contours[child];
      if (contour === undefined) continue;
      let offset = this.#offset(box, child, arms);
      if (child > (this.#lastOfLoop.get(box) ?? this.#boxes.length)) offset = Math.max(offset, pieces.depth);
      else if (!pieces.fits(offset, contour)) {
        offset = pieces.depth;
        this.#stacked.add(child);
      }
      const piece = { offset, contour };
      pieces.add(piece);
      arms.set(child, piece);
    }
    return pieces;
  }

  /** The first layer below a box, and below the arms that lead to a child. */
  #offset(box: number, child: number, arms: ReadonlyMap<number, Piece>): number {
    let offset = 1;
    for (const source of this.#before[child] ?? []) {
      const arm = source === box ? undefined : arms.get(this.#tree.childTowards(box, source));
      if (arm !== undefined) offset = Math.max(offset, arm.offset + arm.contour.length);
    }
    return offset;
  }

  /** Finds the heaviest of the arms that begin right at a box. */
  #weigh(box: number): void {
    const children = this.#children[box] ?? [];
    const size = (child: number | undefined): number => (child === undefined ? 0 : (this.#sizes[child] ?? 0));
    this.#sizes[box] = children.reduce((sum, child) => sum + size(child), 1);
    const arms = children.filter((child) => {
      const sources = this.#usual[child] ?? [];
      return sources.length > 0 && sources.every((source) => source === box);
    });
    const [heaviest, second] = arms.toSorted((a, b) => size(b) - size(a));
    if (heaviest !== undefined && size(heaviest) > size(second)) this.#main.set(box, heaviest);
  }
}

/** The subtrees below one box, as they are placed. */
class Pieces {
  readonly #placed: Piece[] = [];
  /** The first free layer below all; the box itself has layer 0. */
  depth = 1;

  fits(offset: number, contour: Contour): boolean {
    const end = Math.min(this.depth, offset + contour.length);
    for (let layer = offset; layer < end; layer++) {
      let width = contour.at(layer - offset);
      for (const other of this.#placed) width += other.contour.at(layer - other.offset);
      if (width > MAX_ROW) return false;
    }
    return true;
  }

  add(piece: Piece): void {
    this.#placed.push(piece);
    this.depth = Math.max(this.depth, piece.offset + piece.contour.length);
  }

  /** All in the one that is longest, under the box itself; each of the others costs its own length only. */
  merge(width: number): Contour {
    const [first] = this.#placed;
    if (first === undefined) {
      const alone = new Contour();
      alone.add(0, width);
      return alone;
    }
    const longest = this.#placed.reduce(
      (best, piece) => (piece.contour.length > best.contour.length ? piece : best),
      first,
    );
    const { contour, offset } = longest;
    for (let i = 0; i < offset; i++) contour.growUp();
    contour.add(0, width);
    for (const piece of this.#placed) {
      if (piece === longest) continue;
      const { length } = piece.contour;
      // A gap below is filled first, so that the places stay one after the other.
      for (let layer = contour.length; layer < piece.offset; layer++) contour.add(layer, 0);
      for (let layer = 0; layer < length; layer++) contour.add(piece.offset + layer, piece.contour.at(layer));
    }
    return contour;
  }
}
