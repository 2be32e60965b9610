/** A kernel's signature: tensors, scalars, and the run-time dimensions between them. */
import type { DType } from '../ir/dtype.ts';
import type { DTypeValue, Element } from './dtypes.ts';
import type { Tensor as TensorTile } from './tile.ts';

/**
 * A size known at the call, found from the shapes of the tensors. In a kernel it is an `i32`.
 * `multipleOf` is a promise, checked at the call, that lets memory be touched in wider pieces.
 */
export interface DimValue {
  readonly kind: 'dim';
  readonly name: string;
  readonly multipleOf: number;
  /** The dimension times a constant or another dimension, for a shape such as `[numPages * pageSize, …]`. */
  times(by: number | DimValue): DimExpr;
}
export interface DimExpr {
  readonly kind: 'dimExpr';
  readonly factors: readonly (number | DimValue)[];
}
export type ShapeEntry = number | DimValue | DimExpr;

export function dim(name: string, options: { readonly multipleOf?: number } = {}): DimValue & number {
  const { multipleOf = 1 } = options;
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`dim: '${name}' is not an identifier`);
  if (!Number.isInteger(multipleOf) || multipleOf < 1) throw new RangeError(`dim '${name}': multipleOf is ${multipleOf}, not a positive integer`);
  const self: DimValue = {
    kind: 'dim',
    name,
    multipleOf,
    times: (by) => ({ kind: 'dimExpr', factors: [self, by] }),
  };
  // Inside a kernel a dimension is a number; the cast says so to the type checker.
  return self as DimValue & number;
}

export interface TensorSig<D extends DType = DType, S extends readonly ShapeEntry[] = readonly ShapeEntry[]> {
  readonly kind: 'tensor';
  readonly dtype: D;
  readonly shape: S;
}
export interface ScalarSig<D extends DType = DType> {
  readonly kind: 'scalar';
  readonly dtype: D;
}

/** A tensor parameter: contiguous, row-major. A shape entry is a constant or a `dim`. */
export const tensor = <D extends DType, const S extends readonly ShapeEntry[]>(dtype: DTypeValue<D>, shape: S): TensorSig<D, S> => ({
  kind: 'tensor',
  dtype: dtype.dtype,
  shape,
});

/** A scalar parameter. */
export const scalar = <D extends DType>(dtype: DTypeValue<D>): ScalarSig<D> => ({ kind: 'scalar', dtype: dtype.dtype });

export type Sig = Readonly<Record<string, TensorSig | ScalarSig>>;

/** What the kernel's function gets for its signature. */
export type Params<S extends Sig> = {
  readonly [K in keyof S]: S[K] extends TensorSig<infer D, infer Shape>
    ? TensorTile<D, Shape['length']>
    : S[K] extends ScalarSig<infer D>
      ? Element<D>
      : never;
};
