/** Atomics that many threads of many blocks aim at few elements. */
import { type DType, dim, type f32, i32, kernel, T, tensor } from 'tilec';
import { DTYPE_VALUES } from '../../../src/dsl/dtypes.ts';

/** What the shared tiles start from. */
export const START = 1;

/**
 * x: [n], each for the element slot: [n] i32 of add, max, min: [SLOTS], which it changes, and of the block's own sharedAdd,
 * sharedMax, sharedMin: [blocks, SLOTS], which start from START. B elements a block.
 */
export function atomics({ dtype, SLOTS, B }: { dtype: DType; SLOTS: number; B: number }) {
  // For the editor all are f32.
  const type = DTYPE_VALUES[dtype] as typeof f32;
  const n = dim('n');
  const blocks = dim('blocks');
  return kernel(
    {
      x: tensor(type, [n]),
      slot: tensor(i32, [n]),
      add: tensor(type, [SLOTS]),
      max: tensor(type, [SLOTS]),
      min: tensor(type, [SLOTS]),
      sharedAdd: tensor(type, [blocks, SLOTS]),
      sharedMax: tensor(type, [blocks, SLOTS]),
      sharedMin: tensor(type, [blocks, SLOTS]),
    },
    ({ x, slot, add, max, min, sharedAdd, sharedMax, sharedMin }) => {
      const [bx] = T.grid([blocks], { threads: 128 });
      const adds = T.shared(type, [SLOTS]);
      const maxs = T.shared(type, [SLOTS]);
      const mins = T.shared(type, [SLOTS]);
      for (const tile of [adds, maxs, mins]) T.fill(tile, START);
      for (const [j] of T.Parallel(B)) {
        const i = bx * B + j;
        if (i < n) {
          T.atomicAdd(add[slot[i]], x[i]);
          T.atomicMax(max[slot[i]], x[i]);
          T.atomicMin(min[slot[i]], x[i]);
          T.atomicAdd(adds[slot[i]], x[i]);
          T.atomicMax(maxs[slot[i]], x[i]);
          T.atomicMin(mins[slot[i]], x[i]);
        }
      }
      T.copy(adds, sharedAdd.tile([bx, 0], [1, SLOTS]));
      T.copy(maxs, sharedMax.tile([bx, 0], [1, SLOTS]));
      T.copy(mins, sharedMin.tile([bx, 0], [1, SLOTS]));
    },
  );
}
