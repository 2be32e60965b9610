/** Each feature of the language, as source → Tile IR. `around` in define.ts has the kernel that the statements stand in. */
import { describe, expect, test } from 'vitest';
import { dedent, lower } from './define.ts';

const cases = (rows: readonly (readonly [source: string, tileIR: string])[]): void => {
  test.each(rows)('%s', (source, tileIR) => {
    expect(lower(source)).toBe(dedent(tileIR));
  });
};

describe('values', () => {
  cases([
    ['A[bx][0] = s', 'A[bx, 0] = s'],
    ['A[bx][0] += 1', 'A[bx, 0] = A[bx, 0] + 1.0'],
    ['A[bx][0] = A[bx][1] * 2 + s / 3', 'A[bx, 0] = A[bx, 1] * 2.0 + s / 3.0'],
    ['A[bx][0] = 1.0', 'A[bx, 0] = 1.0'],
    ['A[bx][0] = -s', 'A[bx, 0] = -s'],
    ['A[bx][0] = s ** 2 + s ** 3', 'A[bx, 0] = s * s + pow(s, 3.0)'],
    ['A[bx][0]++', 'A[bx, 0] = A[bx, 0] + 1.0'],
    [
      'const x = A[bx][0]; A[bx][1] = x; A[bx][2] = x',
      `
        let x: f32 = A[bx, 0]
        A[bx, 1] = x
        A[bx, 2] = x
      `,
    ],
    [
      'let x: f32 = 0; x += s; x = x * 2; A[bx][0] = x',
      `
        var x: f32 = 0.0
        x = x + s
        x = x * 2.0
        A[bx, 0] = x
      `,
    ],
    [
      'let x = f32(0); x += s; A[bx][0] = x',
      `
        var x: f32 = 0.0
        x = x + s
        A[bx, 0] = x
      `,
    ],
    [
      'let x = s; x++; A[bx][0] = x',
      `
        var x: f32 = s
        x = x + 1.0
        A[bx, 0] = x
      `,
    ],
    [
      'let x: f16 = 0; x = x + 1; H[bx][0] = x',
      `
        var x: f16 = 0.0_f16
        x = f16(f32(x) + 1.0)
        H[bx, 0] = x
      `,
    ],
    [
      'let on: bool = true; on = s > 0; if (on) A[bx][0] = 1',
      `
        var on: bool = true
        on = s > 0.0
        if on {
          A[bx, 0] = 1.0
        }
      `,
    ],
    [
      'const x: f32 = H[bx][0]; A[bx][0] = x',
      `
        let x: f32 = f32(H[bx, 0])
        A[bx, 0] = x
      `,
    ],
    ['let m = 2; m = m * 3; A[bx][m] = m', 'A[bx, 6] = 6.0'],
    ['const { length } = [A, B]; I[bx] = length', 'I[bx] = 2'],
    ['const { length, 1: second } = [5, 6]; I[bx] = length + second', 'I[bx] = 8'],
    ['const { shape, dtype } = A; if (dtype === f32) I[bx] = shape[1]', 'I[bx] = 64'],
    ['const { 0: first, ...rest } = [A, B]; first[bx][0] = rest["1"][bx][0]', 'A[bx, 0] = B[bx, 0]'],
    ['if (s !== undefined && A !== undefined && [A] !== null) A[bx][0] = 1', 'A[bx, 0] = 1.0'],
    ['A[bx][0] = NaN', 'A[bx, 0] = nan'],
    ['A[bx][0] = Math.sqrt(-1) * 2', 'A[bx, 0] = nan'],
    ['const l = [3, 1, 2]; const r = [...l].sort(); I[bx] = r[0] + l.toReversed()[0]', 'I[bx] = 3'],
    ['const same = (x: unknown, y: unknown) => x === y ? 1 : 0; I[bx] = same(A, A) * 2 + same(A, B)', 'I[bx] = 2'],
    ['const half = 0.5; A[bx][0] = half', 'A[bx, 0] = 0.5'],
    [
      'const [p, q] = [s, s * 2]; A[bx][0] = p + q',
      `
        let q: f32 = s * 2.0
        A[bx, 0] = s + q
      `,
    ],
    [
      'const { a, b = 7, ...rest } = { a: s + 1, z: 3 }; A[bx][rest.z] = a + b',
      `
        let a: f32 = s + 1.0
        A[bx, 3] = a + 7.0
      `,
    ],
    ['I[bx] = c & 3 | c << 2 ^ c >> 1', 'I[bx] = (c & 3) | ((c << 2) ^ (c >> 1))'],
    ['I[bx] = c % 5', 'I[bx] = c % 5'],
    ['I[bx] = ~c', 'I[bx] = ~c'],
    ['U[bx] = U[bx] >>> 3', 'U[bx] = U[bx] >> 3_u32'],
    ['I[bx] = T.floorDiv(c, 4) + T.ceilDiv(c, 4)', 'I[bx] = c // 4 + ceildiv(c, 4)'],
    ['I[bx] = c * bx + n', 'I[bx] = c * bx + n'],
    ['L[bx] = L[bx] + c', 'L[bx] = L[bx] + i64(c)'],
    ['L[bx] = 1', 'L[bx] = 1_i64'],
    ['D[bx] = D[bx] + 1', 'D[bx] = u8(u32(D[bx]) + 1_u32)'],
    ['A[bx][0] = f32(c)', 'A[bx, 0] = f32(c)'],
    ['H[bx][0] = f16(s)', 'H[bx, 0] = f16(s)'],
    ['H[bx][0] = H[bx][1] * 2', 'H[bx, 0] = f16(f32(H[bx, 1]) * 2.0)'],
    ['H[bx][0] = f16(f8e4m3(H[bx][1]))', 'H[bx, 0] = f16(f32(f8e4m3(f32(H[bx, 1]))))'],
    ['A[bx][0] = H[bx][0]', 'A[bx, 0] = f32(H[bx, 0])'],
    ['I[bx] = i32(2.9)', 'I[bx] = 2'],
    ['P[bx] = s > 0 && c < 3 || !P[bx]', 'P[bx] = s > 0.0 && c < 3 || !P[bx]'],
    ['P[bx] = c === 3', 'P[bx] = c == 3'],
    ['P[bx] = c !== 3 && s >= 0 && s <= 1', 'P[bx] = c != 3 && s >= 0.0 && s <= 1.0'],
    ['A[bx][0] = c > 0 ? s : 0', 'A[bx, 0] = select(c > 0, s, 0.0)'],
    ['A[bx][0] = c > 0 ? 1 : 0', 'A[bx, 0] = select(c > 0, 1.0, 0.0)'],
    ['I[bx] = c > 0 ? 1 : 0', 'I[bx] = select(c > 0, 1, 0)'],
    ['A[bx][0] = T.select(c > 0, 1.0, 0.0)', 'A[bx, 0] = select(c > 0, 1.0, 0.0)'],
    ['H[bx][0] = c > 0 ? H[bx][1] : -H[bx][2]', 'H[bx, 0] = f16(select(c > 0, f32(H[bx, 1]), -f32(H[bx, 2])))'],
    ['H[bx][0] = T.select(c > 0, H[bx][1], 0)', 'H[bx, 0] = select(c > 0, H[bx, 1], 0.0_f16)'],
    [
      'A[bx][0] = Math.max(s, 0) + Math.min(s, 1, c > 0 ? 2.0 : 3.0)',
      'A[bx, 0] = max(s, 0.0) + min(min(s, 1.0), select(c > 0, 2.0, 3.0))',
    ],
    [
      'A[bx][0] = Math.sqrt(s) + Math.abs(s) + Math.exp(s) + Math.tanh(s) + Math.floor(s) + Math.round(s) + Math.pow(s, 2)',
      'A[bx, 0] = sqrt(s) + abs(s) + exp(s) + tanh(s) + floor(s) + round(s) + pow(s, 2.0)',
    ],
    ['A[bx][0] = Math.sqrt(16) + Math.PI', 'A[bx, 0] = 7.141592653589793'],
    ['I[bx] = Math.abs(c) + Math.max(c, 3) + Math.floor(c)', 'I[bx] = abs(c) + max(c, 3) + c'],
    [
      'A[bx][0] = T.rsqrt(s) + T.exp2(s) + T.sigmoid(s) + T.erf(s) + T.fma(s, 2, 1) + T.clamp(s, 0, 1)',
      'A[bx, 0] = rsqrt(s) + exp2(s) + sigmoid(s) + erf(s) + fma(s, 2.0, 1.0) + clamp(s, 0.0, 1.0)',
    ],
    [
      'I[bx] = T.popcount(c) + T.clz(c) + T.clamp(c, 0, 7) + T.sign(c)',
      'I[bx] = popcount(c) + clz(c) + min(max(c, 0), 7) + sign(c)',
    ],
    ['P[bx] = T.isNaN(s) || T.isInf(s) || T.isFinite(s)', 'P[bx] = isnan(s) || isinf(s) || isfinite(s)'],
    ['I[bx] = T.bitcast(i32, s)', 'I[bx] = bitcast.i32(s)'],
    [
      "U[bx] = T.inlinePtx(u32, 'brev.b32 $0, $1;', [U[bx]], { fallback: 0 })",
      'U[bx] = ptx.u32("brev.b32 $0, $1;", U[bx]; 0_u32)',
    ],
    ['A[bx][0] = T.infinity', 'A[bx, 0] = inf'],
    ['A[bx][0] = -T.infinity', 'A[bx, 0] = -inf'],
    ['A[bx][0] = true ? 1 : s', 'A[bx, 0] = 1.0'],
    ['A[bx][0] = 5 > 3 && s > 0 ? 1 : 2', 'A[bx, 0] = select(s > 0.0, 1.0, 2.0)'],
    [
      'if (A.dtype === f32) A[bx][0] = A.shape[1]; I[bx] = A.shape[0]',
      `
        A[bx, 0] = 64.0
        I[bx] = n
      `,
    ],
    ['A[bx][0] = c > 0 ? 1 : c < 0 ? 2 : 3', 'A[bx, 0] = select(c > 0, 1.0, select(c < 0, 2.0, 3.0))'],
    ['A[bx][0] = s * (c > 0 ? 1 : -1)', 'A[bx, 0] = s * select(c > 0, 1.0, -1.0)'],
    ['L[bx] = c > 0 ? 1 : 2', 'L[bx] = select(c > 0, 1_i64, 2_i64)'],
    [
      'const k = c > 0 ? 1 : 2; I[bx] = k',
      `
        let k: i32 = select(c > 0, 1, 2)
        I[bx] = k
      `,
    ],
    [
      'const y = A[bx][0] * 2; H[bx][0] = y',
      `
        let y: f32 = A[bx, 0] * 2.0
        H[bx, 0] = f16(y)
      `,
    ],
    [
      'const q = Array.from({ length: 3 }, (_, i) => s * i); A[bx][0] = q.slice(1).at(-1)',
      `
        let q_0: f32 = s * 0.0
        let q_2: f32 = s * 2.0
        A[bx, 0] = q_2
      `,
    ],
    [
      'for (const [i, t] of [A, B].entries()) t[bx][i] = 1',
      `
        A[bx, 0] = 1.0
        B[bx, 1] = 1.0
      `,
    ],
    ['P[bx] = c > 0 ? true : s > 0', 'P[bx] = select(c > 0, true, s > 0.0)'],
  ]);
});

