/** A report as a benchmark on a GPU would give it. */
import type { Report, WorkloadResult } from '../../src/bench/result.ts';

const gemm: WorkloadResult = {
  op: 'gemm',
  workload: 'square-4k',
  params: { dtype: 'f16' },
  ms: { median: 0.4, min: 0.39, max: 0.45 },
  flops: 2 * 4096 ** 3,
  bytes: 6 * 4096 ** 2,
  tflops: 343.6,
  gbs: 251.7,
  roofline: { share: 0.47, bound: 'compute' },
  kernels: [
    {
      name: 'gemm',
      threads: 128,
      sharedBytes: 65536,
      resources: { registers: 168, spillBytes: 0, localBytes: 0, staticSharedBytes: 0 },
    },
  ],
  badElements: 0,
  peers: [],
};

export const report: Report = {
  format: 1,
  device: 'NVIDIA <H100>',
  date: '2026-01-01T00:00:00.000Z',
  tilec: '0.1.0',
  node: 'v20',
  repeat: 20,
  ceilings: { copyGBs: 3004, mmaTflops: 620 },
  results: [
    gemm,
    {
      ...gemm,
      op: 'rms-norm',
      workload: '8192x8192',
      ms: { median: 0.1, min: 0.1, max: 0.1 },
      flops: 2.7e8,
      bytes: 2.7e8,
      tflops: 2.7,
      gbs: 2684,
      roofline: { share: 0.89, bound: 'memory' },
    },
  ],
  failures: [{ op: 'rope', workload: 'partial', error: 'CudaError: no memory' }],
  measurements: [{ group: 'overhead of a call', name: 'one kernel', value: 4.25, unit: 'µs' }],
};
