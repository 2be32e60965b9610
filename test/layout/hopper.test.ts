import { describe, expect, test } from 'vitest';
import type { Layout } from '../../src/ir/layout.ts';
import { fragmentConflicts, movedTogether, sectorUse } from '../../src/layout/access.ts';
import { blocked } from '../../src/layout/blocked.ts';
import { equalLayouts, evaluate, invert, isComplete, isInjective, shapeOf, sizeOf } from '../../src/layout/layout.ts';
import { accumulator } from '../../src/layout/mma.ts';
import { footprint, ldmatrixConflicts, matrixTile, rowMajor } from '../../src/layout/shared.ts';
import { type SwizzleBytes, tmaPeriod, tmaSpan, tmaTile } from '../../src/layout/tma.ts';
import { isWgmmaN, wgmmaAccumulator, wgmmaOperandA } from '../../src/layout/wgmma.ts';
import { coordinates } from './generate.ts';

describe('wgmma fragments', () => {
  // PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk16", D: d_i of lane l in warp w lies in
  // row 16 w + l / 4 + 8 ((i / 2) % 2), column 8 (i / 4) + 2 (l % 4) + i % 2.
  test('the accumulator of m64nN is PTX’s', () => {
    for (const N of [8, 64, 176, 256]) {
      const l = wgmmaAccumulator(64, N, 1);
      for (let t = 0; t < 128; t++)
        for (let i = 0; i < N / 2; i++)
          expect(invert(l, t, i)).toEqual([
            16 * Math.floor(t / 32) + Math.floor((t % 32) / 4) + 8 * (Math.floor(i / 2) % 2),
            8 * Math.floor(i / 4) + 2 * (t % 4) + (i % 2),
          ]);
    }
  });

  /** CuTe's layouts: [extent, stride] digits, least significant first, to m + 64 k. */
  const cute = (digits: readonly (readonly [number, number])[], index: number): number => {
    let rest = index;
    return digits.reduce((sum, [extent, stride]) => {
      const d = rest % extent;
      rest = Math.floor(rest / extent);
      return sum + d * stride;
    }, 0);
  };

  test('operand A is CuTe’s ALayout_64x16 and ALayout_64x32', () => {
    for (const { K, bytes, threads, values } of [
      {
        K: 16,
        bytes: 2,
        threads: [
          [4, 128],
          [8, 1],
          [4, 16],
        ],
        values: [
          [2, 64],
          [2, 8],
          [2, 512],
        ],
      },
      {
        K: 32,
        bytes: 1,
        threads: [
          [4, 256],
          [8, 1],
          [4, 16],
        ],
        values: [
          [4, 64],
          [2, 8],
          [2, 1024],
        ],
      },
    ] as const) {
      const l = wgmmaOperandA(64, K, bytes, 1);
      for (let t = 0; t < 128; t++)
        for (let i = 0; i < sizeOf(l, 'reg'); i++) {
          const at = cute(threads, t) + cute(values, i);
          expect(invert(l, t, i)).toEqual([at % 64, Math.floor(at / 64)]);
        }
    }
  });

  test('a 16-bit accumulator is operand A of the next product', () => {
    for (const [M, N, groups] of [
      [64, 128, 1],
      [128, 176, 2],
      [256, 96, 2],
    ] as const) {
      expect(equalLayouts(wgmmaAccumulator(M, N, groups), wgmmaOperandA(M, N, 2, groups))).toBe(true);
      expect(isComplete(wgmmaAccumulator(M, N, groups), 128 * groups)).toBe(true);
    }
  });

  test('one group of 64 rows is four warps of mma accumulators', () => {
    expect(equalLayouts(wgmmaAccumulator(64, 96, 1), accumulator(64, 96, { m: 4, n: 1, copies: 1 }))).toBe(true);
    expect(equalLayouts(wgmmaAccumulator(128, 96, 1), accumulator(128, 96, { m: 4, n: 1, copies: 1 }))).toBe(false);
  });

  test('N of an instruction', () => {
    expect([8, 176, 256].every(isWgmmaN)).toBe(true);
    expect([0, 4, 100, 264].some(isWgmmaN)).toBe(false);
  });
});

