/** One layer of a Llama-class model: its sizes, random weights, and the hidden states that it is fed. */
import { bf16, type DTypeValue, f16 } from 'tilec';

export interface LayerConfig {
  /** Elements of a token's hidden state. */
  readonly hidden: number;
  readonly heads: number;
  /** Divides `heads`. */
  readonly headsKv: number;
  /** Elements of a head. */
  readonly dim: number;
  /** Elements between gate and down projection. */
  readonly ffn: number;
  /** Tokens of a page of the cache. */
  readonly pageSize: number;
  readonly dtype: 'f16' | 'bf16';
  readonly eps: number;
  readonly ropeBase: number;
  /** Of the FP8 cache: it can hold ±448 × the scale. A server takes them from a calibration run. */
  readonly kScale: number;
  readonly vScale: number;
}

const shared = { dtype: 'bf16', eps: 1e-5, ropeBase: 10000, kScale: 0.02, vScale: 0.015 } as const;
/** For the CPU: a second or two. */
export const SMALL: LayerConfig = { ...shared, hidden: 256, heads: 8, headsKv: 2, dim: 32, ffn: 512, pageSize: 16 };
/** For a GPU. Most of the time goes to the reference, on the CPU. */
export const LARGE: LayerConfig = { ...shared, hidden: 1024, heads: 16, headsKv: 4, dim: 64, ffn: 2816, pageSize: 64 };

export const DTYPES: { readonly f16: DTypeValue<'f16'>; readonly bf16: DTypeValue<'bf16'> } = { f16, bf16 };

export type Values = Float64Array<ArrayBuffer>;

/** Matrices are [out, in], as those of a linear layer are stored: y = x · wᵀ. Values are exact in the dtype. */
export interface Weights {
  /** [hidden], before attention. */
  readonly attentionNorm: Values;
  /** [heads · dim, hidden] */
  readonly wq: Values;
  /** [headsKv · dim, hidden] */
  readonly wk: Values;
  readonly wv: Values;
  /** [hidden, heads · dim] */
  readonly wo: Values;
  /** [hidden], before the feed-forward part. */
  readonly ffnNorm: Values;
  /** [2 · ffn, hidden]: gate, then up. */
  readonly wGateUp: Values;
  /** [hidden, ffn] */
  readonly wDown: Values;
  /** [hidden]: where the next layer would begin. */
  readonly nextNorm: Values;
}

/** Shapes of the weights, by name. */
export function weightShapes(c: LayerConfig): { readonly [N in keyof Weights]: readonly number[] } {
  const [q, kv] = [c.heads * c.dim, c.headsKv * c.dim];
  return {
    attentionNorm: [c.hidden],
    wq: [q, c.hidden],
    wk: [kv, c.hidden],
    wv: [kv, c.hidden],
    wo: [c.hidden, q],
    ffnNorm: [c.hidden],
    wGateUp: [2 * c.ffn, c.hidden],
    wDown: [c.hidden, c.ffn],
    nextNorm: [c.hidden],
  };
}

/** Normal numbers, the same for the same seed (mulberry32, Box and Muller). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Matrices whose products keep the size of what goes in, norms near 1. */
export function randomWeights(c: LayerConfig, seed = 1): Weights {
  const normal = normals(seed);
  const round = DTYPES[c.dtype];
  const make = (shape: readonly number[]): Values => {
    const [rows, columns] = shape as [number, number | undefined];
    if (columns === undefined) return Float64Array.from({ length: rows }, () => round(1 + 0.1 * normal()));
    return Float64Array.from({ length: rows * columns }, () => round(normal() / Math.sqrt(columns)));
  };
  const made = Object.entries(weightShapes(c)).map(([name, shape]) => [name, make(shape)] as const);
  return Object.fromEntries(made) as unknown as Weights;
}

/** Hidden states of `tokens` tokens, [tokens, hidden]. There is no vocabulary here: what would be generated is given. */
export function randomStates(c: LayerConfig, tokens: number, seed: number): Values {
  const normal = normals(seed);
  const round = DTYPES[c.dtype];
  return Float64Array.from({ length: tokens * c.hidden }, () => round(normal()));
}

/** cos and sin of position · base^(−2 i / dim), f32 [positions, dim / 2]. */
export function rotaryTables(
  c: LayerConfig,
  positions: number,
): { readonly cos: Float32Array<ArrayBuffer>; readonly sin: Float32Array<ArrayBuffer> } {
  const half = c.dim / 2;
  const angle = (n: number): number => Math.floor(n / half) * c.ropeBase ** ((-2 * (n % half)) / c.dim);
  const table = (f: (x: number) => number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: positions * half }, (_, n) => f(angle(n)));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
