/** A box to place; the order of boxes is the source order, which the layout keeps from top to bottom. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly from: string;
  readonly to: string;
  /** Room that its label takes, in the unit of the boxes; none for 0. */
  readonly labelWidth?: number;
  /** Links of one group that lead to the same box may run together. */
  readonly group?: string;
  /** It leaves the usual way, and so stands aside where another leads straight down. */
  readonly isAside?: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** It is wider than it was where the labels of its links need more room. */
export interface PlacedBox extends Box {
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  /** One orthogonal path per link, in the order of the links; its first and last points lie on the boxes' borders. */
  readonly paths: readonly (readonly Point[])[];
  /** Where each link's label begins, on its base line. */
  readonly labels: readonly Point[];
}
