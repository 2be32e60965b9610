/** NVRTC's C API, loaded on first use. */
import { nvrtcMissing, nvrtcUnusable } from '../../diagnostics/messages/runtime.ts';
import { EnvironmentError } from '../errors.ts';
import { findNvrtc, isSupported, type NvrtcLocation } from './discover.ts';
import { type Functions, loadLibrary, preload } from './library.ts';

/** `nvrtcProgram` is an opaque pointer; `void *` outputs are one 64-bit slot, or a buffer of the size asked for before. */
const TABLE = {
  nvrtcVersion: ['void *', 'void *'],
  nvrtcCreateProgram: ['void *', 'const char *', 'const char *', 'int', 'void *', 'void *'],
  nvrtcCompileProgram: ['void *', 'int', 'void *'],
  nvrtcDestroyProgram: ['void *'],
  nvrtcGetCUBINSize: ['void *', 'void *'],
  nvrtcGetCUBIN: ['void *', 'void *'],
  nvrtcGetPTXSize: ['void *', 'void *'],
  nvrtcGetPTX: ['void *', 'void *'],
  nvrtcGetProgramLogSize: ['void *', 'void *'],
  nvrtcGetProgramLog: ['void *', 'void *'],
} as const;

/** `nvrtcResult` by value (nvrtc.h). */
export const NVRTC_RESULTS: readonly string[] = [
  'NVRTC_SUCCESS',
  'NVRTC_ERROR_OUT_OF_MEMORY',
  'NVRTC_ERROR_PROGRAM_CREATION_FAILURE',
  'NVRTC_ERROR_INVALID_INPUT',
  'NVRTC_ERROR_INVALID_PROGRAM',
  'NVRTC_ERROR_INVALID_OPTION',
  'NVRTC_ERROR_COMPILATION',
  'NVRTC_ERROR_BUILTIN_OPERATION_FAILURE',
  'NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION',
  'NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION',
  'NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID',
  'NVRTC_ERROR_INTERNAL_ERROR',
  'NVRTC_ERROR_TIME_FILE_WRITE_FAILED',
  'NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED',
  'NVRTC_ERROR_PCH_CREATE_HEAP_EXHAUSTED',
  'NVRTC_ERROR_PCH_CREATE',
  'NVRTC_ERROR_CANCELLED',
  'NVRTC_ERROR_TIME_TRACE_FILE_WRITE_FAILED',
];

export interface Nvrtc {
  readonly api: Functions<typeof TABLE>;
  readonly location: NvrtcLocation;
  /** As the library itself says. */
  readonly version: readonly [major: number, minor: number];
}

let nvrtc: Nvrtc | undefined;

/** Throws `EnvironmentError` where there is no NVRTC, or none that loads. */
export function loadNvrtc(): Nvrtc {
  nvrtc ??= open(nvrtcLocation());
  return nvrtc;
}

let location: NvrtcLocation | undefined;

/** The NVRTC that will be used, found without loading it. Throws `EnvironmentError` where there is none. */
export function nvrtcLocation(): NvrtcLocation {
  location ??= findNvrtc()[0];
  if (!location) throw new EnvironmentError(nvrtcMissing());
  return location;
}

function open(at: NvrtcLocation): Nvrtc {
  try {
    preload(at.builtins);
    const api = loadLibrary(at.library, TABLE);
    const major = new Int32Array(1);
    const minor = new Int32Array(1);
    api.nvrtcVersion(major, minor);
    const version = [major[0]!, minor[0]!] as const;
    if (!isSupported(version)) throw new Error(`it is version ${version.join('.')}`);
    return { api, location: at, version };
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw new EnvironmentError(nvrtcUnusable(at.library, cause instanceof Error ? cause.message : String(cause)), {
      cause,
    });
  }
}
