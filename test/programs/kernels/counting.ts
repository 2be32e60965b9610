/** Integer work: counts and counter-based random numbers. */
import { dim, f32, i32, kernel, T, tensor, u8, u32 } from 'tilec';

/** How often each value below `bins` is among x: [n] u8. counts: [bins] i32 is added to, most: [1] i32 raised to a block's most. */
export function histogram({ bins = 100, B = 1000 } = {}) {
  const n = dim('n');
  return kernel({ x: tensor(u8, [n]), counts: tensor(i32, [bins]), most: tensor(i32, [1]) }, ({ x, counts, most }) => {
    const [bx] = T.grid([T.ceilDiv(n, B)], { threads: 128 });
    const own = T.shared(i32, [bins]);
    T.clear(own);
    for (const [i] of T.Parallel(B)) {
      if (bx * B + i < n) {
        const v = i32(x[bx * B + i]);
        if (v < bins) T.atomicAdd(own[v], 1);
      }
    }
    for (const [i] of T.Parallel(bins)) {
      if (own[i] > 0) T.atomicAdd(counts[i], own[i]);
      T.atomicMax(most[0], own[i]);
    }
  });
}

/** y: [n] = x: [n] f32 doubled where a hash of the index is below limit: [1] u32, 0 elsewhere. */
export function dropout({ B = 500 } = {}) {
  const n = dim('n');
  return kernel({ x: tensor(f32, [n]), y: tensor(f32, [n]), limit: tensor(u32, [1]) }, ({ x, y, limit }) => {
    const [bx] = T.grid([T.ceilDiv(n, B)], { threads: 128 });
    for (const [i] of T.Parallel(B)) {
      const at = bx * B + i;
      if (at < n) {
        let h: u32 = u32(at) * 2654435761 + 0x9e3779b9;
        h ^= h >>> 16;
        h *= 0x85ebca6b;
        h ^= h >>> 13;
        h = h * 0xc2b2ae35;
        h ^= h >>> 16;
        y[at] = h < limit[0] ? x[at] * 2 : 0;
      }
    }
  });
}
