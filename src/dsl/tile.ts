/** The types of tiles and tensors in a kernel. There are no values of them: the compiler reads the text. */
import type { DType } from '../ir/dtype.ts';
import type { Element } from './dtypes.ts';

/** `X[i][j]…`: one bracket a dimension. */
export type Indexed<E, R extends number> = R extends 1
  ? { [i: number]: E }
  : R extends 2
    ? { readonly [i: number]: { [j: number]: E } }
    : R extends 3
      ? { readonly [i: number]: { readonly [j: number]: { [k: number]: E } } }
      : R extends 4
        ? { readonly [i: number]: { readonly [j: number]: { readonly [k: number]: { [l: number]: E } } } }
        : { readonly [i: number]: { readonly [j: number]: { readonly [k: number]: { readonly [l: number]: { [m: number]: E } } } } };

/** A box of a tensor or tile, for T.copy and its like. */
export interface Region<D extends DType = DType> {
  readonly __region: D;
}

interface TileMembers<D extends DType> {
  readonly shape: readonly number[];
  readonly dtype: D;
  /** `extent` elements from `origin`; both one entry a dimension, or `extent` fewer, for the last dimensions. Constants only in `extent`. */
  tile(origin: readonly number[], extent: readonly number[]): Region<D>;
}

/** A tensor in device memory. */
export type Tensor<D extends DType = DType, R extends number = number> = TileMembers<D> & { readonly __tensor: R } & Indexed<Element<D>, R>;
/** A tile that the kernel allocates: shared by the block, spread over its threads, or a copy in each thread. */
export type Tile<D extends DType = DType, R extends number = number> = TileMembers<D> & { readonly __tile: R } & Indexed<Element<D>, R>;

/** What whole-tile statements take. */
export type Operand<D extends DType = DType> =
  | { readonly __tile: number; readonly dtype: D }
  | { readonly __tensor: number; readonly dtype: D }
  | Region<D>;
