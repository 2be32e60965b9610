import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { type Arch, TARGETS } from '../../src/ir/target.ts';
import { selectInstructions, warpGrid } from '../../src/passes/selectInstructions.ts';
import { bodyOf, parse, through } from './helpers.ts';

const chosen = (tiles: string, gemm: string, arch: Arch = 'sm_90a', threads = 128): string => {
  const k = parse(`kernel k() grid() threads(${threads})\n  ${tiles}\n{\n  ${gemm}\n}`);
  return /instr\("(.*)"\) warps\((.*)\)/
    .exec(bodyOf(through(k, 'select-instructions', 'select-instructions', arch)))!
    .slice(1)
    .join(' ');
};
const tiles = (a: string, b: string, c: string): string => `shared a: ${a}  shared b: ${b}  fragment c: ${c}`;

describe('the instruction', () => {
  test.each<[what: string, a: string, b: string, c: string, gemm: string, instr: string, arch?: Arch]>([
    ['16-bit floats', 'f16[64, 64]', 'f16[64, 64]', 'f32[64, 64]', 'gemm a, b -> c', 'mma.m16n8k16'],
    [
      'every transpose',
      'bf16[64, 64]',
      'bf16[64, 64]',
      'f32[64, 64]',
      'gemm transpose(a), transpose(b) -> c',
      'mma.m16n8k16',
    ],
    ['ragged tiles', 'f16[48, 16]', 'f16[16, 88]', 'f32[48, 88]', 'gemm a, b -> c', 'mma.m16n8k16'],
    [
      '8-bit floats, depth last',
      'f8e4m3[64, 64]',
      'f8e5m2[64, 64]',
      'f32[64, 64]',
      'gemm a, transpose(b) -> c',
      'mma.m16n8k32',
    ],
    ['8-bit floats, depth first', 'f8e4m3[64, 64]', 'f8e4m3[64, 64]', 'f32[64, 64]', 'gemm a, b -> c', 'fma'],
    [
      '8-bit floats on sm_80',
      'f8e4m3[64, 64]',
      'f8e4m3[64, 64]',
      'f32[64, 64]',
      'gemm a, transpose(b) -> c',
      'fma',
      'sm_80',
    ],
    ['rows that are no multiple of 16', 'f16[24, 64]', 'f16[64, 64]', 'f32[24, 64]', 'gemm a, b -> c', 'fma'],
    ['a depth that is no multiple of 16', 'f16[64, 24]', 'f16[24, 64]', 'f32[64, 64]', 'gemm a, b -> c', 'fma'],
    ['f32', 'f32[64, 64]', 'f32[64, 64]', 'f32[64, 64]', 'gemm a, b -> c', 'fma'],
    ['integers', 'i8[64, 64]', 'i8[64, 64]', 'i32[64, 64]', 'gemm a, transpose(b) -> c', 'fma'],
  ])('%s', (_, a, b, c, gemm, instr, arch) => {
    expect(chosen(tiles(a, b, c), gemm, arch).split(' ')[0]).toBe(instr);
  });
});

describe('the warps', () => {
  test.each<[m: number, n: number, warps: number, rows: boolean, grid: [number, number]]>([
    [128, 128, 4, false, [2, 2]],
    [128, 128, 4, true, [4, 1]],
    [128, 64, 8, false, [4, 2]],
    [64, 64, 8, true, [4, 1]],
    [16, 256, 4, false, [1, 4]],
    [48, 176, 3, false, [3, 1]],
    [16, 8, 4, false, [1, 1]],
  ])('%i × %i on %i warps, whole rows %s: %j', (m, n, warps, rows, grid) => {
    expect(warpGrid(m, n, warps, rows)).toEqual(grid);
  });

  const pair = 'shared a: f16[128, 64]  shared b: f16[64, 128]  fragment c: f32[128, 128]';
  test('a product that rows are reduced of keeps its rows in one warp', () => {
    expect(chosen(pair, 'gemm a, b -> c')).toBe('mma.m16n8k16 2, 2');
    expect(chosen(`${pair}  fragment r: f32[128]`, 'gemm a, b -> c  reduce max c -> r dim(1)')).toBe(
      'mma.m16n8k16 4, 1',
    );
    expect(chosen(`${pair}  fragment r: f32[128]`, 'gemm a, b -> c  reduce max c -> r dim(0)')).toBe(
      'mma.m16n8k16 2, 2',
    );
  });
  test('so does one that becomes an operand of another, by way of a copy', () => {
    const more = `${pair}  fragment p: f16[128, 128]  shared v: f16[128, 64]  fragment o: f32[128, 64]`;
    expect(chosen(more, 'gemm a, b -> c  copy c -> p  gemm p, v -> o')).toBe('mma.m16n8k16 4, 1');
  });
  test('a plain product is no matter of warps', () => {
    expect(chosen(tiles('f32[64, 64]', 'f32[64, 64]', 'f32[64, 64]'), 'gemm a, b -> c')).toBe('fma 1, 1');
  });
});

describe('a product that could run on the tensor cores and does not is pointed out', () => {
  const warned = (tiles: string, gemm: string, arch: Arch = 'sm_90a'): readonly Diagnostic[] => {
    const k = parse(`kernel k() grid() threads(128)\n  ${tiles}\n{\n  ${gemm}\n}`);
    const found: Diagnostic[] = [];
    selectInstructions(k, { target: TARGETS[arch], warn: (d) => found.push(d) });
    return found;
  };

  test('with its line, why, and a way out', () => {
    const [d, ...more] = warned(tiles('f16[24, 40]', 'f16[40, 60]', 'f32[24, 60]'), 'gemm a, b -> c');
    expect(more).toEqual([]);
    expect(d).toMatchObject({ severity: 'warning', span: { line: 4, column: 3 } });
    expect(d!.message).toBe(
      'this T.gemm does not run on the tensor cores: 24 rows are no multiple of 16, 60 columns are no multiple of 8, a depth of 40 is no multiple of 16',
    );
    expect(d!.hint).toBe('make the tiles larger, and fill what is too much with zeros');
  });

  test.each<[what: string, a: string, b: string, c: string, why: string, arch?: Arch]>([
    ['f16 sums', 'f16[64, 64]', 'f16[64, 64]', 'f16[64, 64]', 'it accumulates in f16'],
    ['two dtypes', 'f16[64, 64]', 'bf16[64, 64]', 'f32[64, 64]', 'one operand is f16, the other bf16'],
    ['bytes, depth first', 'f8e4m3[64, 64]', 'f8e4m3[64, 64]', 'f32[64, 64]', 'must have the depth last in memory'],
    ['bytes on sm_80', 'f8e4m3[64, 64]', 'f8e4m3[64, 64]', 'f32[64, 64]', 'sm_80 has none for f8e4m3', 'sm_80'],
  ])('%s', (_, a, b, c, why, arch) => {
    expect(warned(tiles(a, b, c), 'gemm a, b -> c', arch).map((d) => d.message)).toEqual([
      expect.stringContaining(why),
    ]);
  });

  test('others are not', () => {
    expect(warned(tiles('f32[64, 64]', 'f32[64, 64]', 'f32[64, 64]'), 'gemm a, b -> c')).toEqual([]);
    expect(warned(tiles('i8[64, 64]', 'i8[64, 64]', 'i32[64, 64]'), 'gemm a, b -> c')).toEqual([]);
    expect(warned(tiles('f16[64, 64]', 'f16[64, 64]', 'f32[64, 64]'), 'gemm a, b -> c')).toEqual([]);
  });
});
