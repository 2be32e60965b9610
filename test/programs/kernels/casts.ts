/** Conversions of one dtype to all. */
import { type DType, dim, type f32, kernel, T, tensor } from 'tilec';
import { DTYPE_VALUES } from '../../../src/dsl/dtypes.ts';

/** For the editor all are f32. */
const named = (dtype: DType): typeof f32 => DTYPE_VALUES[dtype] as typeof f32;

/** Whether copies convert: bools are to be compared or selected by instead. */
export const copies = (from: DType, to: DType): boolean => (from === 'bool') === (to === 'bool');

/** x: [n] to each dtype: cast_<dtype>: [n] element by element, copy_<dtype>: [n] by copies of fragments of an odd length. */
export function casts({ from, to, TILE = 1000 }: { from: DType; to: readonly DType[]; TILE?: number }) {
  const n = dim('n');
  const outs = to.flatMap((d) => [
    [`cast_${d}`, tensor(named(d), [n])] as const,
    ...(copies(from, d) ? [[`copy_${d}`, tensor(named(d), [n])] as const] : []),
  ]);
  return kernel(Object.fromEntries([['x', tensor(named(from), [n])] as const, ...outs]), (p) => {
    const [bx] = T.grid([T.ceilDiv(n, TILE)], { threads: 128 });
    const x = p.x!;
    const tile = T.fragment(named(from), [TILE]);
    T.copy(x.tile([bx * TILE], [TILE]), tile);
    for (const dtype of to) {
      if (copies(from, dtype)) {
        const converted = T.fragment(named(dtype), [TILE]);
        T.copy(tile, converted);
        T.copy(converted, p[`copy_${dtype}`]!.tile([bx * TILE], [TILE]));
      }
      for (const [j] of T.Parallel(TILE)) {
        const i = bx * TILE + j;
        if (i < n) p[`cast_${dtype}`]![i] = named(dtype)(x[i]);
      }
    }
  });
}
