/** Programs around GEMMs against sums in f64. */
import { bf16, f16, f32, f64, i8, i32, u8 } from 'tilec';
import { describe, it } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { expectClose } from '../reference/compare.ts';
import { activate, gemm } from '../reference/layers.ts';
import { roundTo } from '../reference/numbers.ts';
import { normals, type Random, random } from '../reference/random.ts';
import { type ConvolutionShape, convolution, outputSize } from './kernels/convolution.ts';
import { gatedFeedForward } from './kernels/feedForward.ts';
import { doubleGemm, groupedGemm, persistentGemm } from './kernels/gemms.ts';
import { int4Gemm, int4GemmShifted, int8Gemm } from './kernels/quantizedGemm.ts';
import { splitK, splitKHalf } from './kernels/splitK.ts';
import { tensorsOn } from './tensors.ts';

/** Operands of size 1, so that sums of K products are about √K; one rounding of them to f16. */
const HALF = { atol: 2e-3, rtol: 2 ** -10 };

const integers = (r: Random, n: number, low: number, high: number): Float64Array =>
  Float64Array.from({ length: n }, () => r.integer(low, high));

/** y: [images · OH · OW, F]. */
function convolved(shape: ConvolutionShape, images: number, x: Float64Array, weight: Float64Array): Float64Array {
  const { H, W, C, F, K, stride, padding } = shape;
  const [OH, OW] = outputSize(shape);
  const y = new Float64Array(images * OH * OW * F);
  for (let at = 0; at < images * OH * OW; at++) {
    const image = Math.floor(at / (OH * OW));
    const top = (Math.floor(at / OW) % OH) * stride - padding;
    const left = (at % OW) * stride - padding;
    for (let k = 0; k < K * K; k++) {
      const h = top + Math.floor(k / K);
      const w = left + (k % K);
      if (h < 0 || w < 0 || h >= H || w >= W) continue;
      for (let c = 0; c < C; c++)
        for (let f = 0; f < F; f++)
          y[at * F + f]! += x[((image * H + h) * W + w) * C + c]! * weight[(k * C + c) * F + f]!;
    }
  }
  return y;
}

