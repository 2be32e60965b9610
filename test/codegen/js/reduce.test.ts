/** Reductions and prefix sums against references, along every dimension. */
import { describe, expect, test } from 'vitest';
import { convert } from '../../../src/dsl/convert.ts';
import type { DType } from '../../../src/ir/dtype.ts';
import { type Scalar, uniform, worst } from './data.ts';
import { run } from './run.ts';

const SHAPE = [6, 5, 7] as const;
const LENGTH = 210;

/** The flat indices that a reduction along `dim` brings together, by kept element. */
function groups(dim: number): number[][] {
  const kept = SHAPE.filter((_, d) => d !== dim);
  const out = Array.from({ length: kept[0]! * kept[1]! }, (): number[] => []);
  for (let i = 0; i < LENGTH; i++) {
    const index = [Math.floor(i / 35), Math.floor(i / 7) % 5, i % 7];
    const [a, b] = index.filter((_, d) => d !== dim);
    out[a! * kept[1]! + b!]!.push(i);
  }
  return out;
}

const OPS = {
  sum: (a: number, b: number) => a + b,
  max: (a: number, b: number) => (a > b || Number.isNaN(b) ? a : b),
  min: (a: number, b: number) => (a < b || Number.isNaN(b) ? a : b),
  absmax: (a: number, b: number) => (Number.isNaN(b) ? a : Math.max(a, Math.abs(b))),
} as const;
const START = { sum: 0, max: -Infinity, min: Infinity, absmax: 0 } as const;

const kernel = (op: string, d: DType, dim: number, clear: boolean): string => {
  const kept = SHAPE.filter((_, e) => e !== dim).join(', ');
  return `kernel k(X: ${d}[${SHAPE}], Y: ${d}[${kept}]) grid(1) threads(32)
    fragment x: ${d}[${SHAPE}]
    fragment y: ${d}[${kept}] {
      copy X[0, 0, 0; ${SHAPE}] -> x
      copy Y[0, 0; ${kept}] -> y
      reduce ${op} x -> y dim(${dim})${clear ? ' clear' : ''}
      copy y -> Y[0, 0; ${kept}]
    }`;
};

describe.each(['f32', 'f64', 'f16', 'i32', 'i8', 'u16', 'i64'] as const)('%s', (d) => {
  test.each(['sum', 'max', 'min', 'absmax'] as const)('%s', (op) => {
    const scale = d.startsWith('f') ? 1 : 50;
    const data = uniform(d, LENGTH, 41, scale).map((x) => (d.startsWith('f') ? x : Math.trunc(x)));
    if (d === 'f32') data[17] = NaN;
    const hasNaN = op === 'sum' ? [data.indexOf(NaN)] : [];
    for (const dim of [0, 1, 2])
      for (const clear of [true, false]) {
        const lists = groups(dim);
        const old = uniform(d, lists.length, 42, scale).map((x) => (d.startsWith('f') ? x : Math.trunc(x)));
        const kept = SHAPE.filter((_, e) => e !== dim);
        const tensors = { X: { shape: SHAPE, data }, Y: { shape: kept, data: old } };
        const { Y } = run(kernel(op, d, dim, clear), { tensors });
        const want = lists.map((list, i) => {
          const start = clear ? START[op] : op === 'sum' ? old[i]! : OPS[op](START[op], op === 'absmax' ? 0 : old[i]!);
          const all = list.reduce((acc, j) => OPS[op](acc, data[j]!), start);
          const total = op === 'absmax' && !clear ? Math.max(all, old[i]!) : all;
          return d === 'i8' ? (total << 24) >> 24 : total;
        });
        lists.forEach((list, i) => {
          if (list.some((j) => hasNaN.includes(j))) [Y![i], want[i]] = [0, 0];
        });
        expect(worst(Y!, want), `dim ${dim}, clear ${clear}`).toBeLessThan(
          d === 'f16' ? 1e-2 : d === 'f32' ? 1e-5 : 1e-13,
        );
      }
  });
});

