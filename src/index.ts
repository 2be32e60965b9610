/** What a user of tilec imports: the language of kernels, and tensors to call them with. */
export { CompileError, type Diagnostic } from './diagnostics/diagnostic.ts';
export type { Capture } from './dsl/capture/record.ts';
export { bf16, bool, type DTypeValue, f8e4m3, f8e5m2, f16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from './dsl/dtypes.ts';
export { type Args, CaptureError, isKernel, type Kernel, type KernelDef, kernel } from './dsl/kernel.ts';
export { macro } from './dsl/macro.ts';
export { type DimValue, dim, scalar, tensor } from './dsl/sig.ts';
export { T } from './dsl/T.ts';
export type { Region, Tensor as TensorTile, Tile } from './dsl/tile.ts';
export type { DType } from './ir/dtype.ts';
export { Tensor } from './runtime/tensor.ts';
