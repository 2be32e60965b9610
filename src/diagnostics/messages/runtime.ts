/** What the runtime says about the machine and about calls that do not fit. */

export interface RuntimeMessage<Code extends string = string> {
  readonly code: Code;
  /** What is missing, and how to get it. */
  readonly message: string;
  /** How a program does without; the command line has other words for it. */
  readonly advice?: string;
}

const WITHOUT_GPU = "Without a GPU, leave the device out or say device: 'cpu'";

export const nvrtcMissing = (): RuntimeMessage<'NO_NVRTC'> => ({
  code: 'NO_NVRTC',
  message:
    'NVRTC, the compiler from CUDA C to cubins, was not found. Any of these gives it: `node scripts/get-nvrtc.mjs` in a clone ' +
    'of tilec (Debian); `pip install nvidia-cuda-nvrtc-cu12`; a CUDA toolkit of version 12.4 to 13.x; or TILEC_NVRTC set to ' +
    'the path of libnvrtc.so.12 or .13, with libnvrtc-builtins beside it. Without it kernels run on the CPU, and ' +
    '`tilec compile --emit cu` prints their CUDA C',
});

export const nvrtcUnusable = (library: string, why: string): RuntimeMessage<'NVRTC_UNUSABLE'> => ({
  code: 'NVRTC_UNUSABLE',
  message: `NVRTC at ${library} cannot be used: ${why}. tilec needs version 12.4 to 13.x; TILEC_NVRTC names another`,
});

export const ffiMissing = (why: string): RuntimeMessage<'NO_FFI'> => ({
  code: 'NO_FFI',
  message: `koffi, by which tilec calls NVRTC and the driver, cannot be loaded: ${why.split('\n')[0]}. \`npm ci\` installs it`,
});

export const driverMissing = (why: string): RuntimeMessage<'NO_DRIVER'> => ({
  code: 'NO_DRIVER',
  message:
    `the NVIDIA driver's library libcuda.so.1 cannot be loaded: ${why}. It comes with the driver of the GPU (in a container, ` +
    "with NVIDIA's container toolkit)",
  advice: WITHOUT_GPU,
});

export const noGpu = (why: string): RuntimeMessage<'NO_GPU'> => ({
  code: 'NO_GPU',
  message: `there is no GPU to use: ${why}`,
  advice: WITHOUT_GPU,
});

/** What is wrong with a call of a kernel: the argument, what it should be, and what it is. */
export interface CallProblem {
  readonly argument: string;
  readonly expected: string;
  readonly got: string;
}

export const callProblem = (kernel: string, { argument, expected, got }: CallProblem): string =>
  `${kernel}: \`${argument}\` is ${got}, not ${expected}`;

export const unknownArgument = (name: string, known: readonly string[]): CallProblem => ({
  argument: name,
  expected: `one of ${known.join(', ')}`,
  got: 'no parameter',
});
export const unknownArgumentText = (kernel: string, name: string, known: readonly string[]): string =>
  `${kernel}: \`${name}\` is no parameter of this kernel. Its parameters are ${known.join(', ')}`;

/** The whole of the call is wrong, not one argument. */
export const notAnObject = (kernel: string, params: readonly string[], got: string): string =>
  `${kernel}: it is called with one object that names its arguments, \`${kernel}({ ${params.join(', ')} })\`, not with ${got}`;

export const notATensor = (argument: string, dtype: string, got: string): CallProblem => ({
  argument,
  expected: `a tensor of ${dtype}`,
  got,
});

export const disposedTensor = (argument: string): CallProblem => ({
  argument,
  expected: 'a live tensor',
  got: 'a tensor that was disposed of',
});

export const wrongDevice = (argument: string, device: string, got: string): CallProblem => ({
  argument,
  expected: `on ${device}, for which the kernel is compiled`,
  got: `on ${got}`,
});

export const wrongShape = (argument: string, shape: readonly number[], expected: string, why: string): CallProblem => ({
  argument,
  expected: `${expected}: ${why}`,
  got: `of shape [${shape.join(', ')}]`,
});

export const notMultiple = (dim: string, value: number, multiple: number, argument: string): CallProblem => ({
  argument: dim,
  expected: `a multiple of ${multiple}, as the kernel was promised`,
  got: `${value} (from the shape of ${argument})`,
});

export const dimNotFound = (kernel: string, dim: string): string =>
  `${kernel}: the size of dimension '${dim}' cannot be found from the shapes of the tensors; give one of them an entry in which it stands alone or beside dimensions found elsewhere`;

export const badGrid = (grid: readonly number[]): CallProblem => ({
  argument: 'T.grid',
  expected: 'within 2147483647 × 65535 × 65535 blocks, with no negative extent',
  got: `[${grid.join(', ')}]`,
});
