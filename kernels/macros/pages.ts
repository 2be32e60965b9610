/** Reading a paged cache. */
import { type i32, macro, type Shared, T, type TensorTile } from 'tilec';

type CacheDType = 'f16' | 'bf16' | 'f8e4m3';

/**
 * Rows `first` … `first + N - 1` of a request's cache into `tile` [N, D], through the page table; rows from `length` on become 0.
 * `pages` is [numPages * pageSize, headsKv, D], `blockTable` [batch, maxPagesPerReq] from logical to physical pages. A tile
 * lies inside one page, spans whole pages, or is looked up row by row, whichever its N rows and `pageSize` allow; `first`
 * is a multiple of N. Entries of `blockTable` behind the page of row `length - 1` are not read.
 */
export const loadPages = macro(
  (
    pages: TensorTile<CacheDType, 3>,
    blockTable: TensorTile<'i32', 2>,
    tile: Shared<CacheDType, 2>,
    request: i32,
    head: i32,
    first: i32,
    length: i32,
    pageSize: number,
  ) => {
    const [N, D] = tile.shape;
    const lastPage = T.ceilDiv(length, pageSize) - 1;
    if (pageSize % N === 0) {
      const page = blockTable[request][T.floorDiv(first, pageSize)];
      const row = page * pageSize + (first % pageSize);
      for (const [n, d] of T.Parallel(N, D)) tile[n][d] = T.select(first + n < length, pages[row + n][head][d], 0);
    } else if (N % pageSize === 0) {
      for (let part = 0; part < N; part += pageSize) {
        const page = blockTable[request][T.min(T.floorDiv(first + part, pageSize), lastPage)];
        const row = page * pageSize;
        for (const [n, d] of T.Parallel(pageSize, D))
          tile[part + n][d] = T.select(first + part + n < length, pages[row + n][head][d], 0);
      }
    } else {
      for (const [n, d] of T.Parallel(N, D))
        tile[n][d] = T.select(
          first + n < length,
          pages[
            blockTable[request][T.min(T.floorDiv(first + n, pageSize), lastPage)] * pageSize + ((first + n) % pageSize)
          ][head][d],
          0,
        );
    }
  },
);
