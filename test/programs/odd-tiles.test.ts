/** Tiles of any shape under any number of threads: all element-wise work, copies, fills, reductions and running sums. */
import { describe, expect, test } from 'vitest';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import { DEVICES } from '../ops/paged.ts';
import { type Random, random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import {
  dtypeOf,
  FILL,
  type OddTile,
  oddTile,
  REDUCTIONS,
  type Reduction,
  restOf,
  without,
} from './kernels/oddTile.ts';
import { tensorsOn } from './tensors.ts';

const SHAPES = [[1], [7], [100], [257], [1000], [3, 96], [15, 33], [50, 50], [1, 130], [5, 7, 11], [4, 1, 37]];
const THREADS = [32, 96, 128, 256];
const DTYPES = ['f32', 'f16', 'bf16', 'i32'] as const;
const BLOCKS = 3;

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const pick = <X>(r: Random, xs: readonly X[]): X => xs[r.integer(0, xs.length - 1)]!;
const coin = (r: Random): boolean => r.uniform() < 0.5;

/** Every reduction of every dimension, in a random order. */
function reductions(r: Random, rank: number): Reduction[] {
  const all = REDUCTIONS.flatMap((op) =>
    Array.from({ length: 2 * rank }, (_, i): Reduction => ({ op, dim: i >> 1, clear: i % 2 === 0 })),
  );
  return [...r.shuffle(Array.from(all.keys()))].map((i) => all[i]!);
}

/** Every shape with every number of threads and dtype; what is done to it takes turns. */
function cases(): OddTile[] {
  const r = random(31);
  const turns = [1, 2, 3].map((rank) => ({ first: reductions(r, rank), second: reductions(r, rank), taken: 0 }));
  return SHAPES.flatMap((shape) =>
    THREADS.flatMap((threads) =>
      DTYPES.map((dtype): OddTile => {
        const turn = turns[shape.length - 1]!;
        const at = turn.taken++ % turn.first.length;
        const guarded = coin(r);
        return {
          shape,
          threads,
          dtype,
          guarded,
          cut: guarded ? r.integer(0, 2) : 0,
          reductions: [turn.first[at]!, turn.second[at]!],
          scan: { dim: r.integer(0, shape.length - 1), reverse: coin(r), from: pick(r, ['fragment', 'shared']) },
        };
      }),
    ),
  );
}

const CASES = cases();

const name = ({ shape, threads, dtype, cut, reductions, scan }: OddTile): string => {
  const list = reductions.map((r) => `${r.op} of ${r.dim}${r.clear ? '' : ' on top'}`);
  return `${dtype} [${shape}] less ${cut} by ${threads}: ${list.join(', ')}, running ${scan.reverse ? 'back ' : ''}${scan.dim}`;
};

/** Numbers of which sums are exact in f32, and 2x + 31 in bf16. */
const numbers = (r: Random, dtype: OddTile['dtype'], n: number): Float64Array =>
  Float64Array.from({ length: n }, () => (dtype === 'i32' ? r.integer(-1e6, 1e6) : r.integer(-64, 64) / 4));

/** Calls `f` for each line along dimension `d`, with its number among them and the places of its elements. */
function lines(shape: readonly number[], d: number, f: (line: number, places: number[]) => void): void {
  const inner = size(shape.slice(d + 1));
  const extent = shape[d]!;
  for (let line = 0; line < size(shape) / extent; line++) {
    const start = Math.floor(line / inner) * inner * extent + (line % inner);
    f(
      line,
      Array.from({ length: extent }, (_, i) => start + i * inner),
    );
  }
}

function reduced(tile: Float64Array, shape: readonly number[], { op, dim, clear }: Reduction): number[] {
  const out: number[] = [];
  lines(shape, dim, (line, places) => {
    const values = places.map((p) => (op === 'absmax' ? Math.abs(tile[p]!) : tile[p]!));
    if (!clear) values.push(FILL);
    if (op === 'sum') out[line] = values.reduce((a, b) => a + b, 0);
    else out[line] = op === 'min' ? Math.min(...values) : Math.max(...values);
  });
  return out;
}

function running(tile: Float64Array, shape: readonly number[], { dim, reverse }: OddTile['scan']): Float64Array {
  const out = new Float64Array(tile.length);
  lines(shape, dim, (_, places) => {
    let sum = 0;
    for (const p of reverse ? places.toReversed() : places) {
      sum += tile[p]!;
      out[p] = sum;
    }
  });
  return out;
}

/** A block's tile and where its elements are in the tensor, -1 outside it. */
function tileOf(c: OddTile, n: number, block: number): number[] {
  const extents = [n, ...restOf(c)];
  return Array.from({ length: size(c.shape) }, (_, at) => {
    let left = at;
    let place = 0;
    let stride = 1;
    for (let d = c.shape.length - 1; d >= 0; d--) {
      const i = (left % c.shape[d]!) + (d === 0 ? block * c.shape[0]! : 0);
      if (i >= extents[d]!) return -1;
      place += i * stride;
      stride *= extents[d]!;
      left = Math.floor(left / c.shape[d]!);
    }
    return place;
  });
}

test('each reduction of each dimension is among the cases, from fragments and from shared memory', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(150);
  for (const source of [0, 1]) {
    const kinds = CASES.map(({ shape, reductions }) => {
      const { op, dim, clear } = reductions[source]!;
      return `${op} of ${dim} of ${shape.length}${clear ? '' : ' on top'}`;
    });
    expect(new Set(kinds).size).toBe(REDUCTIONS.length * 2 * (1 + 2 + 3));
  }
});

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);

  test.each(CASES.map((c) => [name(c), c] as const))('%s', async (_, c) => {
    const r = random(CASES.indexOf(c));
    const n = BLOCKS * c.shape[0]! - (c.guarded ? Math.min(c.shape[0]! - 1, r.integer(0, 2)) : 0);
    const like = [n, ...restOf(c)];
    const x = numbers(r, c.dtype, size(like));
    const type = DTYPE_VALUES[c.dtype];
    const sums = DTYPE_VALUES[c.dtype === 'i32' ? 'i32' : 'f32'];
    const [first, second] = c.reductions;
    const out = {
      doubled: await make.poisoned(type, like),
      stored: await make.poisoned(type, like),
      mixed: await make.poisoned(type, like),
      scanned: await make.poisoned(sums, like),
      firstOut: await make.poisoned(DTYPE_VALUES[dtypeOf(first, c.dtype)], [BLOCKS, ...without(c.shape, first.dim)]),
      secondOut: await make.poisoned(DTYPE_VALUES[dtypeOf(second, c.dtype)], [BLOCKS, ...without(c.shape, second.dim)]),
    };
    await oddTile(c)({ x: await make.of(type, like, x), ...out } as never);

    const want = { doubled: x.slice(), mixed: x.slice(), scanned: x.slice() };
    const wantFirst: number[] = [];
    const wantSecond: number[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      const places = tileOf(c, n, block);
      const tile = Float64Array.from(places, (p) => (p < 0 ? 0 : x[p]!));
      const scan = running(tile, c.shape, c.scan);
      for (const [i, p] of places.entries()) {
        if (p < 0) continue;
        want.doubled[p] = 2 * tile[i]! + (i % 32);
        want.mixed[p] = i % 3 === 0 ? want.doubled[p]! : FILL;
        want.scanned[p] = scan[i]!;
      }
      wantFirst.push(...reduced(tile, c.shape, first));
      wantSecond.push(...reduced(tile, c.shape, second));
    }
    expect(await out.doubled.toFloat64Array(), 'doubled').toEqual(want.doubled);
    expect(await out.stored.toFloat64Array(), 'stored').toEqual(want.doubled);
    expect(await out.mixed.toFloat64Array(), 'mixed').toEqual(want.mixed);
    expect(await out.scanned.toFloat64Array(), 'scanned').toEqual(want.scanned);
    expect([...(await out.firstOut.toFloat64Array())], 'from a fragment').toEqual(wantFirst);
    expect([...(await out.secondOut.toFloat64Array())], 'from shared memory').toEqual(wantSecond);
  });
});

// A sample: each of them is a kernel of its own.
testAccepted(CASES.filter((_, i) => i % 22 === 5).map((c) => [name(c), () => oddTile(c)] as const));
