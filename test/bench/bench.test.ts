import { describe, expect, test } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import { countNotFinite } from '../../src/bench/check.ts';
import { disposeInputs, makeInputs, PERIOD } from '../../src/bench/inputs.ts';
import { joinPeers, parsePeers } from '../../src/bench/peers.ts';
import { ratesOf, shareOf } from '../../src/bench/roofline.ts';
import { benchWorkload } from '../../src/bench/run.ts';
import { timerOn } from '../../src/bench/timer.ts';
import { type Overrides, resolved } from '../../src/bench/workload.ts';
import { cpu } from '../../src/runtime/cpu-device.ts';
import { report } from './sample.ts';
import { SMALL } from './small.ts';

const rms: OperatorEntry = MANIFEST.rmsNorm;
const options = { device: cpu, timer: timerOn(cpu), iterations: 2, warmup: 1 };

describe('a workload, changed', () => {
  const entry: OperatorEntry = MANIFEST.gqaPagedPrefill;
  const w = entry.workloads[0]!;

  test('parameters, sizes and lists are found by name, and what follows from them follows', () => {
    const r = resolved(entry, w, { dim: 64, batch: 3, newLens: 5, oldLens: 60 });
    const shapes = Object.fromEntries(r.tensors.map((t) => [t.name, t.shape]));
    expect(shapes.q).toEqual([15, 32, 64]);
    expect(shapes.kPages).toEqual([3 * 2 * 64, 8, 64]);
    expect(r.flops).toBe(4 * 32 * 64 * 3 * (5 * 60 + 15));
  });

  test('a list is one number for all, or one for each', () => {
    const totalQ = (newLens: Overrides[string]) => resolved(entry, w, { batch: 3, newLens }).env.totalQ;
    expect(totalQ(5)).toBe(15);
    expect(totalQ('5,0,7')).toBe(12);
    expect(totalQ([5, 0, 7])).toBe(12);
  });

  test.each([
    [{ rows: 3 }, "gqa-paged-prefill has no parameter, size or list 'rows' to be set by -D; there are heads, "],
    // A derived size is no free one.
    [{ totalQ: 3 }, "no parameter, size or list 'totalQ'"],
    [{ heads: 'x' }, "gqa-paged-prefill: heads: expected an integer ≥ 1, got 'x'"],
    [{ dim: 100 }, 'gqa-paged-prefill: dim: expected a multiple of 16, got 100'],
    [{ batch: 'abc' }, "gqa-paged-prefill: batch: expected a size: a whole number from 1 on, got 'abc'"],
    [{ batch: 0 }, 'expected a size: a whole number from 1 on, got 0'],
    [{ batch: 2.5 }, 'expected a size: a whole number from 1 on, got 2.5'],
    [{ newLens: '256,x' }, 'newLens: expected a whole number ≥ 0 for all of them, or one for each with commas between'],
    [{ newLens: -1 }, 'newLens: expected a whole number ≥ 0'],
    [{ newLens: '1,2,3' }, 'newLens: expected 8 numbers, as many as batch, or one for all of them, got 3'],
    [{ batch: 2_000_000_000 }, 'newLens: expected a list of at most 1048576 numbers, got one of batch = 2000000000'],
  ])('%j is refused', (overrides, message) => {
    expect(() => resolved(entry, w, overrides)).toThrow(message);
  });

  test("the workload's own lists must still be long enough", () => {
    const mixed = entry.workloads.find((x) => x.name === 'mixed')!;
    expect(() => resolved(entry, mixed, { batch: 9 })).toThrow('newLens: expected 9 numbers');
    expect(() => resolved(entry, mixed, { batch: 2, newLens: 5, oldLens: '7,8' })).not.toThrow();
  });
});

