/** What the compiler knows of each GPU architecture it emits for. */

export const ARCHES = ['sm_80', 'sm_89', 'sm_90', 'sm_90a'] as const;
export type Arch = (typeof ARCHES)[number];

export interface Target {
  readonly arch: Arch;
  /** Compute capability times ten: 80, 89, 90. */
  readonly capability: number;
  /** Shared memory a block may ask for, in bytes (CUDA C++ Programming Guide, table of technical specifications). */
  readonly maxSharedBytes: number;
  /** Shared memory of a multiprocessor, in bytes; 1 KiB a resident block is the system's. */
  readonly sharedBytesPerSm: number;
  readonly maxThreadsPerBlock: number;
  readonly warpSize: 32;
  /** `cvt` between f8 and 16-bit floats in hardware, and `mma` on f8. */
  readonly hasFp8: boolean;
  /** TMA, mbarrier transactions, clusters; with the `a`, wgmma and setmaxnreg. */
  readonly hasTma: boolean;
  readonly hasWgmma: boolean;
}

const KIB = 1024;
const common = { maxThreadsPerBlock: 1024, warpSize: 32 } as const;

export const TARGETS: Readonly<Record<Arch, Target>> = {
  sm_80: {
    ...common,
    arch: 'sm_80',
    capability: 80,
    maxSharedBytes: 163 * KIB,
    sharedBytesPerSm: 164 * KIB,
    hasFp8: false,
    hasTma: false,
    hasWgmma: false,
  },
  sm_89: {
    ...common,
    arch: 'sm_89',
    capability: 89,
    maxSharedBytes: 99 * KIB,
    sharedBytesPerSm: 100 * KIB,
    hasFp8: true,
    hasTma: false,
    hasWgmma: false,
  },
  sm_90: {
    ...common,
    arch: 'sm_90',
    capability: 90,
    maxSharedBytes: 227 * KIB,
    sharedBytesPerSm: 228 * KIB,
    hasFp8: true,
    hasTma: true,
    hasWgmma: false,
  },
  sm_90a: {
    ...common,
    arch: 'sm_90a',
    capability: 90,
    maxSharedBytes: 227 * KIB,
    sharedBytesPerSm: 228 * KIB,
    hasFp8: true,
    hasTma: true,
    hasWgmma: true,
  },
};

export const isArch = (s: string): s is Arch => (ARCHES as readonly string[]).includes(s);
