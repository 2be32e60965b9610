/** Random inputs of a workload, as the entry's fills describe them: the same numbers for the same seed. */
import { evaluate } from './rules/evaluate.ts';
import { ruleOf } from './rules/lookup.ts';
import type { ResolvedTensor, ResolvedWorkload } from './workload.ts';

/** Values of one tensor; floats are not yet rounded to its dtype. */
export type Values = Float32Array | Int32Array;

export interface RandomInput extends ResolvedTensor {
  readonly values: Values;
}

/** Distinct random numbers of a large tensor: drawing more costs seconds and changes nothing for a benchmark. */
const DISTINCT = 2 ** 20;

/** What outputs hold beforehand: any element that is not written shows. */
export const POISON = NaN;

export function randomInputs(w: ResolvedWorkload, seed = 1): readonly RandomInput[] {
  const uniform = mulberry32(seed);
  return w.tensors.map((t) => ({ ...t, values: fill(t, w, uniform) }));
}

function fill(t: ResolvedTensor, w: ResolvedWorkload, uniform: () => number): Values {
  const n = t.shape.reduce((a, b) => a * b, 1);
  const f = t.entry.fill;
  switch (f.kind) {
    case 'normal':
      return normals(n, f.scale ?? 1, uniform);
    case 'poison':
      return new Float32Array(n).fill(POISON);
    case 'constant':
      return new Float32Array(n).fill(f.value);
    case 'rotary': {
      const half = t.shape[1]!;
      const of = Math[f.of];
      return Float32Array.from({ length: n }, (_, i) => of(Math.floor(i / half) * 10000 ** (-(i % half) / half)));
    }
    case 'index': {
      const below = Number(evaluate(ruleOf(f.below), w.env));
      return Int32Array.from({ length: n }, () => Math.floor(uniform() * below));
    }
    case 'list':
      return Int32Array.from(listOf(w, f.list));
    case 'prefixSums': {
      const list = listOf(w, f.list);
      const sums = new Int32Array(n);
      for (let b = 0; b < n - 1; b++) sums[b + 1] = sums[b]! + list[b]!;
      return sums;
    }
    case 'pages':
      return pages(t, w, f.tokens, uniform);
  }
}

const listOf = (w: ResolvedWorkload, name: string): ArrayLike<number> => w.env[name] as unknown as ArrayLike<number>;

function pages(t: ResolvedTensor, w: ResolvedWorkload, tokens: string, uniform: () => number): Int32Array {
  const [batch, columns] = t.shape as [number, number];
  const free = Int32Array.from({ length: Number(w.env.numPages) }, (_, i) => i);
  for (let i = free.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [free[i], free[j]] = [free[j]!, free[i]!];
  }
  const table = new Int32Array(batch * columns);
  let next = 0;
  for (let b = 0; b < batch; b++) {
    const held = Math.ceil(Number(evaluate(ruleOf(tokens), { ...w.env, b })) / Number(w.env.pageSize));
    for (let p = 0; p < held; p++) table[b * columns + p] = free[next++]!;
  }
  return table;
}

function normals(n: number, scale: number, uniform: () => number): Float32Array {
  const out = new Float32Array(n);
  const drawn = Math.min(n, DISTINCT);
  for (let i = 0; i < drawn; i++)
    out[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) * scale;
  // Each repetition starts one element later, so that no row or head equals another.
  for (let at = drawn, shift = 1; at < n; shift++) {
    const length = Math.min(drawn - shift, n - at);
    out.copyWithin(at, shift, shift + length);
    at += length;
  }
  return out;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
