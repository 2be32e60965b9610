/** Random tensors with the numbers that they hold, and outputs that no kernel may leave as they are. */
import { bf16, type DTypeValue, f8e4m3, f16, f32, f64, Tensor } from 'tilec';
import type { FloatName } from '../reference/numbers.ts';
import { normals, type Random, random } from '../reference/random.ts';

export const DTYPES: { readonly [D in FloatName]: DTypeValue<D> } = { f64, f32, f16, bf16, f8e4m3 };

/** What a test's numbers start from: the same for the same name, others with another `TILEC_SEED`. */
export function seeded(name: string): Random {
  let hash = Number(process.env.TILEC_SEED ?? 1);
  for (const c of name) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0;
  return random(hash);
}

export interface Filled<D extends FloatName> {
  readonly values: Float64Array;
  readonly tensor: Tensor<D>;
}

/** The values, each exact in the dtype, as a tensor. */
export const tensorOf = <D extends FloatName>(values: Float64Array, dtype: D, shape: readonly number[]): Tensor<D> =>
  Tensor.from(Float64Array.from(values), DTYPES[dtype], shape);

/** Normal numbers times `scale`, exact in the dtype. */
export function normal<D extends FloatName>(r: Random, shape: readonly number[], dtype: D, scale = 1): Filled<D> {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = normals(r, size, dtype, scale);
  return { values, tensor: tensorOf(values, dtype, shape) };
}

/** All NaN: what a kernel does not write stays NaN, and what it reads of it shows in the result. */
export const poisoned = <D extends FloatName>(shape: readonly number[], dtype: D): Tensor<D> =>
  Tensor.full(shape, Number.NaN, DTYPES[dtype]);