describe('inputs', () => {
  test('random numbers repeat only after a period, and are those of the manifest within it', async () => {
    const w = resolved(rms, rms.workloads[0]!, { rows: 300, n: 4096, dtype: 'f32' });
    const inputs = await makeInputs(w, cpu);
    const x = inputs.x!.data as Float32Array;
    expect(x.length).toBeGreaterThan(PERIOD);
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const variance = x.reduce((a, b) => a + b * b, 0) / x.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.01);
    expect(x.subarray(PERIOD)).toEqual(x.subarray(0, x.length - PERIOD));
    // No row is another one's repetition.
    const first = x.subarray(0, 4096);
    for (let row = 1; row < 300; row++)
      expect(x[row * 4096] === first[0] && x[row * 4096 + 1] === first[1]).toBe(false);
    disposeInputs(inputs);
  });

  test('the block is doubled over lengths that are no multiple of it', async () => {
    const w = resolved(rms, rms.workloads[0]!, { rows: 5 * 1024 + 3, n: 1021, dtype: 'f16' });
    const { x, out } = await makeInputs(w, cpu);
    const raw = x!.data as Uint16Array;
    expect(raw.length).toBeGreaterThan(4 * PERIOD);
    for (const i of [0, 77, raw.length - 4 * PERIOD - 1]) expect(raw[4 * PERIOD + i]).toBe(raw[i]);
    expect((await out!.slice(0, 1).toFloat64Array()).every(Number.isNaN)).toBe(true);
  });

  test('tensors differ from each other', async () => {
    const { kNew, vNew } = await makeInputs(SMALL['gqa-paged-prefill']!.workload, cpu);
    expect(kNew!.data).not.toEqual(vNew!.data);
  });
});

describe('the check of a result', () => {
  test.each([
    ['f32', Float32Array.of(1, Number.NaN, -Infinity, 0), 2],
    ['f16', Uint16Array.of(0x7bff, 0x7c00, 0xfc00, 0x7e01, 0x8000), 3],
    ['bf16', Uint16Array.of(0x7f7f, 0x7f80, 0xff80, 0x7fc0, 0x8000), 3],
    ['f8e4m3', Uint8Array.of(0x7e, 0x7f, 0xff, 0xfe, 0x80), 2],
    ['f8e5m2', Uint8Array.of(0x7b, 0x7c, 0xfc, 0x7f, 0x80), 3],
    ['i32', Int32Array.of(0x7fffffff, -1), 0],
  ] as const)('%s', (dtype, raw, count) => {
    expect(countNotFinite(dtype, raw)).toBe(count);
  });

  test('a result that is not finite is found out', async () => {
    const weight = { ...rms.tensors.weight!, fill: { kind: 'poison' } } as const;
    const poisoned: OperatorEntry = { ...rms, tensors: { ...rms.tensors, weight } };
    const w = resolved(poisoned, rms.workloads[0]!, { rows: 4, n: 256, dtype: 'f32' });
    expect((await benchWorkload(rms, w, options)).badElements).toBe(1024);
  });
});

test('roofline: the nearer ceiling bounds', () => {
  const ceilings = { copyGBs: 3000, mmaTflops: 600, cublasTflops: 750 };
  // 2 · 4096³ FLOPs in twice the time that 750 TFLOP/s need.
  const flops = 2 * 4096 ** 3;
  const compute = shareOf(flops, 1e8, (2 * flops) / 750e9, ceilings);
  expect(compute.bound).toBe('compute');
  expect(compute.share).toBeCloseTo(0.5, 12);
  const memory = shareOf(1e6, 3e9, 1.25, ceilings);
  expect(memory.bound).toBe('memory');
  expect(memory.share).toBeCloseTo(0.8, 12);
  expect(ratesOf(2e12, 3e9, 2)).toEqual({ tflops: 1000, gbs: 1500 });
});

test('peers are joined by operator and workload, with their time over ours', () => {
  const joined = joinPeers(report, {
    format: 1,
    device: 'GPU',
    torch: '2',
    date: '',
    ceilings: {},
    results: [
      { op: 'rms-norm', workload: '8192x8192', peer: 'torch.compile', ms: 0.05 },
      { op: 'softmax', workload: '8192x8192', peer: 'torch.compile', ms: 9 },
      { op: 'rms-norm', workload: 'llama8b-4k', peer: 'torch.compile', ms: 9 },
    ],
    failures: [],
  });
  expect(joined.results.map((r) => r.peers)).toEqual([[], [{ name: 'torch.compile', ms: 0.05, ratio: 0.5 }]]);
  for (const text of ['{"format":2}', 'null', '{"format":1,"results":[null]}'])
    expect(() => parsePeers(text)).toThrow(SyntaxError);
});

describe('every operator', () => {
  test.each(Object.entries(SMALL))('%s runs and is checked at a small size', async (_, { entry, workload }) => {
    const result = await benchWorkload(entry, workload, options);
    expect(result.badElements).toBe(0);
    expect(result.ms.median).toBeGreaterThan(0);
    expect(result.tflops).toBeCloseTo(workload.flops / (result.ms.median * 1e9), 12);
    expect(result.kernels.length).toBeGreaterThan(0);
  });

  test('of the manifest is there', () => {
    expect(Object.keys(SMALL).sort()).toEqual(
      Object.values(MANIFEST)
        .map((e) => e.name)
        .sort(),
    );
  });
});
