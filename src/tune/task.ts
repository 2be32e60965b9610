/** What a worker thread is asked to compile, and what it says: plain data. */
import type { DType } from '../ir/dtype.ts';
import type { Arch } from '../ir/target.ts';
import type { KernelConfig } from '../ops/kernels.ts';
import type { Compiled } from './search.ts';
import type { Params } from './space.ts';

export interface CompileTask {
  /** As the manifest names it. */
  readonly op: string;
  readonly params: Params;
  readonly config: KernelConfig;
  /** The tensors of the call. */
  readonly tensors: Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly number[] }>>;
  readonly arch: Arch;
}

export interface Request {
  readonly id: number;
  readonly task: CompileTask;
}

export type Answer =
  | { readonly id: number; readonly compiled: Compiled }
  /** Not the configuration's fault: NVRTC is missing, say. */
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
