/** Whole kernels as Tile IR text, at sizes that are no multiples of the tiles, against f64 references. */
import { describe, expect, test } from 'vitest';
import { compileJs } from '../../../src/codegen/js/index.ts';
import { convert } from '../../../src/dsl/convert.ts';
import { uniform, worst } from './data.ts';
import { parse, run } from './run.ts';

test('vector add', () => {
  const text = `kernel add(A: f32[n], B: f16[n], C: bf16[n]) dims(n) grid(b: ceildiv(n, 128)) threads(128) {
    parallel (i) in (128) {
      let at: i32 = b * 128 + i
      if at < n { C[at] = bf16(A[at] + f32(B[at])) }
    } }`;
  for (const n of [0, 1, 127, 300]) {
    const [a, b] = [uniform('f32', n, 1), uniform('f16', n, 2)];
    const { C } = run(text, {
      tensors: { A: { shape: [n], data: a }, B: { shape: [n], data: b }, C: { shape: [n] } },
      dims: { n },
    });
    expect(C).toEqual(a.map((x, i) => convert(Math.fround(x + b[i]!), 'bf16')));
  }
});

const MATMUL = `kernel matmul(A: f32[M, K], B: f32[K, N], C: f32[M, N]) dims(M, N, K)
  grid(bx: ceildiv(N, 64), by: ceildiv(M, 64)) threads(128)
  shared a: f32[64, 32]
  shared b: f32[32, 64]
  fragment acc: f32[64, 64] {
    fill 0.0 -> acc
    for k in pipelined(0, ceildiv(K, 32), 1) stages(2) {
      copy A[by * 64, k * 32; 64, 32] -> a
      copy B[k * 32, bx * 64; 32, 64] -> b
      gemm a, b -> acc
    }
    copy acc -> C[by * 64, bx * 64; 64, 64]
  }`;

test('a product of ragged matrices', () => {
  const [M, N, K] = [70, 45, 83];
  const [a, b] = [uniform('f32', M * K, 3), uniform('f32', K * N, 4)];
  const tensors = { A: { shape: [M, K], data: a }, B: { shape: [K, N], data: b }, C: { shape: [M, N] } };
  const { C } = run(MATMUL, { tensors, dims: { M, N, K } });
  const want = Array.from({ length: M * N }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += a[Math.floor(at / N) * K + k]! * b[k * N + (at % N)]!;
    return sum;
  });
  expect(worst(C!, want)).toBeLessThan(2e-6);
});

test('a product of 512³ in f32 takes less than two seconds, checks on', () => {
  const n = 512;
  const make = (seed: number): Float32Array => Float32Array.from(uniform('f32', n * n, seed));
  const tensors = { A: make(5), B: make(6), C: new Float32Array(n * n) };
  const program = compileJs(parse(MATMUL));
  const start = performance.now();
  program.run({ tensors, shapes: { A: [n, n], B: [n, n], C: [n, n] }, scalars: {}, dims: { M: n, N: n, K: n } });
  expect(performance.now() - start).toBeLessThan(2000);
  const at = 300 * n + 77;
  let want = 0;
  for (let k = 0; k < n; k++) want += tensors.A[300 * n + k]! * tensors.B[k * n + 77]!;
  expect(Math.abs(tensors.C[at]! - want)).toBeLessThan(1e-4);
});

test('softmax over rows of any length', () => {
  const text = `kernel softmax(X: f16[M, N], Y: f16[M, N]) dims(M, N) grid(b: ceildiv(M, 4)) threads(128)
    fragment x: f32[4, 64]
    fragment top: f32[4]
    fragment sum: f32[4]
    fragment part: f32[4] {
      fill -inf -> top
      for c in serial(ceildiv(N, 64)) {
        parallel (i, j) in (4, 64) {
          x[i, j] = -inf
          if b * 4 + i < M && c * 64 + j < N { x[i, j] = f32(X[b * 4 + i, c * 64 + j]) }
        }
        reduce max x -> top dim(1)
      }
      fill 0.0 -> sum
      for c2 in serial(ceildiv(N, 64)) {
        parallel (i2, j2) in (4, 64) {
          x[i2, j2] = select(b * 4 + i2 < M && c2 * 64 + j2 < N, exp(f32(X[b * 4 + i2, c2 * 64 + j2]) - top[i2]), 0.0)
        }
        reduce sum x -> part dim(1) clear
        parallel (i3) in (4) { sum[i3] = sum[i3] + part[i3] }
      }
      for c3 in serial(ceildiv(N, 64)) {
        parallel (i4, j4) in (4, 64) {
          if b * 4 + i4 < M && c3 * 64 + j4 < N {
            Y[b * 4 + i4, c3 * 64 + j4] = f16(exp(f32(X[b * 4 + i4, c3 * 64 + j4]) - top[i4]) / sum[i4])
          }
        }
      }
    }`;
  const [M, N] = [7, 150];
  const x = uniform('f16', M * N, 7, 5);
  const { Y } = run(text, { tensors: { X: { shape: [M, N], data: x }, Y: { shape: [M, N] } }, dims: { M, N } });
  const want = Array.from({ length: M }, (_, m) => {
    const row = x.slice(m * N, (m + 1) * N);
    const top = Math.max(...row);
    const sum = row.reduce((s, v) => s + Math.exp(v - top), 0);
    return row.map((v) => Math.exp(v - top) / sum);
  }).flat();
  expect(worst(Y!, want)).toBeLessThan(5e-4);
});

