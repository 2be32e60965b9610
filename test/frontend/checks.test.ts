/** What the checks on finished programs refuse, and what they must leave alone. */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/diagnostics/diagnostic.ts';
import { around, define } from './define.ts';
import { program } from './text.ts';

/** The codes of all diagnostics; none where it compiles. */
function codes(statement: string): string[] {
  try {
    program(define(around(statement)));
  } catch (e) {
    if (e instanceof CompileError) return e.diagnostics.map((d) => d.code);
    throw e;
  }
  return [];
}

const F = 'const f = T.fragment(f32, [64]), g = T.fragment(f32, [64]); ';
const S = 'const t = T.shared(f32, [64]), u = T.shared(f32, [8, 8]); T.clear(t); T.clear(u); ';

describe('loops that leave a tile', () => {
  const t =
    'const t = T.shared(f32, [64]), u = T.local(f32, [4]), m = T.shared(f32, [8, 64]); T.clear(t); T.clear(m); ';
  test.each([
    'for (const [i] of T.Parallel(65)) t[i] = 1',
    'for (const [i] of T.Parallel(64)) A[bx][i] = t[i + 1]',
    'for (const [i] of T.Parallel(64)) A[bx][i] = t[i - 1]',
    'for (const [i] of T.Parallel(64)) A[bx][i] = t[64 - i]',
    'for (const [i, j] of T.Parallel(8, 9)) t[i * 8 + j] = 1',
    'for (const [i, j] of T.Parallel(9, 64)) m[i][j] = 1',
    'for (const [i] of T.Parallel(33)) T.atomicAdd(t[2 * i], 1)',
    'for (const i of T.unroll(5)) u[i] = 1',
    'for (const i of T.serial(0, 9, 4)) { const at = i - 5; u[at] = 1 }',
    'for (const k of T.serial(c)) for (const [i] of T.Parallel(65)) t[i] = 1',
    'if (c > 0) for (const [i] of T.Parallel(65)) t[i] = 1',
    'for (const [i] of T.Parallel(64)) for (const k of T.serial(2)) A[i][0] = t[i + k] > 0 ? 1 : 2',
    'for (const k of T.serial(5)) T.clear(t.tile([k * 16], [16]))',
    'for (const [i] of T.Parallel(65)) A[bx][i] = 1',
    'for (const [i] of T.Parallel(65)) { for (const k of T.serial(4)) { if (k > 2) break; I[k] = 1 } t[i] = 1 }',
    'const at = (x: i32) => x + 1; for (const [i] of T.Parallel(64)) t[at(i)] = 1',
  ])('%s', (statement) => {
    expect(codes(t + statement)[0]).toBe('TL0335');
  });

  test.each([
    'for (const [i] of T.Parallel(64)) t[i] = 1',
    'for (const [i] of T.Parallel(65)) if (i < 64) t[i] = 1',
    'for (const [i] of T.Parallel(65)) A[i][0] = i < 64 ? t[i] : 0',
    'for (const [i] of T.Parallel(65)) A[i][0] = T.select(i < 64, t[i], 0)',
    'for (const [i] of T.Parallel(65)) P[i] = i < 64 && t[i] > 0',
    'for (const [i] of T.Parallel(65)) P[i] = i > 63 || t[i] > 0',
    'for (const [i] of T.Parallel(65)) for (const k of T.serial(0, 64 - i)) t[k] = t[i]',
    'for (const i of T.serial(65)) { if (i === 64) break; t[i] = 1 }',
    'for (const i of T.serial(65)) { if (i === 64) continue; t[i] = 1 }',
    'for (const i of T.serial(65)) { if (i === 64) return; t[i] = 1 }',
    'for (const i of T.serial(65)) { T.assert(i < 64); t[i] = 1 }',
    'for (const [i] of T.Parallel(65)) { T.assert(i < 64); t[i] = 1 }',
    'for (const [i] of T.Parallel(65)) for (const k of T.serial(2)) { if (i > 63) break; t[i] = 1 }',
    'for (const i of T.serial(0, 9, 4)) { const at = T.floorDiv(i, 4); u[at] = 1 }',
    'for (const i of T.serial(64, 64)) t[i] = 1',
    'for (const i of T.Persistent(65)) t[i] = 1',
    'for (const i of T.serial(c)) t[i] = 1',
    'for (const [i] of T.Parallel(128)) A[bx][i % 64] = t[i & 63]',
    'for (const [i] of T.Parallel(128)) A[i][0] = t[T.min(i, 63)]',
    'for (const k of T.serial(5)) T.copy(t.tile([0], [64]), A.tile([bx, k * 16], [64]))',
    'for (const k of T.serial(4)) T.clear(t.tile([k * 16], [16]))',
    'for (const [i] of T.Parallel(65)) { let at: i32 = i; if (at > 63) at = 0; A[i][0] = t[at] }',
    'for (const [i] of T.Parallel(64)) A[i][0] = t[i - i + 63]',
  ])('%s', (statement) => {
    expect(codes(t + statement)).not.toContain('TL0335');
  });
});

