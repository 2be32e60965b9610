/** T.copy and T.fill of regions, inside tensors and over their edges. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convert } from '../../../src/dsl/convert.ts';
import { NARROW, type Scalar, uniform } from './data.ts';
import { run } from './run.ts';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** All indices of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) return void (yield []);
  for (let i = 0; i < shape[0]!; i++) for (const rest of indices(shape.slice(1))) yield [i, ...rest];
}
const flat = (index: readonly number[], shape: readonly number[]): number =>
  index.reduce((sum, i, d) => sum * shape[d]! + i, 0);
const inside = (index: readonly number[], shape: readonly number[]): boolean =>
  index.every((i, d) => i >= 0 && i < shape[d]!);

interface Box {
  readonly shape: readonly number[];
  readonly extent: readonly number[];
  readonly origin: readonly number[];
  /** Sizes and origins known only at run time? */
  readonly dynamic: boolean;
}

const box: fc.Arbitrary<Box> = fc.integer({ min: 1, max: 4 }).chain((rank) => {
  const list = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
  return fc.record({ shape: list(1, 6), extent: list(1, 5), origin: list(-6, 7), dynamic: fc.boolean() });
});

const names = (b: Box, prefix: string): string[] => b.shape.map((_, d) => `${prefix}${d}`);

/** The tensor's declaration, its region, and what has to be passed for them. */
function declare(
  b: Box,
  tensor: string,
): { param: string; region: string; scalars: string[]; dims: string[]; values: Record<string, number> } {
  const sizes = names(b, `${tensor}_n`);
  const origins = names(b, `${tensor}_o`);
  const values: Record<string, number> = {};
  if (b.dynamic) {
    for (const [d, n] of sizes.entries()) values[n] = b.shape[d]!;
    for (const [d, o] of origins.entries()) values[o] = b.origin[d]!;
  }
  return {
    param: `${tensor}: f32[${(b.dynamic ? sizes : b.shape).join(', ')}]`,
    region: `${tensor}[${(b.dynamic ? origins : b.origin).join(', ')}; ${b.extent.join(', ')}]`,
    scalars: b.dynamic ? origins.map((o) => `${o}: i32`) : [],
    dims: b.dynamic ? sizes : [],
    values,
  };
}

describe('a region over the edges of its tensor', () => {
  test('reads zeros outside', () => {
    fc.assert(
      fc.property(box, (b) => {
        const x = declare(b, 'X');
        const tile = b.extent.join(', ');
        const vars = b.extent.map((_, d) => `i${d}`).join(', ');
        const text = `kernel k(${[x.param, `Out: f32[${tile}]`, ...x.scalars].join(', ')}) dims(${x.dims.join(', ')}) grid(1) threads(32)
          fragment t: f32[${tile}] {
            copy ${x.region} -> t
            parallel (${vars}) in (${tile}) { Out[${vars}] = t[${vars}] }
          }`;
        const data = Array.from({ length: product(b.shape) }, (_, i) => i + 1);
        const tensors = { X: { shape: b.shape, data }, Out: { shape: b.extent } };
        const { Out } = run(text, { tensors, scalars: x.values, dims: x.values });
        const want = [...indices(b.extent)].map((index) => {
          const at = index.map((i, d) => i + b.origin[d]!);
          return inside(at, b.shape) ? data[flat(at, b.shape)] : 0;
        });
        expect(Out).toEqual(want);
      }),
      { numRuns: 150 },
    );
  });

  test('writes nothing outside, by copy and fill', () => {
    fc.assert(
      fc.property(box, fc.boolean(), (b, fills) => {
        const x = declare(b, 'X');
        const tile = b.extent.join(', ');
        const text = `kernel k(${[x.param, `In: f32[${tile}]`, ...x.scalars].join(', ')}) dims(${x.dims.join(', ')}) grid(1) threads(32)
          shared t: f32[${tile}] {
            copy In[${b.extent.map(() => 0).join(', ')}; ${tile}] -> t
            ${fills ? `fill 5.0 -> ${x.region}` : `copy t -> ${x.region}`}
          }`;
        const data = Array.from({ length: product(b.shape) }, (_, i) => -i - 1);
        const written = Array.from({ length: product(b.extent) }, (_, i) => i + 1);
        const tensors = { X: { shape: b.shape, data }, In: { shape: b.extent, data: written } };
        const { X } = run(text, { tensors, scalars: x.values, dims: x.values });
        const want = [...data];
        for (const index of indices(b.extent)) {
          const at = index.map((i, d) => i + b.origin[d]!);
          if (inside(at, b.shape)) want[flat(at, b.shape)] = fills ? 5 : written[flat(index, b.extent)]!;
        }
        expect(X).toEqual(want);
      }),
      { numRuns: 150 },
    );
  });

  test('between two tensors: zeros from outside the one, nothing outside the other', () => {
    fc.assert(
      fc.property(box, fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 4, maxLength: 4 }), (b, shift) => {
        const to: Box = {
          ...b,
          shape: [...b.shape].map((n, d) => Math.max(1, n + (d % 2 ? 1 : -1))),
          origin: b.origin.map((o, d) => o + shift[d]!),
        };
        const [x, y] = [declare(b, 'X'), declare(to, 'Y')];
        const text = `kernel k(${[x.param, y.param, ...x.scalars, ...y.scalars].join(', ')}) dims(${[...x.dims, ...y.dims].join(', ')}) grid(1) threads(32) {
            copy ${x.region} -> ${y.region}
          }`;
        const data = Array.from({ length: product(b.shape) }, (_, i) => i + 1);
        const before = Array.from({ length: product(to.shape) }, (_, i) => -i - 1);
        const values = { ...x.values, ...y.values };
        const tensors = { X: { shape: b.shape, data }, Y: { shape: to.shape, data: before } };
        const { Y } = run(text, { tensors, scalars: values, dims: values });
        const want = [...before];
        for (const index of indices(b.extent)) {
          const from = index.map((i, d) => i + b.origin[d]!);
          const at = index.map((i, d) => i + to.origin[d]!);
          if (inside(at, to.shape)) want[flat(at, to.shape)] = inside(from, b.shape) ? data[flat(from, b.shape)]! : 0;
        }
        expect(Y).toEqual(want);
      }),
      { numRuns: 150 },
    );
  });
});

