/** Kernels in TypeScript, through the frontend: results, and failures at the lines of this file. */
import { dim, f8e4m3, f16, f32, i32, type KernelDef, kernel, macro, scalar, T, type Tile, tensor } from 'tilec';
import { describe, expect, test } from 'vitest';
import { KernelRuntimeError } from '../../../src/codegen/js/index.ts';
import { buildKernel } from '../../../src/frontend/index.ts';
import { flashAttention } from '../../types/flash.ts';
import { uniform, worst } from './data.ts';
import { type Call, run } from './run.ts';

const launch = (k: { readonly def: KernelDef }, call: Call, options?: { checks: boolean }) =>
  run(buildKernel(k.def), call, options);

test('vector add', () => {
  const n = dim('n');
  const add = kernel({ A: tensor(f32, [n]), B: tensor(f32, [n]), C: tensor(f32, [n]) }, ({ A, B, C }) => {
    const [bx] = T.grid([T.ceilDiv(n, 128)], { threads: 128 });
    for (const [i] of T.Parallel(128)) {
      const at = bx * 128 + i;
      if (at < n) C[at] = A[at] + B[at];
    }
  });
  const [a, b] = [uniform('f32', 200, 1), uniform('f32', 200, 2)];
  const { C } = launch(add, {
    tensors: { A: { shape: [200], data: a }, B: { shape: [200], data: b }, C: { shape: [200] } },
    dims: { n: 200 },
  });
  expect(C).toEqual(a.map((x, i) => Math.fround(x + b[i]!)));
});

test.each([
  [true, 48],
  [true, 37],
  [false, 32],
])('flash attention, causal: %s, %i tokens', (causal, S) => {
  const heads = 2;
  const k = flashAttention({ heads, causal, BM: 32, BN: 16 });
  const shape = [1, heads, S, 128];
  const length = heads * S * 128;
  const [Q, K, V] = [11, 12, 13].map((seed) => uniform('f16', length, seed));
  const tensors = { Q: { shape, data: Q! }, K: { shape, data: K! }, V: { shape, data: V! }, O: { shape } };
  const { O } = launch(k, { tensors, dims: { batch: 1, seq: S } });
  const want: number[] = [];
  for (let h = 0; h < heads; h++)
    for (let m = 0; m < S; m++) {
      const at = (x: readonly number[], i: number, d: number): number => x[(h * S + i) * 128 + d]!;
      const seen = causal ? m + 1 : S;
      const scores = Array.from({ length: seen }, (_, n) => {
        let s = 0;
        for (let d = 0; d < 128; d++) s += at(Q!, m, d) * at(K!, n, d);
        return s / Math.sqrt(128);
      });
      const top = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - top));
      const sum = weights.reduce((a, b) => a + b, 0);
      for (let d = 0; d < 128; d++) want.push(weights.reduce((s, w, n) => s + w * at(V!, n, d), 0) / sum);
    }
  expect(worst(O!, want)).toBeLessThan(2e-3);
});

test('an f8 cache is written with exact bytes: true division, clamped', () => {
  const n = dim('n');
  const quantize = kernel({ X: tensor(f16, [n]), Y: tensor(f8e4m3, [n]), scale: scalar(f32) }, ({ X, Y, scale }) => {
    const [b] = T.grid([T.ceilDiv(n, 64)], { threads: 64 });
    for (const [i] of T.Parallel(64)) {
      const at = b * 64 + i;
      if (at < n) Y[at] = f8e4m3(T.clamp(f32(X[at]!) / scale, -448, 448));
    }
  });
  const x = [...uniform('f16', 90, 14, 20), NaN, Infinity, -0];
  const { Y } = launch(quantize, {
    tensors: { X: { shape: [93], data: x }, Y: { shape: [93] } },
    dims: { n: 93 },
    scalars: { scale: 0.02 },
  });
  const scale = Math.fround(0.02);
  expect(Y).toEqual(x.map((v) => f8e4m3(Math.min(Math.max(Math.fround(v / scale), -448), 448))));
});

describe('failures show the kernel as it stands in this file', () => {
  const n = dim('n');
  const fails = (k: { readonly def: KernelDef }, call: Call): KernelRuntimeError => {
    try {
      launch(k, call, { checks: true });
    } catch (e) {
      if (e instanceof KernelRuntimeError) return e;
      throw e;
    }
    throw new Error('it ran');
  };

  test('out of bounds', () => {
    const shift = kernel({ X: tensor(f32, [n]), Y: tensor(f32, [n]) }, ({ X, Y }) => {
      T.grid([1], { threads: 32 });
      for (const [i] of T.Parallel(32)) Y[i] = X[i + 1]!; // off by one
    });
    const e = fails(shift, {
      tensors: { X: { shape: [32], data: uniform('f32', 32, 1) }, Y: { shape: [32] } },
      dims: { n: 32 },
    });
    expect(e.diagnostic.span.file).toBe(import.meta.filename);
    expect(e.message).toMatch(/TL0901: `X` is read outside its bounds: index 32 of dimension 0, which has 32 elements/);
    expect(e.message).toMatch(/> \d+ \| .*Y\[i\] = X\[i \+ 1\]!; \/\/ off by one/);
    expect(e.message).toMatch(/\|\s+\^\^\^\^\^\^\^\^/);
  });

  test('a race that depends on data, inside a macro', () => {
    const scatter = macro((X: Tile<'i32', 1>, Y: Tile<'i32', 1>, i: i32) => {
      Y[X[i]!] = i; // who wins?
    });
    const racy = kernel({ X: tensor(i32, [n]), Y: tensor(i32, [n]) }, ({ X, Y }) => {
      T.grid([1], { threads: 32 });
      for (const [i] of T.Parallel(8)) scatter(X, Y, i);
    });
    const e = fails(racy, {
      tensors: { X: { shape: [8], data: [0, 1, 2, 3, 4, 5, 2, 7] }, Y: { shape: [8] } },
      dims: { n: 8 },
    });
    expect(e.message).toContain('two iterations of T.Parallel write `Y[2]`: i = 2 and i = 6');
    expect(e.message).toMatch(/> \d+ \| .*Y\[X\[i\]!\] = i; \/\/ who wins\?/);
    expect(e.message).toMatch(/> \d+ \| .*scatter\(X, Y, i\)/);
  });

  test('an assertion', () => {
    const checked = kernel({ X: tensor(f32, [n]) }, ({ X }) => {
      const [b] = T.grid([n], { threads: 32 });
      T.assert(X[b]! > 0, 'positive numbers only');
    });
    const e = fails(checked, { tensors: { X: { shape: [3], data: [1, 2, -3] } }, dims: { n: 3 } });
    expect(e.message).toMatch(/TL0906: assertion failed: positive numbers only \(block \(2\)\)/);
    expect(e.message).toMatch(/> \d+ \| .*T\.assert\(X\[b\]! > 0/);
  });
});