describe('reads of what nothing wrote', () => {
  test.each([
    [`${F}T.copy(f, A[bx])`, 1],
    [`${F}T.copy(f, g); T.copy(g, f)`, 1],
    [`${F}for (const [i] of T.Parallel(64)) g[i] = f[i] * f[i]`, 1],
    [`${F}T.copy(f, A[bx]); T.copy(g, A[bx])`, 2],
    [
      `const m = T.fragment(f32, [64, 64]), r = T.fragment(f32, [64]); T.clear(m); T.reduceMax(m, r, { dim: 1, clear: false })`,
      1,
    ],
    [`const a = T.shared(f16, [64, 64]), o = T.fragment(f32, [64, 64]); T.clear(a); T.gemm(a, a, o)`, 1],
    [`const x = T.local(f32, [2]); A[bx][0] = x[1]`, 1],
    [`${F}for (const k of T.serial(4)) { T.copy(f, A[k]); T.clear(f) }`, 1],
    [`${F}if (s > 0) { T.copy(f, A[bx]) } else T.clear(f)`, 1],
  ])('%s', (statement, n) => {
    expect(codes(statement)).toEqual(Array(n).fill('TL0317'));
  });

  test.each([
    `${F}T.clear(f); T.copy(f, A[bx])`,
    `${F}if (s > 0) T.clear(f); T.copy(f, A[bx])`,
    `${F}for (const k of T.serial(c)) T.clear(f); T.copy(f, A[bx])`,
    `${F}for (const k of T.serial(4)) { if (k > 0) T.copy(f, A[k]); T.clear(f) }`,
    `${F}let k: i32 = 0; while (k < 4) { if (k > 0) { T.copy(f, A[k]) } T.clear(f); k++ }`,
    `${F}for (const [i] of T.Parallel(64)) { f[i] = 1; g[i] = f[i] }`,
    'const a = T.shared(f16, [64, 64]), o = T.fragment(f32, [64, 64]); T.clear(a); T.gemm(a, a, o, { clear: true }); T.gemm(a, a, o)',
    'const t = T.shared(f32, [64]); T.clear(t.tile([0], [32])); T.copy(t, A[bx])',
  ])('%s', (statement) => {
    expect(codes(statement)).toEqual([]);
  });
});

describe('iterations that meet', () => {
  test.each([
    [`${S}for (const [i] of T.Parallel(64)) t[0] = 1`, 'TL0401'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) t[i] = j`, 'TL0204'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) t[i] = f32(j)`, 'TL0401'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) if (i > 2) t[i] = 1`, 'TL0401'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) { const x = f32(i) * 2; if (x > 2) t[i] = x }`, 'TL0401'],
    [`${S}for (const [i] of T.Parallel(64)) t[i >> 1] = 1`, 'TL0409'],
    [`${S}for (const [i] of T.Parallel(64)) t[i % 8] = 1`, 'TL0409'],
    [`for (const [i, j] of T.Parallel(8, 8)) A[bx + i][j * i] = 1`, 'TL0409'],
    [`${S}for (const [i] of T.Parallel(32)) t[i] = t[63 - i] + t[i + 1]`, 'TL0402'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) u[i][j] = u[i][j] / u[i][0]`, 'TL0402'],
    [`${S}for (const [i, j] of T.Parallel(8, 8)) u[i][j] = u[j][i]`, 'TL0402'],
    ['for (const [i] of T.Parallel(8)) A[bx + i][0] = A[bx + i + 1][0]', 'TL0402'],
  ])('%s', (statement, code) => {
    expect(codes(statement)).toEqual([code]);
  });

  test.each([
    `${S}for (const [i] of T.Parallel(64)) if (i === 0) t[0] = 1`,
    `${S}for (const [i] of T.Parallel(64)) { const first = B[i][0] > 0; if (first) t[0] = 1 }`,
    `${S}for (const [i] of T.Parallel(64)) for (const k of T.serial(4)) { if (B[i][k] > 0) continue; t[0] = 1 }`,
    `${S}for (const [i] of T.Parallel(64)) { let at: i32 = 0; at = I[i]; t[at] = 1 }`,
    `${S}for (const [i] of T.Parallel(64)) t[I[i]] = 1`,
    `${S}for (const [i, j] of T.Parallel(8, 8)) t[i * 8 + j] = 1`,
    `${S}for (const [i, j] of T.Parallel(8, 8)) u[i][j ^ (i & 7)] = 1`,
    `${S}for (const [i, j] of T.Parallel(1, 64)) t[j] = 1`,
    `${S}for (const [i] of T.Parallel(32)) t[i * 2] = t[i * 2 + 1]`,
    `${S}for (const [i] of T.Parallel(32)) t[i] = t[i + 32]`,
    `${S}for (const [i] of T.Parallel(32)) t[i] = t[i + c]`,
    `${S}for (const [i] of T.Parallel(32)) t[i] = i > 0 ? t[i - 1] : 0`,
    'for (const [i] of T.Parallel(8)) for (const k of T.serial(1, 64)) A[i][k] = A[i][k - 1]',
    'const x = T.local(f32, [2]); for (const [i] of T.Parallel(64)) { x[0] = B[i][0]; A[i][0] = x[0] }',
    `${S}for (const [i] of T.Parallel(64)) T.atomicAdd(t[0], 1)`,
    'for (const [i] of T.Parallel(64)) A[bx * 64 + i][0] = B[i][0]',
  ])('%s', (statement) => {
    expect(codes(statement)).toEqual([]);
  });
});
