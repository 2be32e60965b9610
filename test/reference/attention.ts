/** Attention in f64 on plain numbers, written for clearness: every row gathers the keys it sees and takes one softmax. */
import { positionedK, positionedQ } from './append.ts';
import { roundTo } from './numbers.ts';
import { type PagedInputs, slotOf } from './paged.ts';

export interface AttentionOptions {
  /** Default true. */
  readonly isCausal?: boolean;
  /** Default dim ** −0.5. */
  readonly smScale?: number;
  /** 0 (default): off. Else scores become c · tanh(score / c), before the mask. */
  readonly softcap?: number;
}

interface Row {
  readonly q: Float64Array;
  readonly qOffset: number;
  /** [keys, headsKv, dim] */
  readonly k: Float64Array;
  readonly v: Float64Array;
  readonly headKv: number;
  readonly headsKv: number;
  readonly dim: number;
  /** The row sees keys 0 … visible − 1. */
  readonly visible: number;
  readonly smScale: number;
  readonly softcap: number;
}

/** One row of the output, written at `offset` of `out`; a row that sees nothing is 0. */
function attendRow(r: Row, out: Float64Array, offset: number): void {
  const scores = new Float64Array(Math.max(0, r.visible));
  let max = -Infinity;
  for (let j = 0; j < scores.length; j++) {
    const at = (j * r.headsKv + r.headKv) * r.dim;
    let s = 0;
    for (let d = 0; d < r.dim; d++) s += r.q[r.qOffset + d]! * r.k[at + d]!;
    s *= r.smScale;
    if (r.softcap > 0) s = r.softcap * Math.tanh(s / r.softcap);
    scores[j] = s;
    if (s > max) max = s;
  }
  out.fill(0, offset, offset + r.dim);
  let sum = 0;
  for (let j = 0; j < scores.length; j++) {
    const p = Math.exp(scores[j]! - max);
    sum += p;
    const at = (j * r.headsKv + r.headKv) * r.dim;
    for (let d = 0; d < r.dim; d++) out[offset + d]! += p * r.v[at + d]!;
  }
  if (scores.length > 0) for (let d = 0; d < r.dim; d++) out[offset + d]! /= sum;
}

/** Stored cache elements of request b as attention uses them: round_to_dtype(f32(x) · scale); [old, headsKv, dim]. */
function gatherOld(p: PagedInputs, pages: Float64Array, scale: number, b: number, length: number): Float64Array {
  const row = p.headsKv * p.dim;
  const out = new Float64Array(length * row);
  const fp8 = p.cacheDtype === 'f8e4m3';
  for (let i = 0; i < length; i++) {
    const slot = slotOf(p.blockTable, p.maxPagesPerReq, p.pageSize, b, i);
    for (let e = 0; e < row; e++) {
      const x = pages[slot * row + e]!;
      out[i * row + e] = fp8 ? roundTo(p.dtype, Math.fround(x * Math.fround(scale))) : x;
    }
  }
  return out;
}

