/**
 * Lesson 7: dtypes. A matrix is quantised to 8-bit floats with a scale for each row, and brought back.
 *
 * A dtype is a type, a value and a conversion at once: `x: f32`, `tensor(f32, …)`, `f32(x)`. Conversions to floats round to the
 * nearest, ties to even. f8e4m3 and f8e5m2 have no room to spare: what is too large becomes their largest number.
 */
import { bf16, dim, f8e4m3, f32, kernel, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

// The host has the same conversions, to the same bits.
console.log(`f8e4m3: 0.3 → ${f8e4m3(0.3)}, 1000 → ${f8e4m3(1000)}, 1e-4 → ${f8e4m3(1e-4)}`);

const LARGEST = 448;
const rows = dim('rows');

/** codes = x / scale in f8e4m3, scale = max |x| / 448 of each row. x, codes: [rows, n]; scale: [rows]. */
export function quantize({ n = 96, BM = 8 } = {}) {
  return kernel(
    { x: tensor(bf16, [rows, n]), codes: tensor(f8e4m3, [rows, n]), scale: tensor(f32, [rows]) },
    ({ x, codes, scale }) => {
      const [block] = T.grid([T.ceilDiv(rows, BM)], { threads: 128 });
      const tile = T.fragment(bf16, [BM, n]);
      const q = T.fragment(f8e4m3, [BM, n]);
      const scales = T.fragment(f32, [BM]);
      T.copy(x.tile([block * BM, 0], [BM, n]), tile);
      T.reduceAbsMax(tile, scales, { dim: 1 });
      // A row of zeros has a scale of 1, not of 0: 0 / 0 is NaN.
      for (const [m] of T.Parallel(BM)) scales[m] = T.select(scales[m] > 0, scales[m] / LARGEST, 1);
      // Two dtypes meet only where one says how: bf16 / f32 is an error, in the editor already. Nothing narrows by itself
      // but the result of arithmetic on the way into a tile.
      for (const [m, i] of T.Parallel(BM, n)) q[m][i] = f8e4m3(f32(tile[m][i]) / scales[m]);
      T.copy(q, codes.tile([block * BM, 0], [BM, n]));
      T.copy(scales, scale.tile([block * BM], [BM]));
    },
  );
}

/** out = codes · scale, rounded to bf16. */
export function dequantize({ n = 96, BM = 8 } = {}) {
  return kernel(
    { codes: tensor(f8e4m3, [rows, n]), scale: tensor(f32, [rows]), out: tensor(bf16, [rows, n]) },
    ({ codes, scale, out }) => {
      const [block] = T.grid([T.ceilDiv(rows, BM)], { threads: 128 });
      const q = T.fragment(f8e4m3, [BM, n]);
      const wide = T.fragment(f32, [BM, n]);
      const scales = T.fragment(f32, [BM]);
      // A copy converts, where its two sides differ in dtype.
      T.copy(codes.tile([block * BM, 0], [BM, n]), q);
      T.copy(q, wide);
      T.copy(scale.tile([block * BM], [BM]), scales);
      for (const [m, i] of T.Parallel(BM, n)) wide[m][i] *= scales[m];
      T.copy(wide, out.tile([block * BM, 0], [BM, n]));
    },
  );
}

const [height, n] = [21, 96];
const x = await Tensor.random([height, n], bf16, { low: -5, high: 5 }).to(device);
const codes = Tensor.full([height, n], Number.NaN, f8e4m3, { device });
const scale = Tensor.full([height], Number.NaN, f32, { device });
const back = Tensor.full([height, n], Number.NaN, bf16, { device });
await quantize()({ x, codes, scale });
await dequantize()({ codes, scale, out: back });

const values = await x.toFloat64Array();
const scales = Float64Array.from({ length: height }, (_, r) =>
  Math.fround(values.subarray(r * n, (r + 1) * n).reduce((m, v) => Math.max(m, Math.abs(v)), 0) / LARGEST),
);
await check('scales', scale, scales);
// Not nearly, but exactly: the division is rounded to f32 first, on the device as here.
await check(
  'codes',
  codes,
  values.map((v, i) => f8e4m3(Math.fround(v / scales[Math.floor(i / n)]!))),
);
// e4m3 keeps 4 bits of a number: a relative error of at most 1/16, and bf16 adds 1/256.
await check('there and back', back, values, { rtol: 1 / 16 + 1 / 256, atol: 1e-3 });
