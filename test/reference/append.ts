/** What the cache holds after a chunk is appended. */
import { decodeE4m3, encodeE4m3, roundTo } from './numbers.ts';
import { type PagedInputs, slotOf } from './paged.ts';
import { rotate } from './rope.ts';

/** One element as the cache stores it: e4m3(clamp(f32(x) / f32(scale), ±448)) with the division rounded to f32. */
export function stored(x: number, scale: number, cacheDtype: PagedInputs['cacheDtype']): number {
  if (cacheDtype !== 'f8e4m3') return roundTo(cacheDtype, x);
  return decodeE4m3(encodeE4m3(Math.fround(x) / Math.fround(scale)));
}

/** kNew as it is used: rotated to its absolute positions if there is RoPE, else itself. */
export function positionedK(p: PagedInputs): Float64Array {
  return p.rope ? rotateChunk(p, p.kNew, p.headsKv, p.rope) : p.kNew;
}
/** q as it is used. */
export function positionedQ(p: PagedInputs): Float64Array {
  return p.rope ? rotateChunk(p, p.q, p.heads, p.rope) : p.q;
}

function rotateChunk(
  p: PagedInputs,
  x: Float64Array,
  heads: number,
  tables: NonNullable<PagedInputs['rope']>,
): Float64Array {
  const out = x.slice();
  for (let b = 0; b < p.batch; b++)
    for (let t = p.cuSeqlensQ[b]!; t < p.cuSeqlensQ[b + 1]!; t++)
      for (let h = 0; h < heads; h++)
        rotate(out, (t * heads + h) * p.dim, p.cacheSeqlens[b]! + t - p.cuSeqlensQ[b]!, tables, p.dtype);
  return out;
}

/** The pages after the append, as stored values (before the scale); new arrays. */
export function appendPagedKv(p: PagedInputs): { readonly kPages: Float64Array; readonly vPages: Float64Array } {
  const kPages = p.kPages.slice();
  const vPages = p.vPages.slice();
  const k = positionedK(p);
  const row = p.headsKv * p.dim;
  for (let b = 0; b < p.batch; b++) {
    const start = p.cuSeqlensQ[b]!;
    for (let t = start; t < p.cuSeqlensQ[b + 1]!; t++) {
      const slot = slotOf(p.blockTable, p.maxPagesPerReq, p.pageSize, b, p.cacheSeqlens[b]! + t - start);
      for (let e = 0; e < row; e++) {
        kPages[slot * row + e] = stored(k[t * row + e]!, p.kScale, p.cacheDtype);
        vPages[slot * row + e] = stored(p.vNew[t * row + e]!, p.vScale, p.cacheDtype);
      }
    }
  }
  return { kPages, vPages };
}
