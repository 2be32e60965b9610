/**
 * Every operator once at small, ragged sizes on the GPU, for compute-sanitizer:
 *   compute-sanitizer --tool racecheck node dist/bench/small.js
 * Exits with 1 where an output is not written or not finite.
 */
import { MANIFEST } from '../manifest/index.ts';
import type { OperatorEntry } from '../manifest/schema.ts';
import { badElements } from '../src/bench/check.ts';
import { disposeInputs, makeInputs } from '../src/bench/inputs.ts';
import { makeOperator, preparedWork } from '../src/bench/operators.ts';
import { type Overrides, resolved } from '../src/bench/workload.ts';
import { Device } from '../src/runtime/device.ts';

const paged = { heads: 8, headsKv: 2, dim: 128, batch: 3, newLens: 37, oldLens: 150 };
const rows = { rows: 37 };

/** Operator, and what its first workload is changed to. */
const CASES: readonly (readonly [keyof typeof MANIFEST, Overrides])[] = [
  ['gqaPagedPrefill', { ...paged, pageSize: 64, cacheDtype: 'f8e4m3' }],
  ['gqaPagedPrefill', { ...paged, pageSize: 16, cacheDtype: 'f8e4m3', dtype: 'f16' }],
  ['gqaPagedPrefill', { ...paged, pageSize: 128, cacheDtype: 'bf16' }],
  ['gqaPagedPrefill', { ...paged, pageSize: 64, cacheDtype: 'f8e4m3', rotaryDim: 64, softcap: 30 }],
  ['gqaPagedPrefill', { ...paged, pageSize: 64, cacheDtype: 'f8e4m3', newLens: 200, oldLens: 0 }],
  ['gqaPagedDecode', { heads: 8, headsKv: 2, batch: 3, lens: 301, cacheDtype: 'f8e4m3' }],
  ['gqaPagedDecode', { heads: 8, headsKv: 2, batch: 3, lens: 301, cacheDtype: 'bf16' }],
  ['gqaForward', { heads: 4, headsKv: 2, batch: 2, seq: 200 }],
  ['gemm', { m: 200, n: 136, k: 104 }],
  ['gemm', { m: 37, n: 41, k: 43, transposeB: true }],
  ['rmsNorm', rows],
  ['addRmsNorm', rows],
  ['softmax', rows],
  ['siluAndMul', rows],
  ['quantizeFp8Rows', rows],
  ['quantizeFp8Tensor', rows],
];

const device = Device.get();
let failed = 0;
for (const [name, overrides] of CASES) {
  const entry: OperatorEntry = MANIFEST[name];
  const w = resolved(entry, entry.workloads[0]!, overrides);
  const inputs = await makeInputs(w, device);
  const work = await preparedWork(makeOperator(entry, w.params), inputs);
  work.run();
  const bad = Object.values(await badElements(w, inputs)).reduce((a, b) => a + b, 0);
  console.log(`${entry.name} ${JSON.stringify(overrides)}: ${bad === 0 ? 'done' : `${bad} bad elements`}`);
  if (bad > 0) failed++;
  work.dispose();
  disposeInputs(inputs);
}
process.exitCode = failed > 0 ? 1 : 0;
