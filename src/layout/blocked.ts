/** Default layouts of fragments that no instruction constrains: coalesced, vectorised rows. */
import { gcd } from '../ir/integers.ts';
import type { Layout } from '../ir/layout.ts';
import { layout, onReg, onThread, sizeOf } from './layout.ts';

const WARP = 32;

/** How many of the `free` threads take the `n` vectors that lie along a dimension. */
type Share = (n: number, free: number) => number;

/** As many as leave none without a vector. */
const evenly: Share = gcd;

/** As many as there are vectors, and some more: those behind the edge have nothing to do. */
const padded: Share = (n, free) => {
  let threads = Math.min(n, free);
  while (free % threads !== 0) threads++;
  return threads;
};

/**
 * Spreads a tile over `threads`, the last dimension fastest and `vector` neighbours of it in one thread's consecutive
 * registers. Threads that find no element of their own hold copies. Where an even spread would give threads twice what
 * they need to hold or more, dimensions are rounded up.
 */
export function blocked(shape: readonly number[], threads: number, vector: number): Layout {
  const even = spread(shape, threads, vector, evenly);
  const full = spread(shape, threads, vector, padded);
  return sizeOf(even, 'reg') >= 2 * sizeOf(full, 'reg') ? full : even;
}

function spread(shape: readonly number[], threads: number, vector: number, share: Share): Layout {
  // Lanes and warps are shared out apart, so that what the lanes of a warp hold is always a power of two.
  let lanes = Math.min(threads, WARP);
  let warps = threads / lanes;
  let laneStride = 1;
  let warpStride = lanes;
  let regStride = 1;
  const onRegs = (extent: number) => {
    const a = onReg(extent, regStride);
    regStride *= extent;
    return a;
  };
  const dims = [...shape].reverse().map((extent, i) => {
    const neighbours = onRegs(i === 0 ? gcd(extent, vector) : 1);
    let left = extent / neighbours.extent;
    const lane = onThread(share(left, lanes), laneStride);
    left = Math.ceil(left / lane.extent);
    const warp = onThread(share(left, warps), warpStride);
    left = Math.ceil(left / warp.extent);
    laneStride *= lane.extent;
    lanes /= lane.extent;
    warpStride *= warp.extent;
    warps /= warp.extent;
    return [onRegs(left), warp, lane, neighbours];
  });
  return layout(dims.reverse(), [onThread(lanes, laneStride), onThread(warps, warpStride)]);
}
