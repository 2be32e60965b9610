/** The types of tiles and tensors in a kernel. There are no values of them: the compiler reads the text. */
import type { DType } from '../ir/dtype.ts';
import type { DTypeValue, Element } from './dtypes.ts';

export type Shape = readonly number[];
export type Scope = 'global' | 'shared' | 'fragment' | 'local';

/** A number of the host: not a run-time dimension, not a value of the device (as far as TypeScript can tell them apart). */
export type Constant = number & { readonly kind?: never; readonly __dtype?: never };

/** The shape of `2` is any of rank 2; a shape stands for itself. */
type ShapeOf<S extends number | Shape> = S extends number ? (number extends S ? Shape : OfRank<S>) : S;
type OfRank<R extends number, Acc extends Shape = readonly []> = Acc['length'] extends R
  ? Acc
  : OfRank<R, readonly [...Acc, number]>;

declare const FACTS: unique symbol;

/** What whole-tile statements take: tiles, tensors and regions of both. */
export interface Operand<D extends DType = DType, S extends Shape = Shape, K extends Scope = Scope> {
  readonly [FACTS]: { readonly dtype: D; readonly shape: S; readonly scope: K };
}

/** A box of a tensor or tile: `A.tile(origin, extent)`. `S` is the extent. */
export interface Region<D extends DType = DType, S extends Shape = Shape, K extends Scope = Scope>
  extends Operand<D, S, K> {
  readonly __region?: never;
}

/** The last dimension of a tile: elements. */
interface Elements<E> {
  [i: number]: E;
}
/** Another dimension: rows, which have no value of their own. */
interface Rows<E, Rest extends Shape> {
  readonly [i: number]: Indexed<E, Rest>;
}
type Indexed<E, S extends Shape> = S extends readonly [number]
  ? Elements<E>
  : S extends readonly [number, ...infer Rest extends Shape]
    ? Rows<E, Rest>
    : unknown;

/** Extents of a region: one for each dimension, or for the last few. */
type ExtentsOf<S extends Shape> = S extends readonly [number, ...infer Rest extends Shape]
  ? { readonly [K in keyof S]: Constant } | (Rest extends readonly [] ? never : ExtentsOf<Rest>)
  : readonly Constant[];

interface Members<D extends DType, S extends Shape, K extends Scope> extends Operand<D, S, K> {
  /** A constant, or in tensors an `i32` of the device where the signature has a `dim`. */
  readonly shape: S;
  /** The dtype of its elements, to make other tiles of it. */
  readonly dtype: DTypeValue<D>;
  /**
   * The box of `extent` elements from `origin`. `origin` has an entry for each dimension; `extent` too, or fewer, for the
   * last dimensions (those before are 1). Extents are constants. What lies outside a tensor reads as zero and is not written.
   */
  tile<const X extends ExtentsOf<S>>(origin: { readonly [I in keyof S]: number }, extent: X): Region<D, X, K>;
}

/** A tile or tensor of any scope, indexed `A[i][j]`. `S` is a rank or a shape: `Tile<'f32', 2>` for a macro's parameter. */
export type Tile<D extends DType = DType, S extends number | Shape = Shape, K extends Scope = Scope> = Members<
  D,
  ShapeOf<S>,
  K
> &
  Indexed<Element<D>, ShapeOf<S>>;

/** A kernel's tensor parameter, in device memory. */
export type Tensor<D extends DType = DType, S extends number | Shape = Shape> = Tile<D, S, 'global'>;
/** A tile in the block's shared memory. */
export type Shared<D extends DType = DType, S extends number | Shape = Shape> = Tile<D, S, 'shared'>;
/** A tile spread over the registers of the block's threads. */
export type Fragment<D extends DType = DType, S extends number | Shape = Shape> = Tile<D, S, 'fragment'>;
/** A small array of which every thread holds a copy. */
export type Local<D extends DType = DType, S extends number | Shape = Shape> = Tile<D, S, 'local'>;
