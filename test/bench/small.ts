/** A small workload of each operator. */
import { MANIFEST } from '../../manifest/index.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import type { ResolvedWorkload } from '../../manifest/workload.ts';
import { type Overrides, resolved } from '../../src/bench/workload.ts';

const OVERRIDES: Readonly<Record<string, Overrides>> = {
  'gqa-paged-prefill': { heads: 4, headsKv: 2, dim: 32, batch: 2, newLens: 20, oldLens: 70 },
  'append-paged-kv': { headsKv: 2, dim: 32, rotaryDim: 16, batch: 2, newLens: 20, oldLens: 70 },
  'gqa-paged-decode': { heads: 4, headsKv: 2, dim: 32, batch: 2, lens: 70 },
  'gqa-forward': { heads: 4, headsKv: 2, dim: 32, batch: 1, seq: 70 },
  gemm: { m: 33, n: 40, k: 24 },
  'rms-norm': { rows: 3, n: 100 },
  'add-rms-norm': { rows: 3, n: 100 },
  rope: { heads: 2, dim: 16, tokens: 5, maxPosition: 32 },
  'silu-and-mul': { rows: 3, n: 100 },
  softmax: { rows: 3, n: 100 },
  'quantize-fp8-rows': { rows: 3, n: 100 },
  'quantize-fp8-tensor': { rows: 3, n: 100 },
};

export const SMALL: Readonly<Record<string, { readonly entry: OperatorEntry; readonly workload: ResolvedWorkload }>> =
  Object.fromEntries(
    Object.values(MANIFEST).flatMap((entry: OperatorEntry) => {
      const overrides = OVERRIDES[entry.name];
      return overrides ? [[entry.name, { entry, workload: resolved(entry, entry.workloads[0]!, overrides) }]] : [];
    }),
  );
