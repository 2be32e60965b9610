/** The paged cache as kernels see it: what fixes it, and its tensors. */
import { bf16, type DTypeValue, dim, f8e4m3, f16, f32, i32, tensor } from 'tilec';

export interface PagedKvConfig {
  readonly headsKv: number;
  /** Elements of a head: a multiple of 16. */
  readonly dim: number;
  /** Tokens of a page: a power of two. */
  readonly pageSize: number;
  readonly dtype?: 'f16' | 'bf16';
  /** `dtype`, or f8e4m3 with one scale each for K and V. Default: dtype. */
  readonly cacheDtype?: 'f16' | 'bf16' | 'f8e4m3';
}

/** Scores of queries against it. */
export interface ScoreConfig {
  /** A multiple of `headsKv`. */
  readonly heads: number;
  /** Positive; default dim ** −0.5. */
  readonly smScale?: number;
  /** 0 (default): off. */
  readonly softcap?: number;
}

/** kPages, vPages [numPages * pageSize, headsKv, dim]; kScale, vScale [1]; cacheSeqlens [batch]; blockTable [batch, maxPagesPerReq]. */
export function pagedKv({ headsKv, dim: D, pageSize, ...config }: PagedKvConfig) {
  const dtype: DTypeValue<'f16' | 'bf16'> = config.dtype === 'bf16' ? bf16 : f16;
  const fp8 = config.cacheDtype === 'f8e4m3';
  const cacheDtype: DTypeValue<'f16' | 'bf16' | 'f8e4m3'> = fp8 ? f8e4m3 : dtype;
  const batch = dim('batch');
  const pages = tensor(cacheDtype, [dim('numPages').times(pageSize), headsKv, D]);
  const tensors = {
    kPages: pages,
    vPages: pages,
    ...(fp8 ? { kScale: tensor(f32, [1]), vScale: tensor(f32, [1]) } : {}),
    cacheSeqlens: tensor(i32, [batch]),
    blockTable: tensor(i32, [batch, dim('maxPagesPerReq')]),
  };
  return { dtype, fp8, batch, tensors };
}

/**
 * New tokens for it, packed by request: kNew, vNew [totalQ, headsKv, dim]; cuSeqlensQ [batch + 1]; with `rotaryDim` the
 * tables cos, sin [maxPosition, rotaryDim / 2].
 */
export function newTokens({ headsKv, dim: D, dtype, rotaryDim = 0 }: PagedKvConfig & { readonly rotaryDim?: number }) {
  const totalQ = dim('totalQ');
  const chunk = tensor(dtype === 'bf16' ? bf16 : f16, [totalQ, headsKv, D]);
  const table = () => tensor(f32, [dim('maxPosition'), rotaryDim / 2]);
  const tensors = {
    kNew: chunk,
    vNew: chunk,
    cuSeqlensQ: tensor(i32, [dim('batchPlus1')]),
    ...(rotaryDim > 0 ? { cos: table(), sin: table() } : {}),
  };
  return { totalQ, tensors };
}
