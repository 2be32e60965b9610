/** What the runtime says about the machine and about calls that do not fit. */

export interface RuntimeMessage<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
}

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

export const driverMissing = (why: string): RuntimeMessage<'NO_DRIVER'> => ({
  code: 'NO_DRIVER',
  message:
    `the NVIDIA driver's library libcuda.so.1 cannot be loaded: ${why}. It comes with the driver of the GPU (in a container, ` +
    "with NVIDIA's container toolkit). Without a GPU, leave the device out or say device: 'cpu'",
});

export const noGpu = (why: string): RuntimeMessage<'NO_GPU'> => ({
  code: 'NO_GPU',
  message: `there is no GPU to use: ${why}. Without one, leave the device out or say device: 'cpu'`,
});
