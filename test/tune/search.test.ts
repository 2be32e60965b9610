import { expect, test } from 'vitest';
import type { KernelConfig } from '../../src/ops/kernels.ts';
import { bestOf, configKey, emptyRecord, type TuneRecord } from '../../src/tune/record.ts';
import { type Compiled, type Progress, type SearchSteps, search } from '../../src/tune/search.ts';

const KEY = { op: 'gemm', shapeClass: 'n=1', gpu: 'G' };
const candidates: readonly KernelConfig[] = [16, 32, 64, 128].map((BM) => ({ BM }));

/** Compiles at once, spills at 64, refuses 128; times from a table. */
function fake(times: Readonly<Record<string, number>>) {
  const timed: string[] = [];
  const saved: TuneRecord[] = [];
  const steps: SearchSteps = {
    async compile({ BM }): Promise<Compiled> {
      if (BM === 128) return { ok: false, detail: 'too much shared memory' };
      return { ok: true, program: `p${BM}`, spillBytes: BM === 64 ? 40 : 0 };
    },
    async time(config) {
      timed.push(configKey(config));
      return { ms: times[configKey(config)]! };
    },
    save: (r) => void saved.push(structuredClone(r)),
  };
  return { steps, timed, saved };
}
const TIMES = { '{}': 3, '{"BM":16}': 2, '{"BM":32}': 1.5, '{"BM":64}': 0.1 };

test('the fastest wins that neither spills nor is refused, and each measurement is kept as it comes', async () => {
  const { steps, timed, saved } = fake(TIMES);
  const record = await search(candidates, emptyRecord(KEY), steps, { parallel: 2 });
  expect(bestOf(record)).toMatchObject({ config: { BM: 32 }, ms: 1.5 });
  expect(record.rejected).toMatchObject([
    { config: { BM: 64 }, reason: 'spills' },
    { config: { BM: 128 }, reason: 'refused', detail: 'too much shared memory' },
  ]);
  expect(record.complete).toBe(true);
  expect(timed[0]).toBe('{}');
  expect(saved.map((r) => r.measured.length + r.rejected.length)).toEqual([1, 2, 3, 4, 5, 5]);
  expect(saved.map((r) => r.complete)).toEqual([false, false, false, false, false, true]);
});

test("the kernels' own choice is timed even if it spills", async () => {
  const { steps } = fake({ '{}': 1 });
  const spilling: SearchSteps = { ...steps, compile: async () => ({ ok: true, program: 'p', spillBytes: 8 }) };
  const record = await search(candidates, emptyRecord(KEY), spilling, { parallel: 1 });
  expect(record.measured).toEqual([{ config: {}, ms: 1, program: 'p' }]);
  expect(record.rejected).toHaveLength(4);
});

test('configurations that compile to the same program are timed once', async () => {
  const { steps, timed } = fake(TIMES);
  const same: SearchSteps = { ...steps, compile: async () => ({ ok: true, program: 'same', spillBytes: 0 }) };
  const record = await search(candidates, emptyRecord(KEY), same, { parallel: 3 });
  expect(timed).toEqual(['{}']);
  expect(record.measured.map((m) => m.ms)).toEqual([3, 3, 3, 3, 3]);
  // Of equally fast ones, the kernels' own choice.
  expect(bestOf(record)?.config).toEqual({});
});

test('an interrupted search keeps what it found, and another one goes on from there', async () => {
  const { steps, saved } = fake(TIMES);
  const abort = new AbortController();
  const interrupting: SearchSteps = {
    ...steps,
    async time(config, best) {
      const result = await steps.time(config, best);
      if (configKey(config) === '{"BM":16}') abort.abort();
      return result;
    },
  };
  const first = await search(candidates, emptyRecord(KEY), interrupting, { parallel: 1, signal: abort.signal });
  expect(first).toMatchObject({ complete: false, measured: [{ config: {} }, { config: { BM: 16 }, ms: 2 }] });
  expect(saved.at(-1)).toEqual(first);

  const again = fake({ '{"BM":32}': 1.5 });
  const second = await search(candidates, first, again.steps, { parallel: 1 });
  expect(again.timed).toEqual(['{"BM":32}']);
  expect(bestOf(second)).toMatchObject({ config: { BM: 32 } });
  expect(second.complete).toBe(true);
});

test('an abort does not wait for the compiler', async () => {
  const { steps } = fake(TIMES);
  const abort = new AbortController();
  const stuck: SearchSteps = {
    ...steps,
    compile: (config) => (config.BM === 16 ? new Promise(() => abort.abort()) : steps.compile(config)),
  };
  const record = await search(candidates, emptyRecord(KEY), stuck, { parallel: 2, signal: abort.signal });
  expect(record.complete).toBe(false);
});

test('what was interrupted before this search came to it is not lost', async () => {
  const before: TuneRecord = { ...emptyRecord(KEY), measured: [{ config: { BM: 32 }, ms: 1.5, program: 'p32' }] };
  const abort = new AbortController();
  const { steps } = fake(TIMES);
  const stop: SearchSteps = { ...steps, save: () => abort.abort() };
  const record = await search(candidates, before, stop, { parallel: 1, signal: abort.signal });
  expect(record.measured).toEqual([{ config: {}, ms: 3, program: 'pundefined' }, before.measured[0]]);
});

test('a measurement of another program does not count', async () => {
  const before: TuneRecord = { ...emptyRecord(KEY), measured: [{ config: { BM: 32 }, ms: 0.01, program: 'older' }] };
  const { steps, timed } = fake(TIMES);
  const record = await search(candidates, before, steps, { parallel: 1 });
  expect(timed).toContain('{"BM":32}');
  expect(bestOf(record)?.ms).toBe(1.5);
});

test('what cannot be launched is left out; what breaks the GPU ends the search', async () => {
  const { steps } = fake(TIMES);
  const failing: SearchSteps = {
    ...steps,
    time: (config, best) => (config.BM === 32 ? Promise.resolve({ failed: 'too large' }) : steps.time(config, best)),
  };
  const record = await search(candidates, emptyRecord(KEY), failing, { parallel: 4 });
  expect(record.rejected).toContainEqual({ config: { BM: 32 }, reason: 'fails', detail: 'too large' });
  expect(bestOf(record)?.config).toEqual({ BM: 16 });

  const broken: SearchSteps = { ...steps, time: () => Promise.reject(new Error('illegal address')) };
  await expect(search(candidates, emptyRecord(KEY), broken, { parallel: 4 })).rejects.toThrow('illegal address');
});

test('compiles as many at once as it may, while others are timed', async () => {
  let running = 0;
  let most = 0;
  let whileTiming = 0;
  const progress: Progress[] = [];
  const steps: SearchSteps = {
    async compile({ BM }) {
      most = Math.max(most, ++running);
      await new Promise((r) => setTimeout(r, 5));
      running--;
      return { ok: true, program: String(BM), spillBytes: 0 };
    },
    async time() {
      whileTiming = Math.max(whileTiming, running);
      await new Promise((r) => setTimeout(r, 1));
      return { ms: 1 };
    },
    save() {},
  };
  await search(candidates, emptyRecord(KEY), steps, { parallel: 3, onProgress: (p) => progress.push(p) });
  expect(most).toBe(3);
  expect(whileTiming).toBeGreaterThan(0);
  expect(progress.at(-1)).toMatchObject({ candidates: 5, compiled: 5, measured: 5, best: { ms: 1 } });
});