describe('control', () => {
  cases([
    [
      'if (s > 0) A[bx][0] = 1; else A[bx][0] = 2',
      `
        if s > 0.0 {
          A[bx, 0] = 1.0
        } else {
          A[bx, 0] = 2.0
        }
      `,
    ],
    [
      'if (s > 0) { A[bx][0] = 1 } else if (s < -1) A[bx][1] = 1; else { A[bx][2] = 1 }',
      `
        if s > 0.0 {
          A[bx, 0] = 1.0
        } else if s < -1.0 {
          A[bx, 1] = 1.0
        } else {
          A[bx, 2] = 1.0
        }
      `,
    ],
    ['if (64 > 3) A[bx][0] = 1; else A[bx][0] = s / I[0]', 'A[bx, 0] = 1.0'],
    [
      'for (const i of T.serial(1, c, 2)) A[bx][i] = f32(i)',
      `
        for i in serial(1, c, 2) {
          A[bx, i] = f32(i)
        }
      `,
    ],
    [
      'for (const i of T.serial(L[0])) I[bx] = i32(i)',
      `
        for i in serial(0_i64, L[0], 1_i64) {
          I[bx] = i32(i)
        }
      `,
    ],
    [
      'for (const i of T.unroll(4)) { const at = i * 2 + 1; A[bx][at] = 1 }',
      `
        for i in unroll(0, 4, 1) {
          A[bx, i * 2 + 1] = 1.0
        }
      `,
    ],
    [
      'for (const i of T.unroll(4)) { const at = i * c; A[bx][at] = 1 }',
      `
        for i in unroll(0, 4, 1) {
          A[bx, i * c] = 1.0
        }
      `,
    ],
    [
      'for (const i of T.Persistent(n)) A[i][0] = 1',
      `
        for i in persistent(0, n, 1) {
          A[i, 0] = 1.0
        }
      `,
    ],
    [
      'for (const i of T.Pipelined(c)) A[bx][i] = 1',
      `
        for i in pipelined(0, c, 1) stages(2) {
          A[bx, i] = 1.0
        }
      `,
    ],
    [
      'for (const i of T.Pipelined(1, c, { numStages: 3 })) A[bx][i] = 1',
      `
        for i in pipelined(1, c, 1) stages(3) {
          A[bx, i] = 1.0
        }
      `,
    ],
    [
      'for (const [i, j] of T.Parallel(8, 64)) { const x = B[i][j] * 2; if (x > 0) A[i][j] = x }',
      `
        parallel (i, j) in (8, 64) {
          let x: f32 = B[i, j] * 2.0
          if x > 0.0 {
            A[i, j] = x
          }
        }
      `,
    ],
    [
      'for (const [i] of T.Parallel(64)) { const at = bx * 4 + i; A[at][0] = 1; const p = at < n; if (p) I[at] = 3 }',
      `
        parallel (i) in (64) {
          A[bx * 4 + i, 0] = 1.0
          if bx * 4 + i < n {
            I[bx * 4 + i] = 3
          }
        }
      `,
    ],
    [
      'for (const [i] of T.Parallel(64)) { let x: f32 = 0; for (const k of T.serial(64)) x += B[i][k]; A[i][0] = x }',
      `
        parallel (i) in (64) {
          var x: f32 = 0.0
          for k in serial(0, 64, 1) {
            x = x + B[i, k]
          }
          A[i, 0] = x
        }
      `,
    ],
    [
      'for (const [i] of T.Parallel(64)) for (const k of T.serial(64)) { if (B[i][k] < 0) break; A[i][k] = 1 }',
      `
        parallel (i) in (64) {
          for k in serial(0, 64, 1) {
            if B[i, k] < 0.0 {
              break
            }
            A[i, k] = 1.0
          }
        }
      `,
    ],
    [
      'for (const ij of T.Parallel(4, 4)) A[ij[0]][ij[1]] = 1',
      `
        parallel (ij_0, ij_1) in (4, 4) {
          A[ij_0, ij_1] = 1.0
        }
      `,
    ],
    [
      'for (const x of [1, 2, 4]) A[bx][x] = x',
      `
        A[bx, 1] = 1.0
        A[bx, 2] = 2.0
        A[bx, 4] = 4.0
      `,
    ],
    [
      'for (const [i, x] of [7, 8].entries()) A[bx][i] = x',
      `
        A[bx, 0] = 7.0
        A[bx, 1] = 8.0
      `,
    ],
    [
      'for (const t of [A, B]) t[bx][0] = 1',
      `
        A[bx, 0] = 1.0
        B[bx, 0] = 1.0
      `,
    ],
    [
      'for (let i = 0; i < 3; i++) A[bx][i] = i',
      `
        A[bx, 0] = 0.0
        A[bx, 1] = 1.0
        A[bx, 2] = 2.0
      `,
    ],
    [
      'for (let i = 4; i > 0; i >>= 1) A[bx][i] = 1',
      `
        A[bx, 4] = 1.0
        A[bx, 2] = 1.0
        A[bx, 1] = 1.0
      `,
    ],
    [
      'for (let i = 0; i < c; i++) A[bx][i] = 1',
      `
        for i in serial(0, c, 1) {
          A[bx, i] = 1.0
        }
      `,
    ],
    [
      'for (let i = c; i <= 9; i += 2) A[bx][i] = 1',
      `
        for i in serial(c, 10, 2) {
          A[bx, i] = 1.0
        }
      `,
    ],
    ['for (const x of [1, 2, 3]) { if (x === 2) continue; if (x === 3) break; A[bx][x] = 1 }', 'A[bx, 1] = 1.0'],
    [
      'let i: i32 = 0; while (i < c) { i += 1; if (A[bx][i] > 0) break; if (A[bx][i] < 0) continue; A[bx][i] = 1 }',
      `
        var i: i32 = 0
        while i < c {
          i = i + 1
          if A[bx, i] > 0.0 {
            break
          }
          if A[bx, i] < 0.0 {
            continue
          }
          A[bx, i] = 1.0
        }
      `,
    ],
    [
      'let i = 0; while (i < 3) { A[bx][i] = i; i++ }',
      `
        A[bx, 0] = 0.0
        A[bx, 1] = 1.0
        A[bx, 2] = 2.0
      `,
    ],
    [
      'let x: f32 = 1; while (true) { x *= 2; if (x > s) break } A[bx][0] = x',
      `
        var x: f32 = 1.0
        while true {
          x = x * 2.0
          if x > s {
            break
          }
        }
        A[bx, 0] = x
      `,
    ],
    [
      'if (s > 0) return; A[bx][0] = 1',
      `
        if s > 0.0 {
          return
        }
        A[bx, 0] = 1.0
      `,
    ],
    ['A[bx][0] = 1; return; A[bx][1] = 1', 'A[bx, 0] = 1.0'],
    [
      'function f(x: number) { return x * x } A[bx][0] = f(s + 1)',
      `
        let x: f32 = s + 1.0
        A[bx, 0] = x * x
      `,
    ],
    ['const f = (x: number, y = 2) => x + y; A[bx][0] = f(s) + f(s, s)', 'A[bx, 0] = s + 2.0 + (s + s)'],
    [
      'const xs = [1, 2, 3].map((i) => s * i); A[bx][0] = xs[0] + xs[2]',
      `
        let xs_1: f32 = s * 2.0
        let xs_2: f32 = s * 3.0
        A[bx, 0] = s + xs_2
      `,
    ],
    [
      'const total = [s, s + 1].reduce((a, b) => a + b); A[bx][0] = total',
      `
        let b: f32 = s + 1.0
        let total: f32 = s + b
        A[bx, 0] = total
      `,
    ],
    [
      'A[bx][0] = c > 0 && A[bx][1] > 0 ? ((x: number) => x * x)(A[bx][2]) : 0',
      'A[bx, 0] = select(c > 0 && A[bx, 1] > 0.0, A[bx, 2] * A[bx, 2], 0.0)',
    ],
    ['type X = number; const x: X = 1; A[bx][0] = x', 'A[bx, 0] = 1.0'],
    ['T.print(`c {} of $' + '{8 * 8}`, c)', 'print "c {} of 64", c'],
    [
      'let a = A, b = B; [1, 2].forEach(() => { const t = a; a = b; b = t; a[bx][0] = 1 })',
      `
        B[bx, 0] = 1.0
        A[bx, 0] = 1.0
      `,
    ],
    ['if (64 % 16 !== 0) throw new Error("no"); A[bx][0] = 1', 'A[bx, 0] = 1.0'],
    [
      'T.assert(64 % 2 === 0, "even"); T.assert(c > 0); T.assert(c < n, "small"); T.print("c {} s {}", c, s)',
      `
        assert c > 0, "c > 0"
        assert c < n, "small"
        print "c {} s {}", c, s
      `,
    ],
  ]);
});

