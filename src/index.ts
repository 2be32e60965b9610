/** What a user of tilec imports: the language of kernels, and tensors to call them with. */
export { CompileError, type Diagnostic } from './diagnostics/diagnostic.ts';
export type { Capture } from './dsl/capture/record.ts';
export { CaptureError } from './dsl/capture-error.ts';
export {
  bf16,
  bool,
  type DTypeValue,
  type Element,
  f8e4m3,
  f8e5m2,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
} from './dsl/dtypes.ts';
export { OutsideKernelError } from './dsl/intrinsics.ts';
export {
  type Args,
  type DeviceName,
  isKernel,
  type Kernel,
  KernelCallError,
  type KernelDef,
  kernel,
  type LaunchOptions,
} from './dsl/kernel.ts';
export { macro } from './dsl/macro.ts';
export { type Dim, dim, type Params, type ScalarSig, type Sig, scalar, type TensorSig, tensor } from './dsl/sig.ts';
export { T } from './dsl/T.ts';
export type { Fragment, Local, Operand, Region, Shared, Tensor as TensorTile, Tile } from './dsl/tile.ts';
export type { DType } from './ir/dtype.ts';
export { CpuDevice, cpu } from './runtime/cpu-device.ts';
export { Device } from './runtime/device.ts';
export type { Raw, Values } from './runtime/elements.ts';
export { CudaError, EnvironmentError, NvrtcError } from './runtime/errors.ts';
export { Event } from './runtime/event.ts';
export type { Executable, ExecutableInfo } from './runtime/executable.ts';
export { Graph } from './runtime/graph.ts';
export { type Profile, type ProfileOptions, profile } from './runtime/profiler.ts';
export { Stream } from './runtime/stream.ts';
export { type CopyOptions, type Placement, Tensor, type TensorData } from './runtime/tensor.ts';
