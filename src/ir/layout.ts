/**
 * Layouts as data. The algebra on them (evaluate, invert, compose, slice, check) is `src/layout/`.
 *
 * A layout maps the coordinates of a tile to a place. Each dimension is cut into *atoms*, most significant first: a
 * coordinate is written as mixed-radix digits over the atoms' extents, and each digit times its stride is added to one
 * axis of the place. It is CuTe's shape:stride with the target axis named on each digit; extents need not be powers of two.
 *
 * - A fragment's layout targets `thread` (linear index within the block) and `reg` (index into the thread's array).
 * - A shared buffer's layout targets `mem` (element offset), followed by an optional XOR `swizzle` of that offset.
 */
export type Axis = 'thread' | 'reg' | 'mem';

export interface Atom {
  readonly extent: number;
  readonly axis: Axis;
  readonly stride: number;
}

/**
 * XOR swizzle of a linear element offset: with `mask = (1 << bits) - 1`,
 * `offset ^ (((offset >> (base + shift)) & mask) << base)`. CuTe's `Swizzle<bits, base, shift>`.
 */
export interface Swizzle {
  readonly bits: number;
  readonly base: number;
  readonly shift: number;
}

export interface Layout {
  /**
   * `dims[d]` cuts dimension d; the product of its extents is the tile's extent along d. In registers it may be more: what
   * lies behind the tile's edge is a place that holds nothing.
   */
  readonly dims: readonly (readonly Atom[])[];
  /** Thread digits that no coordinate decides: each value of them holds a copy. */
  readonly replicate: readonly Atom[];
  readonly swizzle?: Swizzle;
}
