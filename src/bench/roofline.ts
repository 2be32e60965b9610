/** How near a time comes to the least that the machine's measured ceilings allow. */
export interface Ceilings {
  /** Bytes read and written a second by a copy of 1 GiB on the device, in GB/s. */
  readonly copyGBs: number;
  /** `mma.sync` with operands in shared memory, f16 with f32 sums, in TFLOP/s. */
  readonly mmaTflops: number;
  /** The best that cuBLAS reached on the same machine, in TFLOP/s, where peers were measured. */
  readonly cublasTflops?: number;
}

export interface Rates {
  readonly tflops: number;
  readonly gbs: number;
}

export interface Share {
  /** 1 is the roofline. */
  readonly share: number;
  readonly bound: 'compute' | 'memory';
}

export const ratesOf = (flops: number, bytes: number, ms: number): Rates => ({
  tflops: flops / (ms * 1e9),
  gbs: bytes / (ms * 1e6),
});

/** FLOPs count against the larger of the tensor cores' ceilings, so they bound only what runs there. */
export function shareOf(flops: number, bytes: number, ms: number, c: Ceilings): Share {
  const compute = flops / (Math.max(c.mmaTflops, c.cublasTflops ?? 0) * 1e9);
  const memory = bytes / (c.copyGBs * 1e6);
  return { share: Math.max(compute, memory) / ms, bound: compute > memory ? 'compute' : 'memory' };
}
