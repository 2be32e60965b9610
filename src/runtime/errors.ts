/** What the runtime throws. The texts for users are in `diagnostics/messages/runtime.ts`. */
import type { RuntimeMessage } from '../diagnostics/messages/runtime.ts';

/** Something outside the program is missing or too old: NVRTC, the driver, a GPU. `message` says how to get it. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code: EnvironmentCode;
  /** `message` without the advice that is meant for programs. */
  readonly reason: string;
  constructor({ code, message, advice }: RuntimeMessage<EnvironmentCode>, options?: ErrorOptions) {
    super(advice === undefined ? message : `${message}. ${advice}`, options);
    this.code = code;
    this.reason = message;
  }
}
export type EnvironmentCode = 'NO_NVRTC' | 'NVRTC_UNUSABLE' | 'NO_DRIVER' | 'NO_GPU' | 'NO_FFI';

/** A call of the CUDA driver failed. */
export class CudaError extends Error {
  override readonly name = 'CudaError';
  /** The driver's name of the error, such as `CUDA_ERROR_OUT_OF_MEMORY`. */
  readonly code: string;
  /** `CUresult`. */
  readonly result: number;
  /** The driver function that failed. */
  readonly call: string;
  constructor(call: string, result: number, code: string, text: string) {
    super(`${call}: ${code} (${result}): ${text}`);
    this.call = call;
    this.result = result;
    this.code = code;
  }
}

/** NVRTC refused the CUDA C that the compiler made: a fault of the compiler, unless the kernel holds inline PTX. */
export class NvrtcError extends Error {
  override readonly name = 'NvrtcError';
  /** NVRTC's name of the error, such as `NVRTC_ERROR_COMPILATION`. */
  readonly code: string;
  /** What NVRTC printed, unchanged. */
  readonly log: string;
  /** The CUDA C that was compiled. */
  readonly source: string;
  constructor(message: string, code: string, log: string, source: string) {
    super(message);
    this.code = code;
    this.log = log;
    this.source = source;
  }
}
