/** What the checks of a call's index tensors cost, of sizes that servers see. It takes no device: only the host works. */
import { MANIFEST } from '../../manifest/index.ts';
import { randomInputs } from '../../manifest/inputs.ts';
import { type ResolvedWorkload, resolveWorkload } from '../../manifest/workload.ts';
import { DTYPE_VALUES, type DTypeValue } from '../dsl/dtypes.ts';
import { checkAppend } from '../ops/checks/paged.ts';
import { type HostCopies, knownContents } from '../ops/contents.ts';
import { INDICES } from '../ops/paged.ts';
import { Tensor, type TensorData } from '../runtime/tensor.ts';
import type { Measurement } from './result.ts';

const WORKLOADS: readonly string[] = ['llama8b-4k', 'mixed'];
/** Calls that are timed together: one is too short for the clock. */
const TOGETHER = 20;

/** Medians in microseconds, host copies given, as what `launch` does with them. */
export function measureContentChecks(rounds = 1000): readonly Measurement[] {
  const entry = MANIFEST.gqaPagedPrefill;
  return entry.workloads
    .filter((w) => WORKLOADS.includes(w.name))
    .map((w) => {
      const check = checkOf(resolveWorkload(entry, w));
      const times = new Float64Array(rounds);
      // The first tenth warms up and does not count.
      for (let i = -Math.ceil(rounds / 10); i < rounds; i++) {
        const start = performance.now();
        for (let n = 0; n < TOGETHER; n++) check();
        if (i >= 0) times[i] = (performance.now() - start) / TOGETHER;
      }
      const value = times.sort()[Math.floor(rounds / 2)]! * 1000;
      return {
        group: 'overhead of a call',
        name: `checks of contents, ${w.name}, host copies given`,
        value,
        unit: 'µs',
      };
    });
}

function checkOf(w: ResolvedWorkload): () => void {
  const size = (name: string): number => Number(w.env[name]);
  const cache = {
    operator: 'gqa-paged-prefill',
    batch: size('batch'),
    numPages: size('numPages'),
    pageSize: size('pageSize'),
    maxPagesPerReq: size('maxPagesPerReq'),
  };
  const totalQ = size('totalQ');
  const inputs = randomInputs({ ...w, tensors: w.tensors.filter((t) => INDICES.includes(t.name)) });
  const names = inputs.map((t) => t.name);
  const host: HostCopies = Object.fromEntries(inputs.map((t) => [t.name, t.values]));
  const args = Object.fromEntries(
    inputs.map((t) => [t.name, Tensor.from(t.values as TensorData, DTYPE_VALUES[t.dtype] as DTypeValue, t.shape)]),
  );
  return () => checkAppend(cache, knownContents(cache.operator, names, args, host).contents, totalQ);
}