const concat = (a: Float64Array, b: Float64Array): Float64Array => {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

/** GQA paged prefill: out [totalQ, heads, dim] in f64, not rounded. The pages are read as they were before the append. */
export function pagedPrefill(p: PagedInputs, o: AttentionOptions = {}): Float64Array {
  const { isCausal = true, smScale = p.dim ** -0.5, softcap = 0 } = o;
  const out = new Float64Array(p.totalQ * p.heads * p.dim);
  const q = positionedQ(p);
  const kNew = positionedK(p);
  const row = p.headsKv * p.dim;
  const group = p.heads / p.headsKv;
  for (let b = 0; b < p.batch; b++) {
    const start = p.cuSeqlensQ[b]!;
    const end = p.cuSeqlensQ[b + 1]!;
    if (start === end) continue;
    const old = p.cacheSeqlens[b]!;
    const k = concat(gatherOld(p, p.kPages, p.kScale, b, old), kNew.subarray(start * row, end * row));
    const v = concat(gatherOld(p, p.vPages, p.vScale, b, old), p.vNew.subarray(start * row, end * row));
    for (let t = start; t < end; t++)
      for (let h = 0; h < p.heads; h++) {
        const at = (t * p.heads + h) * p.dim;
        const visible = isCausal ? old + t - start + 1 : old + end - start;
        const headKv = Math.floor(h / group);
        attendRow({ q, qOffset: at, k, v, headKv, headsKv: p.headsKv, dim: p.dim, visible, smScale, softcap }, out, at);
      }
  }
  return out;
}

/** The inputs of a decode step: one query a request, over the `cacheSeqlens[b]` tokens of its cache. */
export type DecodeInputs = Omit<PagedInputs, 'kNew' | 'vNew' | 'cuSeqlensQ' | 'totalQ' | 'rope'>;

/** GQA paged decode: q [batch, heads, dim] → out [batch, heads, dim]; each query sees its request's whole cache. */
export function pagedDecode(p: DecodeInputs, o: Omit<AttentionOptions, 'isCausal'> = {}): Float64Array {
  const cuSeqlensQ = Int32Array.from({ length: p.batch + 1 }, (_, b) => b);
  const { smScale = p.dim ** -0.5, softcap = 0 } = o;
  const out = new Float64Array(p.batch * p.heads * p.dim);
  const none = new Float64Array(0);
  const inputs: PagedInputs = { ...p, kNew: none, vNew: none, cuSeqlensQ, totalQ: p.batch };
  for (let b = 0; b < p.batch; b++) {
    const visible = p.cacheSeqlens[b]!;
    const k = gatherOld(inputs, p.kPages, p.kScale, b, visible);
    const v = gatherOld(inputs, p.vPages, p.vScale, b, visible);
    for (let h = 0; h < p.heads; h++) {
      const at = (b * p.heads + h) * p.dim;
      const headKv = Math.floor((h * p.headsKv) / p.heads);
      attendRow(
        { q: p.q, qOffset: at, k, v, headKv, headsKv: p.headsKv, dim: p.dim, visible, smScale, softcap },
        out,
        at,
      );
    }
  }
  return out;
}

export interface DenseInputs {
  readonly batch: number;
  readonly heads: number;
  readonly headsKv: number;
  readonly seqQ: number;
  readonly seqKv: number;
  readonly dim: number;
  /** [batch, heads, seqQ, dim] */
  readonly q: Float64Array;
  /** [batch, headsKv, seqKv, dim] */
  readonly k: Float64Array;
  readonly v: Float64Array;
}

/** Dense GQA forward, head-major as the tensors are: out [batch, heads, seqQ, dim]. Causal is aligned bottom-right. */
export function denseAttention(p: DenseInputs, o: AttentionOptions = {}): Float64Array {
  const { isCausal = true, smScale = p.dim ** -0.5, softcap = 0 } = o;
  const out = new Float64Array(p.batch * p.heads * p.seqQ * p.dim);
  const group = p.heads / p.headsKv;
  for (let b = 0; b < p.batch; b++)
    for (let h = 0; h < p.heads; h++) {
      const plane = (b * p.headsKv + Math.floor(h / group)) * p.seqKv * p.dim;
      const k = p.k.subarray(plane, plane + p.seqKv * p.dim);
      const v = p.v.subarray(plane, plane + p.seqKv * p.dim);
      for (let i = 0; i < p.seqQ; i++) {
        const at = ((b * p.heads + h) * p.seqQ + i) * p.dim;
        const visible = isCausal ? p.seqKv - p.seqQ + i + 1 : p.seqKv;
        attendRow({ q: p.q, qOffset: at, k, v, headKv: 0, headsKv: 1, dim: p.dim, visible, smScale, softcap }, out, at);
      }
    }
  return out;
}