describe('tiles', () => {
  cases([
    [
      'const S = T.shared(f32, [8, 64]); T.copy(A.tile([bx * 8, 0], [8, 64]), S); T.copy(S, B.tile([bx * 8, 0], [8, 64]))',
      `
        copy A[bx * 8, 0; 8, 64] -> S
        copy S -> B[bx * 8, 0; 8, 64]
      `,
    ],
    [
      'const S = T.shared(f32, [64]); T.copy(A.tile([bx, 0], [64]), S); T.copy(S, A[bx])',
      `
        copy A[bx, 0; 1, 64] -> S
        copy S -> A[bx, 0; 1, 64]
      `,
    ],
    [
      'const S = T.shared(f32, [2, 64]); T.copy(A[bx], S[0]); T.fill(S[1], s); T.clear(S.tile([0, 8], [1, 8]))',
      `
        copy A[bx, 0; 1, 64] -> S[0, 0; 1, 64]
        fill s -> S[1, 0; 1, 64]
        fill 0.0 -> S[0, 8; 1, 8]
      `,
    ],
    [
      'const a = T.shared(f16, [64, 32]), b = T.shared(f16, [32, 64]); const C = T.fragment(f32, [64, 64]); T.clear(a); T.clear(b); T.gemm(a, b, C, { clear: true }); T.gemm(b, a, C, { transposeA: true, transposeB: true })',
      `
        fill 0.0_f16 -> a
        fill 0.0_f16 -> b
        gemm a, b -> C clear
        gemm transpose(b), transpose(a) -> C
      `,
    ],
    [
      'const F = T.fragment(f32, [8, 64]), r = T.fragment(f32, [8]); T.clear(F); T.reduceSum(F, r, { dim: 1 }); T.reduceMax(F, r, { dim: 1, clear: false }); T.reduceMin(F, r, { dim: 1 }); T.reduceAbsMax(F, r, { dim: 1 })',
      `
        fill 0.0 -> F
        reduce sum F -> r dim(1) clear
        reduce max F -> r dim(1)
        reduce min F -> r dim(1) clear
        reduce absmax F -> r dim(1) clear
      `,
    ],
    [
      'const F = T.fragment(f32, [8, 64]), r = T.fragment(f32, [64]); T.clear(F); T.reduceSum(F.tile([3, 0], [64]), r.tile([2], [1]), { dim: 0 }); T.reduceSum(F, r, { dim: 0 })',
      `
        fill 0.0 -> F
        reduce sum F[3, 0; 1, 64] -> r[2; 1] dim(1) clear
        reduce sum F -> r dim(0) clear
      `,
    ],
    [
      'const F = T.fragment(f32, [8, 64]); T.clear(F); T.cumsum(F, F, { dim: 1, reverse: true })',
      `
        fill 0.0 -> F
        cumsum F -> F dim(1) reverse
      `,
    ],
    [
      'T.atomicAdd(A[bx][0], s); T.atomicMax(I[bx], c); T.atomicMin(U[bx], 3)',
      `
        atomic add s -> A[bx, 0]
        atomic max c -> I[bx]
        atomic min 3_u32 -> U[bx]
      `,
    ],
    [
      'const t = T.local(f32, [4]); T.clear(t); t[c] = s; A[bx][0] = t[0]',
      `
        fill 0.0 -> t
        t[c] = s
        A[bx, 0] = t[0]
      `,
    ],
    [
      'const bufs = [0, 1].map(() => T.shared(f32, [64])); T.copy(A[bx], bufs[0]); T.copy(bufs[0], bufs[1])',
      `
        copy A[bx, 0; 1, 64] -> tile
        copy tile -> tile_1
      `,
    ],
    [
      'const all = [T.shared(f32, [64]), T.shared(f32, [64])]; const o = { q: T.shared(f32, [64]) }; for (const t of [...all, o.q]) T.clear(t)',
      `
        fill 0.0 -> all_0
        fill 0.0 -> all_1
        fill 0.0 -> q
      `,
    ],
    [
      'const load = (i: number) => { const t = T.shared(f32, [64]); T.copy(A[i], t); return t }; for (const t of [load(0), load(1)].map((t) => t)) T.copy(t, B[bx])',
      `
        copy A[0, 0; 1, 64] -> t
        copy A[1, 0; 1, 64] -> t_1
        copy t -> B[bx, 0; 1, 64]
        copy t_1 -> B[bx, 0; 1, 64]
      `,
    ],
    [
      'let x: i32 = 0; const row = A[x], box = B.tile([x, 0], [64]); x = 1; row[0] = 1; T.clear(box)',
      `
        var x: i32 = 0
        let row_row: i32 = x
        let box_at: i32 = x
        x = 1
        A[row_row, 0] = 1.0
        fill 0.0 -> B[box_at, 0; 1, 64]
      `,
    ],
    ['const S = T.shared(A.dtype, [...[8], 64]); T.clear(S)', 'fill 0.0 -> S'],
    [
      'const opts = { dim: 1, clear: true }; const F = T.fragment(f32, [8, 64]), r = T.fragment(f32, [8]); T.clear(F); T.reduceSum(F, r, opts)',
      `
        fill 0.0 -> F
        reduce sum F -> r dim(1) clear
      `,
    ],
  ]);
});
