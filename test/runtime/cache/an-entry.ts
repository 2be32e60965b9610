/** An entry of the cache, as a compilation would leave it. */
import type { Entry } from '../../../src/runtime/cache/entry.ts';

export const ENTRY: Entry = {
  record: {
    signature: { name: 'scan', params: [], dims: [] },
    arch: 'sm_80',
    symbol: 'scan',
    grid: [],
    threads: 64,
    sharedBytes: 0,
    prints: false,
    warnings: [],
  },
  source: '// CUDA C, µs',
  ptx: '.version 8.4',
  cubin: Uint8Array.from({ length: 500 }, (_, i) => i % 251),
};
