import type { DType } from '../ir/dtype.ts';

/** What a kernel needs to know of the tensors it is called with; the runtime's `Tensor` is one. */
export interface TensorLike<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** Prints as `cpu`, `cuda:0`, …. */
  readonly device: unknown;
}
