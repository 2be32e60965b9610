/**
 * Operators: what a server or a test calls. Each is an object of parameters that validates its calls, picks and compiles
 * kernels, and launches them, on CPU and GPU tensors alike. The table of all is in docs/operators.md.
 */
export type { HostCopies, Validate } from './contents.ts';
export { GqaPagedDecode } from './decode.ts';
export { Gemm, GqaForward } from './dense.ts';
export { OperatorError, OperatorUseError } from './error.ts';
export { compileCount, type KernelConfig } from './kernels.ts';
export { Operator, type OperatorOptions, type RunOptions, type Workspace } from './operator.ts';
export { AppendPagedKv, GqaPagedPrefill } from './paged.ts';
export { Rope } from './rope.ts';
export { AddRmsNorm, QuantizeFp8Rows, QuantizeFp8Tensor, RmsNorm, SiluAndMul, Softmax } from './rows.ts';
