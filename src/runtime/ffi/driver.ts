/** The CUDA driver's C API, loaded on first use. Handles and device addresses are bigints, outputs are 64-bit slots. */
import { driverMissing, noGpu } from '../../diagnostics/messages/runtime.ts';
import { CudaError, EnvironmentError } from '../errors.ts';
import { type Functions, loadLibrary, textAt } from './library.ts';

/** `void *` stands for pointers and opaque handles, `uint64_t` for `CUdeviceptr`, `int` for `CUdevice` and enumerations. */
export const DRIVER_TABLE = {
  cuInit: ['unsigned int'],
  cuDriverGetVersion: ['void *'],
  cuGetErrorName: ['int', 'void *'],
  cuGetErrorString: ['int', 'void *'],

  cuDeviceGetCount: ['void *'],
  cuDeviceGet: ['void *', 'int'],
  cuDeviceGetName: ['void *', 'int', 'int'],
  cuDeviceGetAttribute: ['void *', 'int', 'int'],
  cuDeviceTotalMem_v2: ['void *', 'int'],
  cuDevicePrimaryCtxRetain: ['void *', 'int'],
  cuDevicePrimaryCtxRelease_v2: ['int'],
  cuCtxSetCurrent: ['void *'],
  cuCtxSynchronize: [],

  cuModuleLoadData: ['void *', 'void *'],
  cuModuleUnload: ['void *'],
  cuModuleGetFunction: ['void *', 'void *', 'const char *'],
  cuFuncGetAttribute: ['void *', 'int', 'void *'],
  cuFuncSetAttribute: ['void *', 'int', 'int'],
  // function, grid x y z, block x y z, dynamic shared bytes, stream, parameters, extra
  cuLaunchKernel: [
    'void *',
    'unsigned int',
    'unsigned int',
    'unsigned int',
    'unsigned int',
    'unsigned int',
    'unsigned int',
    'unsigned int',
    'void *',
    'void *',
    'void *',
  ],

  cuMemGetInfo_v2: ['void *', 'void *'],
  cuMemAlloc_v2: ['void *', 'size_t'],
  cuMemFree_v2: ['uint64_t'],
  cuMemAllocHost_v2: ['void *', 'size_t'],
  cuMemFreeHost: ['void *'],
  cuMemcpyHtoDAsync_v2: ['uint64_t', 'void *', 'size_t', 'void *'],
  cuMemcpyDtoHAsync_v2: ['void *', 'uint64_t', 'size_t', 'void *'],
  cuMemcpyDtoDAsync_v2: ['uint64_t', 'uint64_t', 'size_t', 'void *'],
  cuMemcpyPeerAsync: ['uint64_t', 'void *', 'uint64_t', 'void *', 'size_t', 'void *'],
  cuMemsetD8Async: ['uint64_t', 'unsigned char', 'size_t', 'void *'],
  cuMemsetD16Async: ['uint64_t', 'unsigned short', 'size_t', 'void *'],
  cuMemsetD32Async: ['uint64_t', 'unsigned int', 'size_t', 'void *'],

  cuStreamCreate: ['void *', 'unsigned int'],
  cuStreamDestroy_v2: ['void *'],
  cuStreamQuery: ['void *'],
  cuStreamWaitEvent: ['void *', 'void *', 'unsigned int'],
  cuStreamBeginCapture_v2: ['void *', 'int'],
  cuStreamEndCapture: ['void *', 'void *'],
  cuGraphInstantiateWithFlags: ['void *', 'void *', 'uint64_t'],
  cuGraphLaunch: ['void *', 'void *'],
  cuGraphExecDestroy: ['void *'],
  cuGraphDestroy: ['void *'],

  cuEventCreate: ['void *', 'unsigned int'],
  cuEventDestroy_v2: ['void *'],
  cuEventRecord: ['void *', 'void *'],
  cuEventQuery: ['void *'],
  cuEventElapsedTime: ['void *', 'void *', 'void *'],
} as const;

export type Driver = Functions<typeof DRIVER_TABLE>;

export const CUDA_ERROR_OUT_OF_MEMORY = 2;
export const CUDA_ERROR_NO_DEVICE = 100;
export const CUDA_ERROR_NOT_READY = 600;

/** `CUdevice_attribute`. */
export const DEVICE_ATTRIBUTE = {
  clockRateKHz: 13,
  multiprocessors: 16,
  l2Bytes: 38,
  threadsPerMultiprocessor: 39,
  capabilityMajor: 75,
  capabilityMinor: 76,
  sharedBytesPerMultiprocessor: 81,
  sharedBytesPerBlock: 97,
} as const;

/** `CUfunction_attribute`. */
export const FUNCTION_ATTRIBUTE = {
  sharedBytes: 1,
  localBytes: 3,
  registers: 4,
  maxDynamicSharedBytes: 8,
  sharedCarveout: 9,
} as const;

let loaded: Driver | undefined;

/** The driver, initialised. Throws `EnvironmentError` where its library or a GPU is missing. */
export function driver(): Driver {
  loaded ??= initialised(openDriver());
  return loaded;
}

function openDriver(): Driver {
  try {
    return loadLibrary('libcuda.so.1', DRIVER_TABLE);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw new EnvironmentError(driverMissing(cause instanceof Error ? cause.message : String(cause)), { cause });
  }
}

function initialised(api: Driver): Driver {
  const result = api.cuInit(0);
  if (result !== 0) {
    const e = errorOf(api, result, 'cuInit');
    throw new EnvironmentError(noGpu(e.message), { cause: e });
  }
  return api;
}

/** Puts another implementation in the driver's place (a simulated one, in tests), or with none the real one back. */
export function replaceDriver(api: Driver | undefined): void {
  loaded = api && initialised(api);
}

/** Throws `CudaError` unless `result` is success. */
export function check(result: number, call: string): void {
  if (result !== 0) throw errorOf(driver(), result, call);
}

function errorOf(api: Driver, result: number, call: string): CudaError {
  const text = (get: (result: number, out: BigUint64Array) => number): string => {
    const out = new BigUint64Array(1);
    return get(result, out) === 0 ? textAt(out) : '';
  };
  return new CudaError(
    call,
    result,
    text((r, out) => api.cuGetErrorName(r, out)) || `CUDA_ERROR_${result}`,
    text((r, out) => api.cuGetErrorString(r, out)) || 'the driver has no text for this error',
  );
}
