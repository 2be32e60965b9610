/** A kernel's signature: tensors, scalars, and the run-time dimensions between them. */
import type { DType } from '../ir/dtype.ts';
import type { DTypeValue, Element } from './dtypes.ts';
import type { Tensor } from './tile.ts';

/**
 * A size known at the call, found from the shapes of the tensors. In a kernel it is an `i32`; on the host it has no
 * value, and arithmetic with it throws.
 */
export interface DimValue {
  readonly kind: 'dim';
  readonly name: string;
  /** A promise, checked at the call, that lets memory be touched in wider pieces. */
  readonly multipleOf: number;
  /** The product, for a shape such as `[dim('numPages').times(64), …]`. */
  times(by: number | DimValue): DimExpr & number;
}
/** A product of dimensions and constants. */
export interface DimExpr {
  readonly kind: 'dimExpr';
  readonly factors: readonly (number | DimValue)[];
  times(by: number | DimValue): DimExpr & number;
}
/** What `dim` gives: an object that TypeScript takes for a number, since in a kernel it is one. */
export type Dim = DimValue & number;
export type ShapeEntry = number | DimValue | DimExpr;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function hostArithmetic(what: string): () => never {
  return () => {
    throw new TypeError(
      `${what} has no value on the host: it is known when the kernel is called. ` +
        'Inside a kernel it is an i32; in a shape, use `.times(n)`',
    );
  };
}

// A cast says to the type checker that this is a number; only kernels, which never run as JavaScript, rely on it.
function dimExpr(factors: readonly (number | DimValue)[]): DimExpr & number {
  const self = {
    kind: 'dimExpr' as const,
    factors,
    times: (by: number | DimValue) => dimExpr([...factors, checkFactor(by)]),
    [Symbol.toPrimitive]: hostArithmetic(
      `the size ${factors.map((f) => (typeof f === 'number' ? f : f.name)).join(' · ')}`,
    ),
  };
  return Object.freeze(self) as unknown as DimExpr & number;
}

function checkFactor(by: number | DimValue): number | DimValue {
  if (typeof by === 'number' && !(Number.isInteger(by) && by > 0))
    throw new RangeError(`times: ${by} is not a positive integer`);
  return by;
}

/**
 * A run-time dimension. Two dims of one name are the same dimension. `multipleOf` promises a divisor of its size.
 * Throws TypeError if `name` is not an identifier, RangeError if `multipleOf` is not a positive integer.
 */
export function dim(name: string, options: { readonly multipleOf?: number } = {}): Dim {
  const { multipleOf = 1 } = options;
  if (!IDENTIFIER.test(name)) throw new TypeError(`dim: '${name}' is not an identifier`);
  if (!Number.isInteger(multipleOf) || multipleOf < 1)
    throw new RangeError(`dim '${name}': multipleOf is ${multipleOf}, not a positive integer`);
  const self: DimValue = Object.freeze({
    kind: 'dim' as const,
    name,
    multipleOf,
    times: (by: number | DimValue) => dimExpr([self, checkFactor(by)]),
    [Symbol.toPrimitive]: hostArithmetic(`dimension '${name}'`),
  });
  return self as Dim;
}

/** The dimension or product of dimensions that the value is. */
export function dimOf(value: unknown): DimValue | DimExpr | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  return value.kind === 'dim' || value.kind === 'dimExpr' ? (value as DimValue | DimExpr) : undefined;
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
export type Sig = Readonly<Record<string, TensorSig | ScalarSig>>;

/**
 * A tensor parameter: contiguous, row-major. A shape entry is a constant, a `dim`, or a product of them.
 * Throws RangeError for a shape without entries or an entry that is no positive integer.
 */
export function tensor<D extends DType, const S extends readonly [ShapeEntry, ...ShapeEntry[]]>(
  dtype: DTypeValue<D>,
  shape: S,
): TensorSig<D, S> {
  if (shape.length === 0) throw new RangeError('tensor: the shape has no entries; a single value is [1]');
  for (const n of shape as readonly ShapeEntry[])
    if (dimOf(n) === undefined && !(typeof n === 'number' && Number.isInteger(n) && n > 0))
      throw new RangeError(`tensor: shape entry ${String(n)} is neither a positive integer nor a dim`);
  return { kind: 'tensor', dtype: dtype.dtype, shape };
}

/** A scalar parameter, passed by value at each call; in the kernel a device scalar. */
export const scalar = <D extends DType>(dtype: DTypeValue<D>): ScalarSig<D> => ({ kind: 'scalar', dtype: dtype.dtype });

type Sizes<S extends readonly ShapeEntry[]> = { readonly [K in keyof S]: S[K] extends number ? S[K] : number };

/** What the kernel's function gets for its signature. */
export type Params<S extends Sig> = {
  readonly [K in keyof S]: Param<S[K]>;
};
/** A parameter that a factory leaves out of some of its kernels is `undefined` there. */
type Param<P> =
  P extends TensorSig<infer D, infer Shape>
    ? Tensor<D, Sizes<Shape>>
    : P extends ScalarSig<infer D>
      ? Element<D>
      : undefined;
