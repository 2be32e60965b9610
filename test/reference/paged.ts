/** The inputs of the operators over a paged cache, as plain numbers, and makers of random ones. */
import { roundTo } from './numbers.ts';
import { normals, type Random, random } from './random.ts';
import { type RopeTables, randomRopeTables } from './rope.ts';

export interface PagedShape {
  readonly heads: number;
  readonly headsKv: number;
  readonly dim: number;
  readonly pageSize: number;
  readonly dtype: 'f16' | 'bf16';
  readonly cacheDtype: 'f16' | 'bf16' | 'f8e4m3';
}

/** All that paged attention and the append read. Values are exact in their dtypes; cache values are *before* the scale. */
export interface PagedInputs extends PagedShape {
  readonly batch: number;
  readonly totalQ: number;
  readonly numPages: number;
  readonly maxPagesPerReq: number;
  /** [totalQ, heads, dim] */
  readonly q: Float64Array;
  /** [totalQ, headsKv, dim] */
  readonly kNew: Float64Array;
  readonly vNew: Float64Array;
  /** [numPages * pageSize, headsKv, dim]: what the pages hold before the call. */
  readonly kPages: Float64Array;
  readonly vPages: Float64Array;
  /** 1 for a 16-bit cache. */
  readonly kScale: number;
  readonly vScale: number;
  /** [batch + 1] */
  readonly cuSeqlensQ: Int32Array;
  /** [batch] */
  readonly cacheSeqlens: Int32Array;
  /** [batch, maxPagesPerReq] */
  readonly blockTable: Int32Array;
  readonly rope?: RopeTables;
}

export type PageOrder = 'interleaved' | 'shuffled' | 'sequential';

export interface PagedOptions extends PagedShape {
  /** New and old tokens of each request. */
  readonly newLens: readonly number[];
  readonly oldLens: readonly number[];
  /** Physical pages: even ones then odd ones (default), shuffled, or in order. */
  readonly order?: PageOrder;
  /** The first so many whole old pages of request 0 are those of every request that has them. */
  readonly sharedPages?: number;
  /** Pages that nobody uses. Default 3. */
  readonly sparePages?: number;
  /** Entries of `blockTable` beyond a request's pages. Default: 1 extra column, filled with −1. */
  readonly spareColumns?: number;
  readonly rotaryDim?: number;
  /** Rows of the tables. Default: as many as the longest request needs. */
  readonly maxPosition?: number;
  readonly seed?: number;
}

/**
 * Random inputs. Data for an FP8 cache is × 0.5 with scales 0.02 (K) and 0.025 (V); a 16-bit cache has scales of 1. Slots
 * of the cache that hold no token are filled with large finite values, so that whoever reads them fails.
 */
export function pagedInputs(o: PagedOptions): PagedInputs {
  const r = random(o.seed ?? 1);
  const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = o;
  const batch = o.newLens.length;
  const cuSeqlensQ = new Int32Array(batch + 1);
  for (let b = 0; b < batch; b++) cuSeqlensQ[b + 1] = cuSeqlensQ[b]! + o.newLens[b]!;
  const totalQ = cuSeqlensQ[batch]!;
  const cacheSeqlens = Int32Array.from(o.oldLens);

  const pagesOf = (b: number): number => Math.ceil((o.newLens[b]! + o.oldLens[b]!) / pageSize);
  const sharedBy = (b: number): number =>
    b === 0
      ? 0
      : Math.min(o.sharedPages ?? 0, Math.floor(o.oldLens[0]! / pageSize), Math.floor(o.oldLens[b]! / pageSize));
  let needed = 0;
  for (let b = 0; b < batch; b++) needed += pagesOf(b) - sharedBy(b);
  const numPages = Math.max(1, needed + (o.sparePages ?? 3));
  const free = physicalPages(r, numPages, o.order ?? 'interleaved');
  const longest = Math.max(0, ...o.newLens.map((_, b) => pagesOf(b)));
  const maxPagesPerReq = Math.max(1, longest + (o.spareColumns ?? 1));
  const blockTable = new Int32Array(batch * maxPagesPerReq).fill(-1);
  let next = 0;
  for (let b = 0; b < batch; b++)
    for (let p = 0; p < pagesOf(b); p++)
      blockTable[b * maxPagesPerReq + p] = p < sharedBy(b) ? blockTable[p]! : free[next++]!;

  const fp8 = cacheDtype === 'f8e4m3';
  const data = fp8 ? 0.5 : 1;
  const kScale = fp8 ? Math.fround(0.02) : 1;
  const vScale = fp8 ? Math.fround(0.025) : 1;
  const cache = (scale: number): Float64Array => {
    const row = headsKv * dim;
    const pages = new Float64Array(numPages * pageSize * row).fill(roundTo(cacheDtype, fp8 ? 416 : 3e4));
    for (let b = 0; b < batch; b++)
      for (let i = 0; i < o.oldLens[b]!; i++) {
        const slot = slotOf(blockTable, maxPagesPerReq, pageSize, b, i);
        for (let e = 0; e < row; e++) pages[slot * row + e] = roundTo(cacheDtype, (r.normal() * data) / scale);
      }
    return pages;
  };
  const kPages = cache(kScale);
  const vPages = cache(vScale);
  const positions = o.maxPosition ?? Math.max(1, ...o.newLens.map((n, b) => n + o.oldLens[b]!));
  return {
    heads,
    headsKv,
    dim,
    pageSize,
    dtype,
    cacheDtype,
    batch,
    totalQ,
    numPages,
    maxPagesPerReq,
    q: normals(r, totalQ * heads * dim, dtype, data),
    kNew: normals(r, totalQ * headsKv * dim, dtype, data),
    vNew: normals(r, totalQ * headsKv * dim, dtype, data),
    kPages,
    vPages,
    kScale,
    vScale,
    cuSeqlensQ,
    cacheSeqlens,
    blockTable,
    rope: o.rotaryDim ? randomRopeTables(r, positions, o.rotaryDim) : undefined,
  };
}

/** The same, with another value in the slots of the cache that hold no token. */
export function withEmptySlots(p: PagedInputs, value: number): PagedInputs {
  const row = p.headsKv * p.dim;
  const held = new Set<number>();
  for (let b = 0; b < p.batch; b++)
    for (let i = 0; i < p.cacheSeqlens[b]!; i++) held.add(slotOf(p.blockTable, p.maxPagesPerReq, p.pageSize, b, i));
  const emptied = (pages: Float64Array): Float64Array =>
    pages.map((x, e) => (held.has(Math.floor(e / row)) ? x : value));
  return { ...p, kPages: emptied(p.kPages), vPages: emptied(p.vPages) };
}

function physicalPages(r: Random, n: number, order: PageOrder): Int32Array {
  const ids = Int32Array.from({ length: n }, (_, i) => i);
  switch (order) {
    case 'sequential':
      return ids;
    case 'shuffled':
      return r.shuffle(ids);
    case 'interleaved':
      return Int32Array.from([...ids.filter((i) => i % 2 === 0), ...ids.filter((i) => i % 2 === 1)]);
  }
}

/** The row of the pages that holds logical position `position` of request `b`. */
export function slotOf(
  blockTable: Int32Array,
  maxPagesPerReq: number,
  pageSize: number,
  b: number,
  position: number,
): number {
  const page = blockTable[b * maxPagesPerReq + Math.floor(position / pageSize)]!;
  return page * pageSize + (position % pageSize);
}
