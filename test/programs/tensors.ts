/** Tensors of the programs under test, on the device under test. */
import type { DTypeValue } from '../../src/dsl/dtypes.ts';
import { type DType, isFloat } from '../../src/ir/dtype.ts';
import type { Raw } from '../../src/runtime/elements.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import type { DeviceUnderTest } from '../ops/paged.ts';

export interface Tensors {
  /** With the values, each converted to the dtype. */
  of<D extends DType>(dtype: DTypeValue<D>, shape: readonly number[], values: ArrayLike<number>): Promise<Tensor<D>>;
  /** With raw elements: codes of narrow floats, 0 or 1 for bool. */
  raw<D extends DType>(dtype: DTypeValue<D>, elements: Raw<D>): Promise<Tensor<D>>;
  /** Full of what must not survive: NaN, or an unlikely integer. */
  poisoned<D extends DType>(dtype: DTypeValue<D>, shape: readonly number[]): Promise<Tensor<D>>;
  /** All elements the value. */
  full<D extends DType>(dtype: DTypeValue<D>, shape: readonly number[], value: number): Promise<Tensor<D>>;
}

/** Of integers and bools that a kernel should have written over. */
const POISON = 85;

export function tensorsOn(device: DeviceUnderTest): Tensors {
  const place = async <D extends DType>(t: Tensor<D>): Promise<Tensor<D>> => (device === 'cpu' ? t : t.to(device));
  const full: Tensors['full'] = (dtype, shape, value) => place(Tensor.full(shape, value, dtype));
  return {
    of: (dtype, shape, values) => place(Tensor.from(values as readonly number[], dtype, shape)),
    raw: (dtype, elements) => place(Tensor.fromRaw(elements, dtype)),
    poisoned: (dtype, shape) => full(dtype, shape, isFloat(dtype.dtype) ? NaN : POISON),
    full,
  };
}