test('ones in the extents do not count when regions meet', () => {
  const text = `kernel k(X: f32[3, 4, 2, 5], Y: f32[4, 5]) grid(1) threads(32)
    shared t: f32[1, 4, 5] {
      copy X[2, 0, 1, 0; 1, 4, 1, 5] -> t
      copy t -> Y[0, 0; 4, 5]
    }`;
  const data = Array.from({ length: 120 }, (_, i) => i);
  const { Y } = run(text, { tensors: { X: { shape: [3, 4, 2, 5], data }, Y: { shape: [4, 5] } } });
  expect(Y).toEqual(Array.from({ length: 20 }, (_, i) => 2 * 40 + Math.floor(i / 5) * 10 + 5 + (i % 5)));
});

test('parts of tiles', () => {
  const text = `kernel k(Y: i32[4, 6]) grid(1) threads(32)
    shared t: i32[4, 6]
    fragment row: i32[6] {
      fill 1 -> t
      fill 2 -> t[1, 2; 2, 3]
      copy t[1, 0; 1, 6] -> row
      copy row[2; 3] -> t[0, 3; 1, 3]
      copy t -> Y[0, 0; 4, 6]
    }`;
  expect(run(text, { tensors: { Y: { shape: [4, 6] } } }).Y).toEqual([
    1, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1,
  ]);
});

describe('copy converts', () => {
  const dtypes = ['f64', 'f32', ...NARROW, 'i32', 'u8'] as const;
  test.each(dtypes.flatMap((a) => dtypes.map((b) => [a, b] as const)))('%s to %s', (from, to) => {
    const text = `kernel k(X: ${from}[64], Y: ${to}[64], Z: ${to}[64]) grid(1) threads(32)
      fragment t: ${from}[64]
      fragment u: ${to}[64] {
        copy X[0; 64] -> t
        copy t -> u
        copy u -> Y[0; 64]
        copy X[0; 64] -> Z[0; 64]
      }`;
    const data = uniform(from, 64, 21, 300).map((x) => Number(convert(x, from)));
    const { Y, Z } = run(text, { tensors: { X: { shape: [64], data }, Y: { shape: [64] }, Z: { shape: [64] } } });
    const integer = (d: string): boolean => d === 'i32' || d === 'u8';
    const want = data.map((x): Scalar => (integer(from) && to === 'u8' ? x & 255 : Number(convert(x, to))));
    expect(Y).toEqual(want);
    expect(Z).toEqual(want);
  });
});

test.each(['f16', 'f8e5m2', 'i64', 'bool'] as const)('fill of %s with a value that only the device knows', (d) => {
  const value = { f16: 'f16(x)', f8e5m2: 'f8e5m2(x)', i64: 'i64(x)', bool: 'x > 1.0' }[d];
  const text = `kernel k(Y: ${d}[6], x: f32) grid(1) threads(32)
    fragment t: ${d}[6] {
      fill ${value} -> t
      copy t -> Y[0; 6]
    }`;
  const { Y } = run(text, { tensors: { Y: { shape: [6] } }, scalars: { x: 2.3 } });
  const want = { f16: convert(Math.fround(2.3), 'f16'), f8e5m2: 2.5, i64: 2n, bool: 1 }[d];
  expect(Y).toEqual(Array(6).fill(want));
});
