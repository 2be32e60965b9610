/** The contents of a paged cache's small tensors: lengths, page tables, scales. All throw `OperatorError`. */
import * as msg from '../../diagnostics/messages/ops.ts';
import type { Contents } from '../contents.ts';
import { OperatorError } from '../error.ts';

export interface Cache {
  readonly operator: string;
  readonly batch: number;
  readonly numPages: number;
  readonly pageSize: number;
  readonly maxPagesPerReq: number;
}

/** Scales of an FP8 cache that are known: finite and positive. */
export function checkScales(operator: string, c: Contents): void {
  for (const name of ['kScale', 'vScale']) {
    const s = c[name]?.[0];
    if (s !== undefined && !(s > 0 && s < Infinity)) throw new OperatorError(operator, msg.badScale(name, s));
  }
}

/** Prefix sums from 0 to `total`. */
export function checkPrefixSums(operator: string, name: string, sums: ArrayLike<number>, total: number): void {
  if (sums[0] !== 0) throw new OperatorError(operator, msg.firstNotZero(name, sums[0]!));
  const last = sums.length - 1;
  for (let i = 0; i < last; i++)
    if (sums[i + 1]! < sums[i]!) throw new OperatorError(operator, msg.decreasing(name, i, sums[i]!, sums[i + 1]!));
  if (sums[last] !== total) throw new OperatorError(operator, msg.wrongTotal(name, last, total, sums[last]!));
}

/** Tokens before the call: none negative, and with the `added(b)` new ones within the pages of a request and the rotary tables. */
export function checkLengths(
  cache: Cache,
  lengths: ArrayLike<number>,
  added: (b: number) => number,
  maxPosition = Infinity,
): void {
  const capacity = cache.maxPagesPerReq * cache.pageSize;
  for (let b = 0; b < cache.batch; b++) {
    const old = lengths[b]!;
    const n = added(b);
    if (old < 0) throw new OperatorError(cache.operator, msg.negativeLength('cacheSeqlens', b, old));
    if (old + n > capacity)
      throw new OperatorError(cache.operator, msg.overCapacity('cacheSeqlens', b, old, n, capacity));
    if (n > 0 && old + n > maxPosition)
      throw new OperatorError(cache.operator, msg.overPositions('cacheSeqlens', b, old, n, maxPosition));
  }
}

/** Pages that the call uses are there: those of tokens 0 … used(b) − 1. */
export function checkPages(cache: Cache, table: ArrayLike<number>, used: (b: number) => number): void {
  const { batch, maxPagesPerReq: columns, numPages, pageSize } = cache;
  for (let b = 0; b < batch; b++) {
    const pages = Math.ceil(used(b) / pageSize);
    for (let p = 0; p < pages; p++) {
      const page = table[b * columns + p]!;
      if (!(page >= 0 && page < numPages))
        throw new OperatorError(cache.operator, msg.pageOutOfRange('blockTable', b, p, page, numPages));
    }
  }
}

interface Writer {
  readonly request: number;
  readonly index: number;
  /** The first row of the page that is written; all behind it count as written. */
  readonly row: number;
}

/**
 * No page is appended to by two requests, or by one in two places, and no old token that a request of the call holds lies
 * where another appends. Pages must be in range.
 */
export function checkWrites(
  cache: Cache,
  table: ArrayLike<number>,
  lengths: ArrayLike<number>,
  added: (b: number) => number,
): void {
  const { batch, maxPagesPerReq: columns, pageSize } = cache;
  const writers = new Map<number, Writer>();
  for (let b = 0; b < batch; b++) {
    const n = added(b);
    const old = lengths[b]!;
    const end = Math.ceil((old + n) / pageSize);
    for (let p = Math.floor(old / pageSize); n > 0 && p < end; p++) {
      const page = table[b * columns + p]!;
      const before = writers.get(page);
      if (before) throw new OperatorError(cache.operator, msg.pageWrittenTwice('blockTable', page, before.request, b));
      writers.set(page, { request: b, index: p, row: Math.max(0, old - p * pageSize) });
    }
  }
  for (let b = 0; b < batch; b++) {
    if (added(b) === 0) continue;
    const old = lengths[b]!;
    const pages = Math.ceil(old / pageSize);
    for (let p = 0; p < pages; p++) {
      const page = table[b * columns + p]!;
      const w = writers.get(page);
      if (w === undefined || (w.request === b && w.index === p)) continue;
      if (w.row < Math.min(pageSize, old - p * pageSize))
        throw new OperatorError(cache.operator, msg.pageReadAndWritten('blockTable', page, w.request, b));
    }
  }
}

/** Everything that a call which appends must fulfil, as far as the contents are known. */
export function checkAppend(cache: Cache, c: Contents, totalQ: number, maxPosition?: number): void {
  checkScales(cache.operator, c);
  const { cuSeqlensQ: sums, cacheSeqlens: lengths, blockTable: table } = c;
  if (sums) checkPrefixSums(cache.operator, 'cuSeqlensQ', sums, totalQ);
  if (!lengths) return;
  const added = sums ? (b: number): number => sums[b + 1]! - sums[b]! : (): number => 0;
  checkLengths(cache, lengths, added, maxPosition);
  if (!table || !sums) return;
  checkPages(cache, table, (b) => (added(b) > 0 ? lengths[b]! + added(b) : 0));
  checkWrites(cache, table, lengths, added);
}
