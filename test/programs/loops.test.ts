/** Programs whose loops depend on the data, and integer work. */
import { f32, i32, i64, u8, u32 } from 'tilec';
import { describe, expect, it } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { expectClose } from '../reference/compare.ts';
import { normals, random } from '../reference/random.ts';
import { dropout, histogram } from './kernels/counting.ts';
import { collatz, newton, searchSorted } from './kernels/loops.ts';
import { tensorsOn } from './tensors.ts';

/** Steps to 1, at most `cap`. */
function stepsToOne(start: number, cap: number): number {
  let steps = 0;
  for (let v = start; v !== 1 && steps < cap; steps++) v = v % 2 === 1 ? 3 * v + 1 : v / 2;
  return steps;
}

/** The kernel's hash of an index, an unsigned 32-bit number. */
function hash(at: number): number {
  let h = (Math.imul(at, 2654435761) + 0x9e3779b9) >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);
  const r = random(25);

  it('binary search', async () => {
    const xs = Float64Array.from({ length: 333 }, (_, i) => Math.floor(i / 3));
    const qs = Float64Array.from({ length: 150 }, () => Math.fround(r.uniform() * 125 - 5));
    qs.set([0, 1, 110, 111, -1]);
    const out = await make.poisoned(i32, [150]);
    await searchSorted()({ xs: await make.of(f32, [333], xs), qs: await make.of(f32, [150], qs), out });
    expect(await out.toFloat64Array()).toEqual(qs.map((q) => xs.filter((x) => x <= q).length));
  });

  it('Collatz sequences', async () => {
    const starts = [1, 2, 3, 27, 97, 871, 6171, 77031, 2 ** 30 - 1];
    const out = await make.poisoned(i32, [starts.length]);
    await collatz({ cap: 200 })({ x: await make.of(i64, [starts.length], starts), out });
    expect([...(await out.toFloat64Array())]).toEqual(starts.map((v) => stepsToOne(v, 200)));
  });

  it("Newton's method", async () => {
    const x = Float64Array.from({ length: 100 }, () => Math.fround(r.uniform() * 1e6));
    const out = await make.poisoned(f32, [100]);
    await newton()({ x: await make.of(f32, [100], x), out });
    expectClose(await out.toFloat64Array(), x.map(Math.sqrt), { atol: 0, rtol: 1e-6 });
  });

  it('histogram in shared memory', async () => {
    const [n, bins] = [3333, 100];
    const x = Float64Array.from({ length: n }, () => r.integer(0, 130));
    const counts = await make.full(i32, [bins], 0);
    const most = await make.full(i32, [1], 0);
    await histogram({ bins, B: 1000 })({ x: await make.of(u8, [n], x), counts, most });
    const count = (from: number, to: number): Float64Array => {
      const all = new Float64Array(bins);
      for (const v of x.subarray(from, to)) if (v < bins) all[v]!++;
      return all;
    };
    expect(await counts.toFloat64Array()).toEqual(count(0, n));
    const largest = [0, 1000, 2000, 3000].map((from) => Math.max(...count(from, from + 1000)));
    expect([...(await most.toFloat64Array())]).toEqual([Math.max(...largest)]);
  });

  it('dropout by a hash of the index', async () => {
    const [n, limit] = [1200, 0x90000000];
    const x = normals(r, n, 'f32');
    const y = await make.poisoned(f32, [n]);
    await dropout()({ x: await make.of(f32, [n], x), y, limit: await make.of(u32, [1], [limit]) });
    expect(await y.toFloat64Array()).toEqual(x.map((v, i) => (hash(i) < limit ? 2 * v : 0)));
  });
});
