import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Layout } from '../../src/ir/layout.ts';
import { blocked } from '../../src/layout/blocked.ts';
import { compose, inverse, linear, permute, reshape } from '../../src/layout/compose.ts';
import {
  equalLayouts,
  evaluate,
  invert,
  isComplete,
  layout,
  onMem,
  onReg,
  onThread,
  shapeOf,
  sizeOf,
} from '../../src/layout/layout.ts';
import { accumulator, ldmatrixTile, operandA, operandB } from '../../src/layout/mma.ts';
import { matrixTile } from '../../src/layout/shared.ts';
import { coordinates, fragments } from './generate.ts';

/** Row-major index of coordinates. */
const indexOf = (shape: readonly number[], c: readonly number[]): number => c.reduce((i, x, d) => i * shape[d]! + x, 0);
const coordinatesOf = (shape: readonly number[], index: number): number[] => {
  const out: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    out.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return out;
};

/** Layouts into memory of some digits each, made of a tile's row-major index with its digits dealt out anew. */
const views = (size: number): fc.Arbitrary<Layout> =>
  fc
    .tuple(fc.constantFrom(2, 3, 4, 8), fc.constantFrom(2, 4, 8), fc.integer({ min: 0, max: 5 }))
    .map(([a, b, order]) => {
      const cuts = size % (a * b) === 0 ? [a, b, size / (a * b)] : [size];
      let weight = size;
      const atoms = cuts.map((n) => {
        weight /= n;
        return onMem(n, weight);
      });
      const dealt = [atoms, [...atoms].reverse(), [...atoms.slice(1), ...atoms.slice(0, 1)]][order % 3]!;
      return layout(order < 3 ? dealt.map((x) => [x]) : [dealt.slice(0, 1), dealt.slice(1)]);
    });