describe('attention over a paged f8 cache', () => {
  const [D, BM, BN, PAGE] = [32, 16, 16, 8];
  const text = `kernel attend(Q: f16[m, ${D}], Pages: f8e4m3[p * ${PAGE}, ${D}], VPages: f8e4m3[p * ${PAGE}, ${D}], Table: i32[t], Scale: f32[1], O: f16[m, ${D}], len: i32)
    dims(m, p, t) grid(b: ceildiv(m, ${BM})) threads(128)
    shared q: f16[${BM}, ${D}]
    shared k8: f8e4m3[${BN}, ${D}]
    shared k: f16[${BN}, ${D}]
    shared v: f16[${BN}, ${D}]
    fragment s: f32[${BM}, ${BN}]
    fragment w: f16[${BM}, ${BN}]
    fragment acc: f32[${BM}, ${D}]
    fragment top: f32[${BM}]
    fragment old: f32[${BM}]
    fragment sum: f32[${BM}]
    fragment part: f32[${BM}] {
      copy Q[b * ${BM}, 0; ${BM}, ${D}] -> q
      fill 0.0 -> acc
      fill 0.0 -> sum
      fill -1e30 -> top
      let scale: f32 = Scale[0]
      for j in pipelined(0, ceildiv(len, ${BN}), 1) stages(2) {
        for h in serial(${BN / PAGE}) {
          let page: i32 = min(j * ${BN / PAGE} + h, t - 1)
          copy Pages[Table[page] * ${PAGE}, 0; ${PAGE}, ${D}] -> k8[h * ${PAGE}, 0; ${PAGE}, ${D}]
          parallel (r, c) in (${PAGE}, ${D}) {
            v[h * ${PAGE} + r, c] = f16(f32(VPages[Table[page] * ${PAGE} + r, c]) * scale)
          }
        }
        parallel (r2, c2) in (${BN}, ${D}) { k[r2, c2] = f16(f32(k8[r2, c2]) * scale) }
        gemm q, transpose(k) -> s clear
        parallel (x, y) in (${BM}, ${BN}) { s[x, y] = select(j * ${BN} + y < len, s[x, y] * ${1 / Math.sqrt(D)}, -inf) }
        copy top -> old
        reduce max s -> top dim(1)
        parallel (x2, y2) in (${BM}, ${BN}) { s[x2, y2] = exp(s[x2, y2] - top[x2]) }
        reduce sum s -> part dim(1) clear
        parallel (x3) in (${BM}) { sum[x3] = sum[x3] * exp(old[x3] - top[x3]) + part[x3] }
        parallel (x4, c4) in (${BM}, ${D}) { acc[x4, c4] = acc[x4, c4] * exp(old[x4] - top[x4]) }
        copy s -> w
        gemm w, v -> acc
      }
      parallel (x5, c5) in (${BM}, ${D}) { acc[x5, c5] = acc[x5, c5] / sum[x5] }
      copy acc -> O[b * ${BM}, 0; ${BM}, ${D}]
    }`;

  test.each([
    [1, 1],
    [21, 37],
    [16, 64],
  ])('%i queries, %i keys', (m, len) => {
    const pages = Math.ceil(len / PAGE);
    const p = 2 * pages;
    const table = Array.from({ length: pages }, (_, i) => (i * 2 + 1) % p);
    const scale = 0.02;
    const q = uniform('f16', m * D, 8, 2);
    const kPages = uniform('f8e4m3', p * PAGE * D, 9, 100);
    const vPages = uniform('f8e4m3', p * PAGE * D, 10, 100);
    const { O } = run(text, {
      tensors: {
        Q: { shape: [m, D], data: q },
        Pages: { shape: [p * PAGE, D], data: kPages },
        VPages: { shape: [p * PAGE, D], data: vPages },
        Table: { shape: [pages], data: table },
        Scale: { shape: [1], data: [scale] },
        O: { shape: [m, D] },
      },
      dims: { m, p, t: pages },
      scalars: { len },
    });
    const row = (data: readonly number[], i: number): number[] => {
      const at = (table[Math.floor(i / PAGE)]! * PAGE + (i % PAGE)) * D;
      return data.slice(at, at + D).map((x) => Number(convert(Math.fround(x * Math.fround(scale)), 'f16')));
    };
    const want = Array.from({ length: m }, (_, x) => {
      const scores = Array.from(
        { length: len },
        (_, i) => row(kPages, i).reduce((s, y, d) => s + y * q[x * D + d]!, 0) / Math.sqrt(D),
      );
      const top = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - top));
      const sum = weights.reduce((a, b) => a + b, 0);
      return Array.from(
        { length: D },
        (_, d) => weights.reduce((s, weight, i) => s + weight * row(vPages, i)[d]!, 0) / sum,
      );
    }).flat();
    expect(worst(O!, want)).toBeLessThan(2e-3);
  });
});
