/** The other operators in f64 on plain numbers. Rows are the leading dimension; nothing is rounded unless said. */
import { decodeE4m3, E4M3_MAX, encodeE4m3 } from './numbers.ts';

export type Activation = 'none' | 'relu' | 'gelu' | 'silu';

/** To about 1e-12. */
export const erf = (x: number): number => {
  // Abramowitz and Stegun's series and continued fraction, to f64 accuracy.
  const a = Math.abs(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 100; n++) {
      term *= -(a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let f = 0;
  for (let k = 80; k >= 1; k--) f = k / 2 / (a + f);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f)));
};

export function activate(kind: Activation, x: number): number {
  switch (kind) {
    case 'none':
      return x;
    case 'relu':
      return Math.max(x, 0);
    case 'gelu':
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'silu':
      return x / (1 + Math.exp(-x));
  }
}

export interface GemmInputs {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** [m, k], or [k, m] with transposeA. */
  readonly a: Float64Array;
  /** [k, n], or [n, k] with transposeB. */
  readonly b: Float64Array;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** [n] */
  readonly bias?: Float64Array;
  readonly activation?: Activation;
}

/** activation(op(a) · op(b) + bias): [m, n]. */
export function gemm(p: GemmInputs): Float64Array {
  const out = new Float64Array(p.m * p.n);
  const [aRow, aCol] = p.transposeA ? [1, p.m] : [p.k, 1];
  const [bRow, bCol] = p.transposeB ? [1, p.k] : [p.n, 1];
  for (let i = 0; i < p.m; i++)
    for (let j = 0; j < p.n; j++) {
      let sum = 0;
      for (let l = 0; l < p.k; l++) sum += p.a[i * aRow + l * aCol]! * p.b[l * bRow + j * bCol]!;
      out[i * p.n + j] = activate(p.activation ?? 'none', sum + (p.bias?.[j] ?? 0));
    }
  return out;
}

/** x / √(mean(x²) + eps) · weight, over rows of `n`. */
export function rmsNorm(x: Float64Array, weight: Float64Array, eps: number): Float64Array {
  const n = weight.length;
  const out = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += n) {
    let square = 0;
    for (let i = 0; i < n; i++) square += x[r + i]! ** 2;
    const scale = 1 / Math.sqrt(square / n + eps);
    for (let i = 0; i < n; i++) out[r + i] = x[r + i]! * scale * weight[i]!;
  }
  return out;
}

/** sum = x + residual (not rounded), out = rmsNorm(sum). */
export function addRmsNorm(
  x: Float64Array,
  residual: Float64Array,
  weight: Float64Array,
  eps: number,
): { readonly sum: Float64Array; readonly out: Float64Array } {
  const sum = x.map((v, i) => v + residual[i]!);
  return { sum, out: rmsNorm(sum, weight, eps) };
}

/** x [rows, 2 n] → silu(x[:, :n]) · x[:, n:]: [rows, n]. */
export function siluAndMul(x: Float64Array, n: number): Float64Array {
  const rows = x.length / (2 * n);
  const out = new Float64Array(rows * n);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < n; i++) out[r * n + i] = activate('silu', x[2 * r * n + i]!) * x[(2 * r + 1) * n + i]!;
  return out;
}

/** Softmax over rows of `n`. */
export function softmax(x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += n) {
    let max = -Infinity;
    for (let i = 0; i < n; i++) max = Math.max(max, x[r + i]!);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += out[r + i] = Math.exp(x[r + i]! - max);
    for (let i = 0; i < n; i++) out[r + i]! /= sum;
  }
  return out;
}

/**
 * FP8 quantisation with a scale for each run of `n` elements (one row, or the whole tensor): scale = f32(absmax / 448),
 * or 1 where all are zero, NaN left out; values are those stored, exactly: e4m3(f32(x / scale)).
 */
export function quantizeFp8(
  x: Float64Array,
  n: number,
): { readonly values: Float64Array; readonly scales: Float64Array } {
  const values = new Float64Array(x.length);
  const scales = new Float64Array(x.length / n);
  for (let r = 0; r < scales.length; r++) {
    let max = 0;
    for (let i = 0; i < n; i++) if (Math.abs(x[r * n + i]!) > max) max = Math.abs(x[r * n + i]!);
    const scale = max === 0 ? 1 : Math.fround(Math.fround(max) / E4M3_MAX);
    scales[r] = scale;
    for (let i = 0; i < n; i++) values[r * n + i] = decodeE4m3(encodeE4m3(Math.fround(x[r * n + i]!) / scale));
  }
  return { values, scales };
}