/** The [n, K] weights of w: [n, K / 2] bytes, times their scales. */
function unpacked(w: Float64Array, K: number, scaleOf: (row: number, k: number) => number): Float64Array {
  return Float64Array.from({ length: 2 * w.length }, (_, at) => {
    const byte = w[at >> 1]!;
    const nibble = (at % 2 === 1 ? byte >> 4 : byte & 15) - 8;
    return roundTo('f16', nibble * scaleOf(Math.floor(at / K), at % K));
  });
}

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);
  const r = random(21);

  it('convolution with a stride and padding', async () => {
    const shape = { H: 9, W: 11, C: 16, F: 48, K: 3, stride: 2, padding: 1 };
    const [OH, OW] = outputSize(shape);
    const x = normals(r, 2 * 9 * 11 * 16, 'f16');
    const weight = normals(r, 9 * 16 * 48, 'f16');
    const y = await make.poisoned(f16, [2 * OH * OW, 48]);
    await convolution(shape)({
      x: await make.of(f16, [2, 9, 11, 16], x),
      weight: await make.of(f16, [9 * 16, 48], weight),
      y,
    });
    expectClose(await y.toFloat64Array(), convolved(shape, 2, x, weight), HALF);
  });

  it('int4 weights with scales by groups', async () => {
    const [m, n, k, G] = [37, 70, 256, 64];
    const a = normals(r, m * k, 'f16');
    const w = integers(r, (n * k) / 2, 0, 255);
    const scale = normals(r, (n * k) / G, 'f16', 0.1);
    const c = await make.poisoned(f16, [m, n]);
    await int4Gemm({ K: k, G })({
      a: await make.of(f16, [m, k], a),
      w: await make.of(u8, [n, k / 2], w),
      scale: await make.of(f16, [n, k / G], scale),
      c,
    });
    const b = unpacked(w, k, (row, at) => scale[row * (k / G) + Math.floor(at / G)]!);
    expectClose(await c.toFloat64Array(), gemm({ m, n, k, a, b, transposeB: true }), HALF);
  });

  it('int4 weights, shifted out of their bytes', async () => {
    const [m, n, k] = [37, 70, 256];
    const a = normals(r, m * k, 'f16', 0.1);
    const w = integers(r, (n * k) / 2, 0, 255);
    const c = await make.poisoned(f16, [m, n]);
    await int4GemmShifted({ K: k })({ a: await make.of(f16, [m, k], a), w: await make.of(u8, [n, k / 2], w), c });
    const b = unpacked(w, k, () => 1);
    expectClose(await c.toFloat64Array(), gemm({ m, n, k, a, b, transposeB: true }), HALF);
  });

  it('int8, summed exactly', async () => {
    const [m, n, k] = [70, 33, 100];
    const a = integers(r, m * k, -128, 127);
    const b = integers(r, n * k, -128, 127);
    const rowScale = normals(r, m, 'f32');
    const columnScale = normals(r, n, 'f32');
    const c = await make.poisoned(f32, [m, n]);
    await int8Gemm()({
      a: await make.of(i8, [m, k], a),
      b: await make.of(i8, [n, k], b),
      rowScale: await make.of(f32, [m], rowScale),
      columnScale: await make.of(f32, [n], columnScale),
      c,
    });
    const want = gemm({ m, n, k, a, b, transposeB: true }).map((sum, i) =>
      Math.fround(Math.fround(sum * rowScale[Math.floor(i / n)]!) * columnScale[i % n]!),
    );
    expectClose(await c.toFloat64Array(), want, { atol: 0, rtol: 0 });
  });

  it('split K, added up in f32', async () => {
    const [m, n, k] = [70, 100, 300];
    const a = normals(r, m * k, 'bf16');
    const b = normals(r, k * n, 'bf16');
    const before = normals(r, m * n, 'f32');
    const c = await make.of(f32, [m, n], before);
    await splitK()({ a: await make.of(bf16, [m, k], a), b: await make.of(bf16, [k, n], b), c });
    const want = gemm({ m, n, k, a, b }).map((sum, i) => before[i]! + sum);
    expectClose(await c.toFloat64Array(), want, { atol: 1e-4, rtol: 1e-5 });
  });

  it('split K, added up in f16', async () => {
    const [m, n, k] = [70, 66, 100];
    const a = normals(r, m * k, 'f16');
    const b = normals(r, k * n, 'f16');
    const c = await make.full(f16, [m, n], 0);
    await splitKHalf()({ a: await make.of(f16, [m, k], a), b: await make.of(f16, [k, n], b), c });
    // Each half is rounded, and so is their sum: all below 64.
    expectClose(await c.toFloat64Array(), gemm({ m, n, k, a, b }), { atol: 0.04, rtol: 2 ** -10 });
  });

  it('persistent blocks', async () => {
    const [m, n, k] = [330, 150, 70];
    const a = normals(r, m * k, 'f16');
    const b = normals(r, k * n, 'f16');
    const c = await make.poisoned(f16, [m, n]);
    await persistentGemm()({ a: await make.of(f16, [m, k], a), b: await make.of(f16, [k, n], b), c });
    expectClose(await c.toFloat64Array(), gemm({ m, n, k, a, b }), HALF);
  });

  it.each(['silu', 'gelu'] as const)('gated feed-forward, %s', async (activation) => {
    const [m, n, k] = [100, 90, 60];
    const x = normals(r, m * k, 'bf16');
    const gate = normals(r, k * n, 'bf16', 0.25);
    const up = normals(r, k * n, 'bf16', 0.25);
    const h = await make.poisoned(bf16, [m, n]);
    await gatedFeedForward({ activation })({
      x: await make.of(bf16, [m, k], x),
      gate: await make.of(bf16, [k, n], gate),
      up: await make.of(bf16, [k, n], up),
      h,
    });
    const ups = gemm({ m, n, k, a: x, b: up });
    const want = gemm({ m, n, k, a: x, b: gate }).map((v, i) => activate(activation, v) * ups[i]!);
    expectClose(await h.toFloat64Array(), want, { atol: 1e-4, rtol: 2 ** -8 });
  });

  it('groups of rows, one of them empty', async () => {
    const start = [0, 10, 10, 110, 150];
    const [experts, total, n, k, tiles] = [4, 150, 176, 112, 6];
    const a = normals(r, total * k, 'f16');
    const w = normals(r, experts * n * k, 'f16');
    const c = await make.poisoned(f16, [total, n]);
    await groupedGemm({ N: n, K: k })({
      a: await make.of(f16, [total, k], a),
      w: await make.of(f16, [experts, n, k], w),
      start: await make.of(i32, [experts + 1], start),
      tiles: await make.full(i32, [tiles], 0),
      c,
    });
    const want = new Float64Array(total * n);
    for (let e = 0; e < experts; e++) {
      const [from, to] = [start[e]!, start[e + 1]!];
      const rows = a.subarray(from * k, to * k);
      const b = w.subarray(e * n * k, (e + 1) * n * k);
      want.set(gemm({ m: to - from, n, k, a: rows, b, transposeB: true }), from * n);
    }
    expectClose(await c.toFloat64Array(), want, HALF);
  });

  it('f64', async () => {
    const [m, n, k] = [50, 60, 70];
    const a = normals(r, m * k, 'f64');
    const b = normals(r, k * n, 'f64');
    const c = await make.poisoned(f64, [m, n]);
    await doubleGemm()({ a: await make.of(f64, [m, k], a), b: await make.of(f64, [k, n], b), c });
    expectClose(await c.toFloat64Array(), gemm({ m, n, k, a, b }), { atol: 1e-13, rtol: 1e-13 });
  });
});