describe('TMA tiles', () => {
  /** Where the hardware puts a byte of a box: rows of `span` bytes, bits 4 … XORed with bits 7 …. */
  const hardware = (box: number, row: number, byte: number, span: SwizzleBytes): number => {
    const at = box + row * span + byte;
    const mask = { 32: 1, 64: 3, 128: 7 }[span];
    return at ^ (((at >> 7) & mask) << 4);
  };

  const CASES = [
    [[64, 64], 2, 128],
    [[176, 128], 2, 128],
    [[64, 96], 2, 64],
    [[8, 16], 2, 32],
    [[64, 128], 1, 128],
    [[48, 32], 4, 128],
    [[3, 64, 128], 2, 128],
    [[2, 12, 32], 1, 32],
  ] as const;

  test.each(CASES)('%j of %i bytes in spans of %i: each element where the hardware writes it', (shape, bytes, span) => {
    const l = tmaTile(shape, bytes, span);
    expect(shapeOf(l)).toEqual(shape);
    const [rows, columns] = shape.slice(-2) as [number, number];
    const width = span / bytes;
    const box = Math.ceil((rows * span) / tmaPeriod(span)) * tmaPeriod(span);
    for (const c of coordinates(shape)) {
      const [row, column] = c.slice(-2) as [number, number];
      const copy = c.length > 2 ? c[0]! : 0;
      const start = (copy * (columns / width) + Math.floor(column / width)) * box;
      expect(evaluate(l, c).mem * bytes).toBe(hardware(start, row, (column % width) * bytes, span));
    }
  });

  test.each(CASES)(
    '%j of %i bytes in spans of %i: no two elements in one place, none outside',
    (shape, bytes, span) => {
      const l = tmaTile(shape, bytes, span);
      expect(isInjective(l)).toBe(true);
      const places = new Set([...coordinates(shape)].map((c) => evaluate(l, c).mem));
      expect(places.size).toBe(shape.reduce((n: number, x) => n * x, 1));
      expect(Math.max(...places)).toBeLessThan(footprint(l));
    },
  );

  test('eight rows of a 16-byte column lie in different banks, whatever the span', () => {
    for (const [columns, span] of [
      [64, 128],
      [128, 128],
      [96, 64],
      [32, 64],
      [16, 32],
    ] as const) {
      const l = tmaTile([64, columns], 2, span);
      for (let r = 0; r < 64; r += 8)
        for (let c = 0; c < columns; c += 8) expect(ldmatrixConflicts(l, 2, r, c)).toBe(1);
    }
  });

  test('the widest span that fits: rows need not be powers of two', () => {
    expect(tmaSpan(128, 2)).toBe(128);
    expect(tmaSpan(96, 2)).toBe(64);
    expect(tmaSpan(80, 2)).toBe(32);
    expect(tmaSpan(40, 2)).toBeUndefined();
    expect(tmaSpan(96, 1)).toBe(32);
  });
});

describe('the cost of moving fragments', () => {
  const acc = accumulator(64, 64, { m: 4, n: 1, copies: 1 });
  test('an accumulator goes in pairs; plain rows of 128 bytes meet in the banks, swizzled ones do not', () => {
    expect(movedTogether(acc, rowMajor([64, 64]), 2)).toBe(2);
    expect(fragmentConflicts(acc, rowMajor([64, 64]), 2)).toBe(8);
    expect(fragmentConflicts(acc, matrixTile([64, 64], 2), 2)).toBe(1);
    expect(fragmentConflicts(acc, tmaTile([64, 64], 2, 128), 2)).toBe(1);
  });

  test('rows of whole threads go in 16 bytes, without conflicts', () => {
    const rows = blocked([64, 64], 128, 8);
    expect(movedTogether(rows, matrixTile([64, 64], 2), 2)).toBe(8);
    expect(movedTogether(rows, matrixTile([64, 64], 4), 4)).toBe(4);
    expect(fragmentConflicts(rows, matrixTile([64, 64], 2), 2)).toBe(1);
    expect(fragmentConflicts(rows, rowMajor([64, 64]), 2)).toBe(1);
  });

  test('sectors: coalesced rows use them whole, an accumulator of 16-bit elements by half', () => {
    expect(sectorUse(blocked([64, 64], 128, 8), 64, 2)).toBe(1);
    expect(sectorUse(acc, 64, 2)).toBe(0.5);
    expect(sectorUse(acc, 64, 4)).toBe(1);
    const columns: Layout = {
      dims: [[{ extent: 32, axis: 'thread', stride: 1 }], [{ extent: 4, axis: 'reg', stride: 1 }]],
      replicate: [],
    };
    expect(sectorUse(columns, 1024, 4)).toBe(0.5);
  });
});