describe('composition', () => {
  test('goes to where the outer layout puts the inner one’s offset', () => {
    let composed = 0;
    fc.assert(
      fc.property(
        fragments.chain(({ l }) => fc.tuple(fc.constant(l), views(shapeOf(l).reduce((n, x) => n * x, 1)))),
        ([outer, inner]) => {
          const both = compose(outer, inner);
          if (!both) return;
          composed++;
          expect(shapeOf(both)).toEqual(shapeOf(inner));
          for (const c of coordinates(shapeOf(inner)))
            expect(evaluate(both, c)).toEqual(evaluate(outer, coordinatesOf(shapeOf(outer), evaluate(inner, c).mem)));
        },
      ),
      { numRuns: 300 },
    );
    expect(composed).toBeGreaterThan(60);
  });

  test('with rows in row-major order it changes nothing', () => {
    fc.assert(
      fc.property(fragments, ({ l }) => {
        expect(equalLayouts(compose(l, linear(shapeOf(l)))!, l)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('a transposed view is the dimensions in another order', () => {
    const l = accumulator(64, 48, { m: 4, n: 1, copies: 1 });
    const columnsFirst = layout([[onMem(48, 1)], [onMem(64, 48)]]);
    expect(equalLayouts(compose(l, columnsFirst)!, permute(l, [1, 0]))).toBe(true);
  });

  test('is refused where digits straddle: 6 = 2 · 3 elements in steps of 4', () => {
    const outer = layout([[onThread(3, 1), onReg(2, 1)]]);
    expect(compose(outer, layout([[onMem(2, 4)]]))).toBeUndefined();
    expect(compose(outer, layout([[onMem(3, 2)]]))).toBeDefined();
    expect(compose(outer, layout([[onMem(4, 2)]]))).toBeUndefined();
    expect(compose(outer, layout([[onMem(2, 1)]], [], { bits: 1, base: 0, shift: 1 }))).toBeUndefined();
  });

  test('keeps the swizzle of what it ends in', () => {
    const tile = matrixTile([16, 64], 2);
    const halves = layout([[onMem(2, 32)], [onMem(16, 64)], [onMem(32, 1)]]);
    const both = compose(tile, halves)!;
    for (const [h, r, c] of coordinates([2, 16, 32]))
      expect(evaluate(both, [h!, r!, c!]).mem).toBe(evaluate(tile, [r!, h! * 32 + c!]).mem);
  });
});

describe('the inverse', () => {
  test('finds what lies in a thread and register', () => {
    fc.assert(
      fc.property(fragments, ({ l, threads }) => {
        const back = inverse(l);
        expect(shapeOf(back)).toEqual([threads, sizeOf(l, 'reg')]);
        for (const [t, r] of coordinates([threads, sizeOf(l, 'reg')]))
          expect(evaluate(back, [t!, r!]).mem).toBe(indexOf(shapeOf(l), invert(l, t!, r!)));
      }),
      { numRuns: 100 },
    );
  });

  test('after the layout is the identity on threads and registers', () => {
    fc.assert(
      fc.property(fragments, ({ l }) => {
        if (l.replicate.length > 0) return;
        const round = compose(l, inverse(l));
        if (!round) return;
        for (const [t, r] of coordinates(shapeOf(round)))
          expect(evaluate(round, [t!, r!])).toMatchObject({ thread: t, reg: r });
      }),
      { numRuns: 100 },
    );
  });

  test('from one fragment to another: whose register has my element?', () => {
    const grid = { m: 4, n: 1, copies: 1 };
    const from = blocked([64, 64], 128, 8);
    const to = accumulator(64, 64, grid);
    const fetch = compose(from, inverse(to))!;
    for (const [t, r] of coordinates([128, 32]))
      expect(invert(from, evaluate(fetch, [t!, r!]).thread, evaluate(fetch, [t!, r!]).reg)).toEqual(invert(to, t!, r!));
  });
});

test('reshaping keeps the order of elements', () => {
  const l = blocked([8, 96], 64, 8);
  const flat = reshape(l, [768])!;
  for (const [i] of coordinates([768]))
    expect(evaluate(flat, [i!])).toEqual(evaluate(l, [Math.floor(i! / 96), i! % 96]));
  expect(reshape(l, [768, 2])).toBeUndefined();
});

describe('what ldmatrix brings', () => {
  // PTX ISA, ldmatrix: thread l of .x1 receives elements 2 (l % 4) and 2 (l % 4) + 1 of row l / 4.
  test('is PTX’s', () => {
    for (let lane = 0; lane < 32; lane++)
      for (let i = 0; i < 2; i++) {
        expect(invert(ldmatrixTile(), lane, i)).toEqual([Math.floor(lane / 4), (lane % 4) * 2 + i]);
        expect(invert(ldmatrixTile(true), lane, i)).toEqual([(lane % 4) * 2 + i, Math.floor(lane / 4)]);
      }
  });

  const one = { m: 1, n: 1, copies: 1 };
  test('makes up the operands: A of four tiles, rows first; B of two along the depth', () => {
    const a = operandA(16, 16, 2, one);
    const b = operandB(8, 16, 2, one);
    for (const [r, c] of coordinates([8, 8])) {
      const held = evaluate(ldmatrixTile(), [r!, c!]);
      for (const [i, j] of coordinates([2, 2]))
        expect(evaluate(a, [i! * 8 + r!, j! * 8 + c!])).toMatchObject({
          thread: held.thread,
          reg: (i! + 2 * j!) * 2 + held.reg,
        });
      for (const j of [0, 1])
        expect(evaluate(b, [r!, j * 8 + c!])).toMatchObject({ thread: held.thread, reg: 2 * j + held.reg });
    }
  });

  test('as pairs of 8-bit elements it makes up those of m16n8k32', () => {
    const a = operandA(16, 32, 1, one);
    for (const [r, c, e] of coordinates([8, 8, 2])) {
      const held = evaluate(ldmatrixTile(), [r!, c!]);
      for (const [i, j] of coordinates([2, 2]))
        expect(evaluate(a, [i! * 8 + r!, j! * 16 + c! * 2 + e!])).toMatchObject({
          thread: held.thread,
          reg: (i! + 2 * j!) * 4 + held.reg * 2 + e!,
        });
    }
  });

  // PTX ISA, m16n8k16 B: row (k) = lane % 4 * 2 + (i & 1) + 8 (i >= 2), column (n) = lane / 4.
  test('operand B of m16n8k16 and m16n8k32 is PTX’s', () => {
    for (let lane = 0; lane < 32; lane++) {
      for (let i = 0; i < 4; i++)
        expect(invert(operandB(8, 16, 2, one), lane, i)).toEqual([
          Math.floor(lane / 4),
          (lane % 4) * 2 + (i & 1) + (i >= 2 ? 8 : 0),
        ]);
      for (let i = 0; i < 8; i++)
        expect(invert(operandB(8, 32, 1, one), lane, i)).toEqual([
          Math.floor(lane / 4),
          (lane % 4) * 4 + (i & 3) + (i >= 4 ? 16 : 0),
        ]);
    }
    expect(isComplete(operandB(176, 96, 2, { m: 2, n: 2, copies: 1 }), 128)).toBe(true);
  });
});
