/** Everything that is done element by element or along a dimension, to one tile of any shape. */
import { dim, type Fragment, type f32, type i32 as I32, kernel, macro, T, type TensorTile, tensor } from 'tilec';
import { DTYPE_VALUES } from '../../../src/dsl/dtypes.ts';

export const REDUCTIONS = ['sum', 'max', 'min', 'absmax'] as const;
export interface Reduction {
  readonly op: (typeof REDUCTIONS)[number];
  readonly dim: number;
  readonly clear: boolean;
}
export interface OddTile {
  /** Of the tile: one to three extents. */
  readonly shape: readonly number[];
  readonly threads: number;
  readonly dtype: 'f32' | 'f16' | 'bf16' | 'i32';
  /** By how much the tensors' dimensions after the first are smaller than the tile's. */
  readonly cut: number;
  /** Whether stores ask first; otherwise the tensors are whole tiles. */
  readonly guarded: boolean;
  /** From a fragment, and from a shared tile. */
  readonly reductions: readonly [Reduction, Reduction];
  readonly scan: { readonly dim: number; readonly reverse: boolean; readonly from: 'fragment' | 'shared' };
}

/** What reductions that do not clear start from, and fills are of. */
export const FILL = 5;

/** The tile's shape less one dimension. */
export const without = (shape: readonly number[], d: number): readonly number[] =>
  shape.length === 1 ? [1] : shape.filter((_, i) => i !== d);

/** The tensors' extents after the first. */
export const restOf = ({ shape, cut }: OddTile): readonly number[] => shape.slice(1).map((n) => Math.max(1, n - cut));

/** The dtype of a reduction's result: sums are kept where narrow floats do not round them. */
export const dtypeOf = ({ op }: Reduction, dtype: OddTile['dtype']): OddTile['dtype'] =>
  op !== 'sum' || dtype === 'i32' ? dtype : 'f32';

type Lines = [Fragment<'f32', 1>, Fragment<'f32', 1>, Fragment<'f32', 1>, TensorTile<'f32', 1>];
type Matrices = [Fragment<'f32', 2>, Fragment<'f32', 2>, Fragment<'f32', 2>, TensorTile<'f32', 2>];
type Cubes = [Fragment<'f32', 3>, Fragment<'f32', 3>, Fragment<'f32', 3>, TensorTile<'f32', 3>];

// out = 2x + the element's number mod 32; mixed = out in each third element; stored = out, from row `from` on.
const ofLines = macro(([x, out, mixed, stored]: Lines, from: I32, guarded: boolean): void => {
  const type = x.dtype;
  const [A] = x.shape;
  const [n] = stored.shape;
  for (const [i] of T.Parallel(A)) out[i] = x[i] * 2 + type(i % 32);
  for (const [i] of T.Parallel(A)) {
    if (i % 3 === 0) mixed[i] = out[i];
    if (!guarded || from + i < n) stored[from + i] = out[i];
  }
});
const ofMatrices = macro(([x, out, mixed, stored]: Matrices, from: I32, guarded: boolean): void => {
  const type = x.dtype;
  const [A, B] = x.shape;
  const [n, width] = stored.shape;
  for (const [i, j] of T.Parallel(A, B)) out[i][j] = x[i][j] * 2 + type((i * B + j) % 32);
  for (const [i, j] of T.Parallel(A, B)) {
    if ((i * B + j) % 3 === 0) mixed[i][j] = out[i][j];
    if (!guarded || (from + i < n && j < width)) stored[from + i][j] = out[i][j];
  }
});
const ofCubes = macro(([x, out, mixed, stored]: Cubes, from: I32, guarded: boolean): void => {
  const type = x.dtype;
  const [A, B, C] = x.shape;
  const [n, rows, width] = stored.shape;
  for (const [i, j, k] of T.Parallel(A, B, C)) out[i][j][k] = x[i][j][k] * 2 + type(((i * B + j) * C + k) % 32);
  for (const [i, j, k] of T.Parallel(A, B, C)) {
    if (((i * B + j) * C + k) % 3 === 0) mixed[i][j][k] = out[i][j][k];
    if (!guarded || (from + i < n && j < rows && k < width)) stored[from + i][j][k] = out[i][j][k];
  }
});

