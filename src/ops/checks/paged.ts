/** The contents of a paged cache's small tensors: lengths, page tables, scales. All throw `OperatorError`. */
import * as msg from '../../diagnostics/messages/ops.ts';
import type { Contents } from '../contents.ts';
import { OperatorError } from '../error.ts';
import { PageWriters } from './writers.ts';

export interface Cache {
  readonly operator: string;
  readonly batch: number;
  readonly numPages: number;
  readonly pageSize: number;
  readonly maxPagesPerReq: number;
}

/** Scales of an FP8 cache that are known: in f32, finite and positive. */
export function checkScales(operator: string, c: Contents): void {
  checkScale(operator, 'kScale', c.kScale);
  checkScale(operator, 'vScale', c.vScale);
}

function checkScale(operator: string, name: string, values: ArrayLike<number> | undefined): void {
  if (values === undefined) return;
  const s = Math.fround(values[0]!);
  if (!(s > 0 && s < Infinity)) throw new OperatorError(operator, msg.badScale(name, values[0]!));
}

/** Prefix sums from 0 to `total`. */
export function checkPrefixSums(operator: string, name: string, sums: ArrayLike<number>, total: number): void {
  if (sums[0] !== 0) throw new OperatorError(operator, msg.firstNotZero(name, sums[0]!));
  const last = sums.length - 1;
  for (let i = 0; i < last; i++)
    if (sums[i + 1]! < sums[i]!) throw new OperatorError(operator, msg.decreasing(name, i, sums[i]!, sums[i + 1]!));
  if (sums[last] !== total) throw new OperatorError(operator, msg.wrongTotal(name, last, total, sums[last]!));
}

/** New tokens of request `b`; none where nothing is appended, or that is not known. */
const addedTo = (sums: ArrayLike<number> | undefined, b: number): number => (sums ? sums[b + 1]! - sums[b]! : 0);

/**
 * Tokens before the call: none negative, and with the new ones, of which `sums` are the prefix sums, within the pages of a
 * request and the rotary tables.
 */
export function checkLengths(
  cache: Cache,
  lengths: ArrayLike<number>,
  sums?: ArrayLike<number>,
  maxPosition = Infinity,
): void {
  const { operator, batch, maxPagesPerReq, pageSize } = cache;
  const capacity = maxPagesPerReq * pageSize;
  for (let b = 0; b < batch; b++) {
    const old = lengths[b]!;
    const n = addedTo(sums, b);
    if (old < 0) throw new OperatorError(operator, msg.negativeLength('cacheSeqlens', b, old));
    if (old + n > capacity) throw new OperatorError(operator, msg.overCapacity('cacheSeqlens', b, old, n, capacity));
    if (n > 0 && old + n > maxPosition)
      throw new OperatorError(operator, msg.overPositions('cacheSeqlens', b, old, n, maxPosition));
  }
}

/** The pages of all tokens are there. Lengths must be in range. */
export function checkPages(cache: Cache, table: ArrayLike<number>, lengths: ArrayLike<number>): void {
  const { batch, maxPagesPerReq: columns, numPages, pageSize } = cache;
  for (let b = 0; b < batch; b++) {
    const row = b * columns;
    const end = row + Math.ceil(lengths[b]! / pageSize);
    for (let i = row; i < end; i++) {
      const page = table[i]!;
      if (!(page >= 0 && page < numPages)) throw outOfRange(cache, b, i, page);
    }
  }
}

const outOfRange = ({ operator, maxPagesPerReq, numPages }: Cache, b: number, i: number, page: number): OperatorError =>
  new OperatorError(operator, msg.pageOutOfRange('blockTable', b, i - b * maxPagesPerReq, page, numPages));

const writers = new PageWriters();

/**
 * The pages of requests that append are there; no page is appended to by two requests, or by one in two places, and no old
 * token that a request of the call holds lies where another appends. Lengths must be in range.
 */
export function checkAppendedPages(
  cache: Cache,
  table: ArrayLike<number>,
  lengths: ArrayLike<number>,
  sums: ArrayLike<number>,
): void {
  const { operator, batch, maxPagesPerReq: columns, numPages, pageSize } = cache;
  writers.begin(numPages);
  for (let b = 0; b < batch; b++) {
    const n = addedTo(sums, b);
    if (n === 0) continue;
    const old = lengths[b]!;
    const row = b * columns;
    const end = row + Math.ceil((old + n) / pageSize);
    for (let i = row + Math.floor(old / pageSize); i < end; i++) {
      const page = table[i]!;
      if (!(page >= 0 && page < numPages)) throw outOfRange(cache, b, i, page);
      const before = writers.add(page, b, i);
      if (before >= 0) throw new OperatorError(operator, msg.pageWrittenTwice('blockTable', page, before, b));
    }
  }
  const { stamps, stamp, entries } = writers;
  for (let b = 0; b < batch; b++) {
    if (addedTo(sums, b) === 0) continue;
    const row = b * columns;
    const end = row + Math.ceil(lengths[b]! / pageSize);
    for (let i = row; i < end; i++) {
      const page = table[i]!;
      if (!(page >= 0 && page < numPages)) throw outOfRange(cache, b, i, page);
      if (stamps[page] === stamp && entries[page] !== i) checkShared(cache, lengths, page, b, i);
    }
  }
}

/** Request `b` holds old tokens in a page, by entry `i` of the table, to which another entry appends: only behind them. */
function checkShared(cache: Cache, lengths: ArrayLike<number>, page: number, b: number, i: number): void {
  const { operator, maxPagesPerReq: columns, pageSize } = cache;
  const writer = writers.requests[page]!;
  const firstWritten = Math.max(0, lengths[writer]! - (writers.entries[page]! - writer * columns) * pageSize);
  if (firstWritten < Math.min(pageSize, lengths[b]! - (i - b * columns) * pageSize))
    throw new OperatorError(operator, msg.pageReadAndWritten('blockTable', page, writer, b));
}

/** Everything that a call which appends must fulfil, as far as the contents are known. */
export function checkAppend(cache: Cache, c: Contents, totalQ: number, maxPosition?: number): void {
  checkScales(cache.operator, c);
  const { cuSeqlensQ: sums, cacheSeqlens: lengths, blockTable: table } = c;
  if (sums) checkPrefixSums(cache.operator, 'cuSeqlensQ', sums, totalQ);
  if (!lengths) return;
  checkLengths(cache, lengths, sums, maxPosition);
  if (table && sums) checkAppendedPages(cache, table, lengths, sums);
}
