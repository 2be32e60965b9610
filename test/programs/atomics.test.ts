/** Each atomic on each dtype, in tensors and in shared memory, to numbers that any order gives. */
import { type DType, i32 } from 'tilec';
import { describe, it } from 'vitest';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import { decodeElements } from '../../src/runtime/elements.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { DEVICES } from '../ops/paged.ts';
import { type Random, random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import { expectSame, type Value } from './elements.ts';
import { atomics, START } from './kernels/atomics.ts';
import { tensorsOn } from './tensors.ts';

const FLOATS = ['f64', 'f32', 'f16', 'bf16', 'f8e4m3', 'f8e5m2'] as const;
const INTEGERS = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'] as const;
type Wrap = (x: bigint) => bigint;
const wrapOf = (d: DType): Wrap => {
  const bits = Number(d.slice(1));
  return (x) => (d.startsWith('i') ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x));
};

const [BLOCKS, B, SLOTS] = [4, 200, 100];
/** Each slot is aimed at by 2 elements of a block, and 7 or 8 in all: the last block is not full. */
const N = BLOCKS * B - 13;
const slots = (r: Random): number[] =>
  Array.from({ length: BLOCKS }, () => [...r.shuffle(Array.from({ length: B }, (_, i) => i % SLOTS))])
    .flat()
    .slice(0, N);

/** What is left in the slots of a tensor, or of a block, that started from START. */
function results<X>(xs: readonly X[], slot: readonly number[], start: X, f: (old: X, x: X) => X): X[] {
  const out = new Array<X>(SLOTS).fill(start);
  for (const [i, x] of xs.entries()) out[slot[i]!] = f(out[slot[i]!]!, x);
  return out;
}
const blocksOf = <X>(xs: readonly X[]): X[][] =>
  Array.from({ length: BLOCKS }, (_, b) => xs.slice(b * B, Math.min((b + 1) * B, N)));

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);

  const run = async (dtype: DType, x: Tensor, slot: readonly number[]) => {
    const type = DTYPE_VALUES[dtype];
    const start = () => make.full(type, [SLOTS], START);
    const own = () => make.poisoned(type, [BLOCKS, SLOTS]);
    const out = {
      add: await start(),
      max: await start(),
      min: await start(),
      sharedAdd: await own(),
      sharedMax: await own(),
      sharedMin: await own(),
    };
    const call = { x, slot: await make.of(i32, [N], slot), ...out };
    await atomics({ dtype, SLOTS, B })(call as never);
    const read = async (t: Tensor) => Array.from(decodeElements(dtype, await t.toRaw()));
    return Object.fromEntries(
      await Promise.all(Object.entries(out).map(async ([k, t]) => [k, await read(t)] as const)),
    );
  };

  const expectAll = <X extends Value>(
    got: Record<string, ArrayLike<Value>>,
    op: 'Add' | 'Max' | 'Min',
    xs: readonly X[],
    slot: readonly number[],
    start: X,
    f: (old: X, x: X) => X,
  ) => {
    const of = (i: number): string => `slot ${i % SLOTS}, block ${Math.floor(i / SLOTS)}`;
    expectSame(`${op} in a tensor`, got[op.toLowerCase()]!, results(xs, slot, start, f), of);
    const places = blocksOf(slot);
    const want = blocksOf(xs).flatMap((own, b) => results(own, places[b]!, start, f));
    expectSame(`${op} in shared memory`, got[`shared${op}`]!, want, of);
  };

  it.each(INTEGERS)('%s', async (d) => {
    const r = random(d.length + d.charCodeAt(0));
    const slot = slots(r);
    const wrap = wrapOf(d);
    const word = (): bigint => BigInt(Math.floor(r.uniform() * 2 ** 32));
    const xs = slot.map(() => wrap((word() << 32n) | word()));
    const x = await make.of(DTYPE_VALUES[d], [N], xs as unknown as number[]);
    const raw = await run(d, x, slot);
    const got = Object.fromEntries(Object.entries(raw).map(([k, v]) => [k, v.map((y) => BigInt(y))]));
    const start = BigInt(START);
    expectAll(got, 'Add', xs, slot, start, (a, b) => wrap(a + b));
    expectAll(got, 'Max', xs, slot, start, (a, b) => (b > a ? b : a + 0n));
    expectAll(got, 'Min', xs, slot, start, (a, b) => (b < a ? b : a + 0n));
  });

  it.each(FLOATS)('%s', async (d) => {
    const r = random(d.length + d.charCodeAt(1));
    const slot = slots(r);
    // Sums of a few of these are exact in f8e5m2 too; and they are not 0, which has two signs.
    const xs: number[] = slot.map(() => (r.uniform() < 0.5 ? -1 : 1));
    const sums = await run(d, await make.of(DTYPE_VALUES[d], [N], xs), slot);
    expectAll(sums, 'Add', xs, slot, START, (a, b) => a + b);
    // Of all magnitudes, and one NaN in eight, which does not count.
    const sizes = [-14, -6, -3, 0, 1, 2, 8];
    const wide = slot.map(() => {
      const size = (r.uniform() < 0.7 ? -1 : 1) * 2 ** sizes[r.integer(0, sizes.length - 1)]! * (r.integer(4, 7) / 4);
      return r.uniform() < 1 / 8 ? NaN : d === 'f8e4m3' && Math.abs(size) < 2 ** -6 ? 0.25 : size;
    });
    const extremes = await run(d, await make.of(DTYPE_VALUES[d], [N], wide), slot);
    const counts = (f: (a: number, b: number) => number) => (a: number, b: number) => (Number.isNaN(b) ? a : f(a, b));
    expectAll(extremes, 'Max', wide, slot, START, counts(Math.max));
    expectAll(extremes, 'Min', wide, slot, START, counts(Math.min));
  });
});

testAccepted([...INTEGERS, ...FLOATS].map((dtype) => [dtype, () => atomics({ dtype, SLOTS, B })] as const));