/**
 * Of x: [n, …rest], a tile of consecutive entries a block. By copies: doubled = 2x + the element's number in its tile mod 32,
 * mixed the same in each third element and FILL in others, scanned the running sums; element by element: stored = doubled.
 * first, second: [blocks, …] the reductions.
 */
export function oddTile(tile: OddTile) {
  const { dtype, guarded, threads, scan } = tile;
  const [first, second] = tile.reductions;
  // For the editor all are lines of f32.
  const type = DTYPE_VALUES[dtype] as typeof f32;
  const typeOf = (r: Reduction): typeof f32 => DTYPE_VALUES[dtypeOf(r, dtype)] as typeof f32;
  const sums = DTYPE_VALUES[dtype === 'i32' ? 'i32' : 'f32'] as typeof f32;
  const shape = tile.shape as readonly [number];
  const rest = restOf(tile) as readonly [];
  const firstShape = without(shape, first.dim) as readonly [number];
  const secondShape = without(shape, second.dim) as readonly [number];
  const zeros = <E extends readonly number[]>(extents: E) =>
    extents.map(() => 0) as unknown as { readonly [K in keyof E]: 0 };
  const n = dim('n');
  const blocks = dim('blocks');
  return kernel(
    {
      x: tensor(type, [n, ...rest]),
      doubled: tensor(type, [n, ...rest]),
      stored: tensor(type, [n, ...rest]),
      mixed: tensor(type, [n, ...rest]),
      scanned: tensor(sums, [n, ...rest]),
      firstOut: tensor(typeOf(first), [blocks, ...firstShape]),
      secondOut: tensor(typeOf(second), [blocks, ...secondShape]),
    },
    ({ x, doubled, stored, mixed, scanned, firstOut, secondOut }) => {
      const [bx] = T.grid([blocks], { threads });
      const from = bx * shape[0];
      const t = T.fragment(type, shape);
      const out = T.fragment(type, shape);
      const some = T.fragment(type, shape);
      const s = T.shared(type, shape);
      const running = T.fragment(sums, shape);
      T.copy(x.tile([from, ...zeros(rest)], shape), t);
      T.copy(t, s);
      T.fill(some, FILL);
      const tiles: readonly unknown[] = [t, out, some, stored];
      if (shape.length === (1 as number)) ofLines(tiles as Lines, from, guarded);
      else if (shape.length === (2 as number)) ofMatrices(tiles as Matrices, from, guarded);
      else ofCubes(tiles as Cubes, from, guarded);
      T.copy(out, doubled.tile([from, ...zeros(rest)], shape));
      T.copy(some, mixed.tile([from, ...zeros(rest)], shape));
      T.cumsum(scan.from === 'shared' ? s : t, running, { dim: scan.dim, reverse: scan.reverse });
      T.copy(running, scanned.tile([from, ...zeros(rest)], shape));
      const results = [
        { source: t, reduction: first, extent: firstShape, target: firstOut },
        { source: s, reduction: second, extent: secondShape, target: secondOut },
      ];
      for (const { source, reduction, extent, target } of results) {
        const r = T.fragment(typeOf(reduction), extent);
        const options = { dim: reduction.dim as 0, clear: reduction.clear };
        T.fill(r, FILL);
        if (reduction.op === 'sum') T.reduceSum(source, r, options);
        else if (reduction.op === 'max') T.reduceMax(source, r, options);
        else if (reduction.op === 'min') T.reduceMin(source, r, options);
        else T.reduceAbsMax(source, r, options);
        T.copy(r, target.tile([bx, ...zeros(extent)], [1, ...extent]));
      }
    },
  );
}
