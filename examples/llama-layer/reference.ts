/**
 * The layer over a whole sequence at once, in 64-bit floating point: no pages, no chunks, no batches. It rounds where the
 * operators hand on tensors of 16 bits, and takes what comes from the cache through FP8 as the cache does; in between nothing is rounded.
 */
import { decodeE4m3, encodeE4m3 } from '../quickstart/e4m3.ts';
import { DTYPES, type LayerConfig, rotaryTables, type Weights } from './model.ts';

type Round = (x: number) => number;

/** x [rows, n] · wᵀ, w [m, n]. */
function multiply(x: Float64Array, w: Float64Array, n: number, round: Round): Float64Array {
  const rows = x.length / n;
  const m = w.length / n;
  const out = new Float64Array(rows * m);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += x[r * n + j]! * w[i * n + j]!;
      out[r * m + i] = round(sum);
    }
  return out;
}

function rmsNorm(x: Float64Array, weight: Float64Array, eps: number, round: Round): Float64Array {
  const n = weight.length;
  const out = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += n) {
    let square = 0;
    for (let i = 0; i < n; i++) square += x[r + i]! ** 2;
    const scale = 1 / Math.sqrt(square / n + eps);
    for (let i = 0; i < n; i++) out[r + i] = round(x[r + i]! * scale * weight[i]!);
  }
  return out;
}

/** Each head of token t turned to position t: element i with element i + dim / 2. */
function rotate(x: Float64Array, heads: number, c: LayerConfig, round: Round): Float64Array {
  const half = c.dim / 2;
  const tokens = x.length / (heads * c.dim);
  const { cos, sin } = rotaryTables(c, tokens);
  const out = x.slice();
  for (let t = 0; t < tokens; t++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < half; i++) {
        const at = (t * heads + h) * c.dim + i;
        const [low, high] = [x[at]!, x[at + half]!];
        const [cosine, sine] = [cos[t * half + i]!, sin[t * half + i]!];
        out[at] = round(low * cosine - high * sine);
        out[at + half] = round(high * cosine + low * sine);
      }
  return out;
}

/** What comes out of an FP8 cache with this scale: the division in f32, to nearest even, ±448 at most; the product in 16 bits. */
export const throughCache = (x: number, scale: number, round: Round): number =>
  round(Math.fround(decodeE4m3(encodeE4m3(Math.fround(x) / Math.fround(scale))) * Math.fround(scale)));

/** Token t attends to tokens 0 … t, of which the first `fromCache[t]` have been through the cache. */
function attention(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  fromCache: readonly number[],
  c: LayerConfig,
  o: ReferenceOptions,
  round: Round,
): Float64Array {
  const { heads, headsKv, dim } = c;
  const through = o.through ?? throughCache;
  const kCached = k.map((x) => through(x, c.kScale, round));
  const vCached = v.map((x) => through(x, c.vScale, round));
  const out = new Float64Array(q.length);
  fromCache.forEach((cached, t) => {
    for (let h = 0; h < heads; h++) {
      const query = (t * heads + h) * dim;
      const row = (j: number): number => (j * headsKv + Math.floor(h / (heads / headsKv))) * dim;
      const scores = Float64Array.from({ length: t + 1 }, (_, j) => {
        const keys = j < cached ? kCached : k;
        let sum = 0;
        for (let d = 0; d < dim; d++) sum += q[query + d]! * keys[row(j) + d]!;
        return sum / Math.sqrt(dim);
      });
      const largest = scores.reduce((a, b) => Math.max(a, b));
      const weights = scores.map((s) => Math.exp(s - largest));
      const total = weights.reduce((a, b) => a + b);
      for (let d = 0; d < dim; d++) {
        let sum = 0;
        for (let j = 0; j <= t; j++) sum += weights[j]! * (j < cached ? vCached : v)[row(j) + d]!;
        out[query + d] = round(sum / total);
      }
    }
  });
  return out;
}

export interface ReferenceOptions {
  /** In place of `throughCache`. */
  readonly through?: (x: number, scale: number, round: Round) => number;
}

/** Hidden states [tokens, hidden] of one request through the layer. */
export function wholeSequence(
  c: LayerConfig,
  w: Weights,
  states: Float64Array,
  fromCache: readonly number[],
  o: ReferenceOptions = {},
): Float64Array {
  const { hidden, heads, headsKv, dim, ffn, eps } = c;
  const round: Round = DTYPES[c.dtype];
  const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => round(x + b[i]!));
  const normed = rmsNorm(states, w.attentionNorm, eps, round);
  const q = rotate(multiply(normed, w.wq, hidden, round), heads, c, round);
  const k = rotate(multiply(normed, w.wk, hidden, round), headsKv, c, round);
  const v = multiply(normed, w.wv, hidden, round);
  const attended = attention(q, k, v, fromCache, c, o, round);
  const middle = add(multiply(attended, w.wo, heads * dim, round), states);
  const gateUp = multiply(rmsNorm(middle, w.ffnNorm, eps, round), w.wGateUp, hidden, round);
  const activated = new Float64Array(gateUp.length / 2);
  for (let i = 0; i < activated.length; i++) {
    const at = Math.floor(i / ffn) * 2 * ffn + (i % ffn);
    const gate = gateUp[at]!;
    activated[i] = round((gate / (1 + Math.exp(-gate))) * gateUp[at + ffn]!);
  }
  return add(multiply(activated, w.wDown, ffn, round), middle);
}