test('of nothing but NaN, the extremes are infinite', () => {
  const text = `kernel k(X: f32[4], Y: f32[1], Z: f32[1]) grid(1) threads(32)
    fragment x: f32[4]
    fragment y: f32[1] {
      copy X[0; 4] -> x
      reduce max x -> y dim(0) clear
      copy y -> Y[0; 1]
      reduce min x -> y dim(0) clear
      copy y -> Z[0; 1]
    }`;
  const { Y, Z } = run(text, {
    tensors: { X: { shape: [4], data: [NaN, NaN, NaN, NaN] }, Y: { shape: [1] }, Z: { shape: [1] } },
  });
  expect([Y, Z]).toEqual([[-Infinity], [Infinity]]);
});

test('an accumulator wider than the elements', () => {
  const text = `kernel k(X: f16[8, 300], Y: f32[8]) grid(1) threads(32)
    fragment x: f16[8, 300]
    fragment y: f32[8] {
      copy X[0, 0; 8, 300] -> x
      reduce sum x -> y dim(1) clear
      copy y -> Y[0; 8]
    }`;
  const data = uniform('f16', 2400, 43);
  const { Y } = run(text, { tensors: { X: { shape: [8, 300], data }, Y: { shape: [8] } } });
  const want = Array.from({ length: 8 }, (_, m) => data.slice(m * 300, m * 300 + 300).reduce((a, b) => a + b, 0));
  expect(worst(Y!, want)).toBeLessThan(1e-5);
});

describe('cumsum', () => {
  const cumulative = (
    d: DType,
    dim: number,
    reverse: boolean,
    same: boolean,
  ): string => `kernel k(X: ${d}[${SHAPE}], Y: ${d}[${SHAPE}]) grid(1) threads(32)
    shared x: ${d}[${SHAPE}]
    fragment y: ${d}[${SHAPE}] {
      copy X[0, 0, 0; ${SHAPE}] -> x
      cumsum x -> ${same ? 'x' : 'y'} dim(${dim})${reverse ? ' reverse' : ''}
      copy ${same ? 'x' : 'y'} -> Y[0, 0, 0; ${SHAPE}]
    }`;

  test.each(['f32', 'f16', 'i32', 'u8', 'i64'] as const)('%s', (d) => {
    const round = (x: number): Scalar =>
      d === 'u8' ? x & 255 : d === 'i64' ? BigInt(x) : Number(convert(d === 'i32' ? x : Math.fround(x), d));
    const data = uniform(d === 'i64' ? 'i32' : d, LENGTH, 44, d.startsWith('f') ? 1 : 100).map((x) =>
      d.startsWith('f') ? x : Math.trunc(x),
    );
    for (const dim of [0, 1, 2])
      for (const reverse of [false, true])
        for (const same of [false, true]) {
          const { Y } = run(cumulative(d, dim, reverse, same), {
            tensors: { X: { shape: SHAPE, data }, Y: { shape: SHAPE } },
          });
          const want: Scalar[] = [];
          for (const list of groups(dim)) {
            let sum = 0;
            for (const j of reverse ? [...list].reverse() : list) {
              sum = Number(round(sum + data[j]!));
              want[j] = round(sum);
            }
          }
          expect(Y, `dim ${dim}`).toEqual(want);
        }
  });

  test('of one row, and of one element', () => {
    const text = `kernel k(X: i32[5], Y: i32[5], Z: i32[1]) grid(1) threads(32)
      shared x: i32[1, 5]
      fragment y: i32[5]
      fragment z: i32[1] {
        copy X[0; 5] -> x
        cumsum x -> y dim(1)
        copy y -> Y[0; 5]
        cumsum x[0, 3; 1, 1] -> z dim(1)
        copy z -> Z[0; 1]
      }`;
    const { Y, Z } = run(text, {
      tensors: { X: { shape: [5], data: [1, 2, 3, 4, 5] }, Y: { shape: [5] }, Z: { shape: [1] } },
    });
    expect(Y).toEqual([1, 3, 6, 10, 15]);
    expect(Z).toEqual([4]);
  });
});
