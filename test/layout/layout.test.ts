import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocked } from '../../src/layout/blocked.ts';
import {
  compactRegs,
  equalLayouts,
  evaluate,
  invert,
  isComplete,
  isInjective,
  keepDims,
  layout,
  onMem,
  onReg,
  onThread,
  sameThreads,
  shapeOf,
  sizeOf,
  vectorWidth,
} from '../../src/layout/layout.ts';
import { accumulator, operandA } from '../../src/layout/mma.ts';
import { bankConflicts, footprint, ldmatrixConflicts, matrixTile, rowMajor } from '../../src/layout/shared.ts';
import { coordinates, fragments } from './generate.ts';

describe('the algebra', () => {
  test('inverting what evaluating gave returns the coordinates', () => {
    fc.assert(
      fc.property(fragments, ({ l }) => {
        for (const c of coordinates(shapeOf(l))) {
          const at = evaluate(l, c);
          expect(invert(l, at.thread, at.reg)).toEqual(c);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('every element is owned once, every place is taken, copies counted', () => {
    fc.assert(
      fc.property(fragments, ({ l, threads }) => {
        expect(isComplete(l, threads)).toBe(true);
        const places = new Set([...coordinates(shapeOf(l))].map((c) => JSON.stringify(evaluate(l, c))));
        const elements = shapeOf(l).reduce((n, x) => n * x, 1);
        expect(places.size).toBe(elements);
        const copies = l.replicate.reduce((n, a) => n * a.extent, 1);
        expect(elements * copies).toBe(sizeOf(l, 'reg') * threads);
      }),
      { numRuns: 60 },
    );
  });

  test('canonical form is unique: cutting an atom in two changes nothing', () => {
    const whole = layout([[onReg(8, 4)], [onThread(32, 1)]]);
    const cut = layout([
      [onReg(2, 16), onReg(4, 4)],
      [onThread(4, 8), onReg(1, 9), onThread(8, 1)],
    ]);
    expect(equalLayouts(whole, cut)).toBe(true);
    expect(equalLayouts(whole, layout([[onReg(4, 4), onReg(2, 16)], [onThread(32, 1)]]))).toBe(false);
  });

  test('keeping a dimension: an element sits with every thread that held a part of its row', () => {
    const s = accumulator(128, 64, { m: 4, n: 1, copies: 1 });
    const row = keepDims(s, [0]);
    expect(shapeOf(row)).toEqual([128]);
    for (const [m, n] of coordinates([128, 64])) {
      const full = evaluate(s, [m!, n!]).thread;
      const copies = row.replicate.flatMap((a) => Array.from({ length: a.extent }, (_, i) => i * a.stride));
      expect(copies.map((c) => evaluate(row, [m!]).thread + c)).toContain(full);
    }
    expect(sizeOf(row, 'reg')).toBe(4);
  });

  test('compacting keeps order and threads', () => {
    const l = layout([[onReg(2, 32), onThread(8, 4)], [onReg(4, 2)]]);
    const dense = compactRegs(l);
    expect(sizeOf(dense, 'reg')).toBe(8);
    expect(sameThreads(l, dense)).toBe(true);
  });
});

describe('places', () => {
  test('an element has its own, unless digits overlap', () => {
    fc.assert(
      fc.property(fragments, ({ l }) => {
        expect(isInjective(l)).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(isInjective(layout([[onMem(4, 1)], [onMem(3, 2)]]))).toBe(false);
    expect(isInjective(layout([[onMem(2, 3)], [onMem(3, 1)]]))).toBe(true);
    expect(isInjective(layout([[onThread(4, 1)]], [onThread(2, 2)]))).toBe(false);
  });
});

describe('mma fragments', () => {
  // PTX ISA, m16n8k16: row = lane / 4 (+ 8 for c2, c3), column = lane % 4 * 2 + (i & 1).
  test('the accumulator of m16n8 is PTX’s', () => {
    const l = accumulator(16, 8, { m: 1, n: 1, copies: 1 });
    for (let lane = 0; lane < 32; lane++)
      for (let i = 0; i < 4; i++)
        expect(invert(l, lane, i)).toEqual([Math.floor(lane / 4) + (i >= 2 ? 8 : 0), (lane % 4) * 2 + (i & 1)]);
  });

  // PTX ISA, m16n8k16 A: row = lane / 4 (+ 8 for a2, a3, a6, a7), column = lane % 4 * 2 + (i & 1) (+ 8 for i >= 4).
  test('operand A of m16n8k16 is PTX’s', () => {
    const l = operandA(16, 16, 2, { m: 1, n: 1, copies: 1 });
    for (let lane = 0; lane < 32; lane++)
      for (let i = 0; i < 8; i++) {
        const row = Math.floor(lane / 4) + (i % 4 >= 2 ? 8 : 0);
        expect(invert(l, lane, i)).toEqual([row, (lane % 4) * 2 + (i & 1) + (i >= 4 ? 8 : 0)]);
      }
  });

  // PTX ISA, m16n8k32 A: row = lane / 4 (+ 8 for 4 <= i < 8, i >= 12), column = lane % 4 * 4 + (i & 3) (+ 16 for i >= 8).
  test('operand A of m16n8k32 is PTX’s', () => {
    const l = operandA(16, 32, 1, { m: 1, n: 1, copies: 1 });
    for (let lane = 0; lane < 32; lane++)
      for (let i = 0; i < 16; i++) {
        const row = Math.floor(lane / 4) + (i % 8 >= 4 ? 8 : 0);
        expect(invert(l, lane, i)).toEqual([row, (lane % 4) * 4 + (i & 3) + (i >= 8 ? 16 : 0)]);
      }
  });

  test('a 16-bit accumulator of [M, K] is operand A of the next product: softmax needs no shuffle', () => {
    const grid = { m: 4, n: 1, copies: 1 };
    expect(equalLayouts(accumulator(128, 64, grid), operandA(128, 64, 2, grid))).toBe(true);
    expect(equalLayouts(accumulator(128, 176, grid), operandA(128, 176, 2, grid))).toBe(true);
    expect(
      equalLayouts(accumulator(128, 64, { m: 2, n: 2, copies: 1 }), operandA(128, 64, 2, { m: 2, n: 2, copies: 1 })),
    ).toBe(false);
  });

  test('tiles that are no powers of two, and warps left over', () => {
    for (const [M, N, m, n, copies] of [
      [48, 176, 3, 2, 1],
      [96, 96, 2, 4, 1],
      [16, 8, 1, 1, 4],
    ] as const)
      expect(isComplete(accumulator(M, N, { m, n, copies }), 32 * m * n * copies)).toBe(true);
  });
});

describe('blocked rows', () => {
  test('complete, as wide as asked, and in as few registers as rounding up can make it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 48 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(32, 64, 96, 128),
        fc.constantFrom(1, 2, 4, 8),
        (shape, threads, v) => {
          const l = blocked(shape, threads, v);
          expect(shapeOf(l).every((n, d) => n >= shape[d]!)).toBe(true);
          expect(isComplete(l, threads)).toBe(true);
          if (shape.at(-1)! % v === 0) expect(vectorWidth(l) % v).toBe(0);
          // What lies within a warp is a power of two, for shuffles.
          for (const a of l.dims.flat().filter((x) => x.axis === 'thread' && x.stride < 32))
            expect(32 % Math.min(32 / a.stride, a.extent)).toBe(0);
          // Each dimension rounds up by less than two, and an even spread is taken only where it is no more than twice as much.
          const elements = shape.reduce((n, x) => n * x, 1);
          const best = Math.max(v, elements / threads);
          expect(sizeOf(l, 'reg')).toBeLessThanOrEqual(Math.max(1, best) * 2 ** (shape.length + 1));
        },
      ),
    );
  });

  test.each([
    [[100], 128, 1, '100 of 128 threads', 1],
    [[1000], 256, 4, '250 of 256', 4],
    [[257], 256, 1, 'two rounds', 2],
    [[96], 128, 1, '96 of 128', 1],
    [[15, 33], 128, 1, 'both dimensions', 8],
    [[3, 96], 96, 4, 'a row a warp', 4],
    [[50, 50], 128, 1, 'both dimensions', 25],
  ])('%j over %d threads by %d: %s', (shape, threads, v, _, registers) => {
    expect(sizeOf(blocked(shape, threads, v), 'reg')).toBe(registers);
  });

  test('an even spread stays one', () => {
    expect(shapeOf(blocked([96, 40], 128, 4))).toEqual([96, 40]);
    expect(shapeOf(blocked([80, 64], 128, 8))).toEqual([80, 64]);
    expect(shapeOf(blocked([96, 176], 128, 8))).toEqual([96, 176]);
  });

  test('neighbouring threads take neighbouring vectors', () => {
    const l = blocked([16, 128], 128, 8);
    expect(invert(l, 0, 0)).toEqual([0, 0]);
    expect(invert(l, 1, 0)).toEqual([0, 8]);
    expect(invert(l, 16, 0)).toEqual([1, 0]);
  });
});

describe('shared tiles', () => {
  test('the swizzle is a permutation of the tile', () => {
    for (const [shape, bytes] of [
      [[64, 128], 2],
      [[128, 32], 2],
      [[64, 64], 2],
      [[32, 16], 2],
      [[64, 128], 1],
      [[3, 64, 128], 2],
      [[128, 64], 4],
    ] as const) {
      const l = matrixTile(shape, bytes);
      const seen = new Set([...coordinates(shape)].map((c) => evaluate(l, c).mem));
      expect(seen.size).toBe(shape.reduce((n: number, x) => n * x, 1));
      expect(Math.max(...seen)).toBeLessThan(footprint(l));
    }
  });

  test('ldmatrix meets no conflicts, in rows of any length; plain rows do', () => {
    for (const row of [16, 32, 64, 96, 128, 176, 256]) {
      const l = matrixTile([64, row], 2);
      for (let r = 0; r < 64; r += 8)
        for (let c = 0; c < row; c += 8) expect(ldmatrixConflicts(l, 2, r, c), `row ${row}`).toBe(1);
    }
    expect(ldmatrixConflicts(rowMajor([64, 128]), 2, 0, 0)).toBe(8);
    expect(ldmatrixConflicts(rowMajor([64, 32]), 2, 0, 0)).toBe(4);
  });

  test('16-byte chunks stay whole', () => {
    const l = matrixTile([64, 96], 2);
    for (const [r, c] of coordinates([64, 12])) {
      const first = evaluate(l, [r!, c! * 8]).mem;
      for (let i = 1; i < 8; i++) expect(evaluate(l, [r!, c! * 8 + i]).mem).toBe(first + i);
    }
  });

  test('bank conflicts are counted as the hardware serves them', () => {
    const lanes = Array.from({ length: 32 }, (_, i) => i);
    expect(bankConflicts(lanes, 4, 4)).toBe(1);
    expect(
      bankConflicts(
        lanes.map((i) => i * 32),
        4,
        4,
      ),
    ).toBe(32);
    expect(
      bankConflicts(
        lanes.map(() => 7),
        4,
        4,
      ),
    ).toBe(1);
    expect(
      bankConflicts(
        lanes.map((i) => i * 2),
        4,
        4,
      ),
    ).toBe(2);
    expect(
      bankConflicts(
        lanes.map((i) => i * 4),
        4,
        16,
      ),
    ).toBe(1);
  });

  test('copies of a multi-buffered tile start where the swizzle does', () => {
    const l = matrixTile([2, 4, 64], 2);
    expect(l.dims[0]).toEqual([onMem(2, 512)]);
  });
});
