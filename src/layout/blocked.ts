/** Default layouts of fragments that no instruction constrains: coalesced, vectorised rows. */
import { gcd } from '../ir/integers.ts';
import type { Layout } from '../ir/layout.ts';
import { layout, onReg, onThread } from './layout.ts';

/**
 * Spreads a tile over `threads`, the last dimension fastest and `vector` neighbours of it in one thread's consecutive
 * registers. Threads that find no element of their own hold copies.
 */
export function blocked(shape: readonly number[], threads: number, vector: number): Layout {
  let left = threads;
  let threadStride = 1;
  let regStride = 1;
  const dims = [...shape].reverse().map((extent, i) => {
    const v = i === 0 ? gcd(extent, vector) : 1;
    const t = gcd(extent / v, left);
    const reps = extent / v / t;
    const vectorAtom = onReg(v, regStride);
    regStride *= v;
    const threadAtom = onThread(t, threadStride);
    threadStride *= t;
    left /= t;
    const repAtom = onReg(reps, regStride);
    regStride *= reps;
    return [repAtom, threadAtom, vectorAtom];
  });
  return layout(dims.reverse(), [onThread(left, threadStride)]);
}
