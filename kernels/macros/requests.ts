/** Packed requests: which one a block works for. */
import { type i32, macro, T, type TensorTile } from 'tilec';

/**
 * The request and its tile, of `BM` tokens, that block `block` works for, or −1 and 0 for a block beyond the last tile.
 * `cuSeqlens` [batch + 1] holds prefix sums; ⌊total / BM⌋ + batch blocks are enough for any split into requests.
 */
export const findTile = macro(
  (cuSeqlens: TensorTile<'i32', 1>, batch: i32, block: i32, BM: number): readonly [i32, i32] => {
    let request: i32 = -1;
    let tile: i32 = 0;
    let seen: i32 = 0;
    for (const r of T.serial(batch)) {
      const tiles = T.ceilDiv(cuSeqlens[r + 1] - cuSeqlens[r], BM);
      if (request < 0 && block < seen + tiles) {
        request = r;
        tile = block - seen;
      }
      seen += tiles;
    }
    return [request, tile];
  },
);
