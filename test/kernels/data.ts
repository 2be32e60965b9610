/** Random tensors with the numbers that they hold, and outputs that no kernel may leave as they are. */
import { bf16, type DTypeValue, f8e4m3, f16, f32, f64, type Tensor as TensorOf } from 'tilec';
import { Tensor } from '../../src/runtime/tensor.ts';
import type { FloatName } from '../reference/numbers.ts';
import { normals, type Random, random } from '../reference/random.ts';

export const DTYPES: { readonly [D in FloatName]: DTypeValue<D> } = { f64, f32, f16, bf16, f8e4m3 };

/** What a test's numbers start from: the same for the same name, others with another `TILEC_SEED`. */
export function seeded(name: string): Random {
  let hash = Number(process.env.TILEC_SEED ?? 1);
  for (const c of name) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0;
  return random(hash);
}

export interface Filled {
  readonly values: Float64Array;
  readonly tensor: TensorOf;
}

/** Normal numbers times `scale`, exact in the dtype. */
export function normal(r: Random, shape: readonly number[], dtype: FloatName, scale = 1): Filled {
  const values = normals(
    r,
    shape.reduce((a, b) => a * b, 1),
    dtype,
    scale,
  );
  return { values, tensor: Tensor.from(values, DTYPES[dtype], shape) };
}

/** All NaN: what a kernel does not write stays NaN, and what it reads of it shows in the result. */
export const poisoned = (shape: readonly number[], dtype: FloatName): TensorOf =>
  Tensor.full(shape, Number.NaN, DTYPES[dtype]);
