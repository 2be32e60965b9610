/** Generated layouts, and all coordinates of a shape. */
import fc from 'fast-check';
import type { Atom, Layout } from '../../src/ir/layout.ts';
import { atom, layout, onThread } from '../../src/layout/layout.ts';

/** All coordinates of a shape, row by row. */
export function* coordinates(shape: readonly number[]): Generator<number[]> {
  const [first, ...rest] = shape;
  if (first === undefined) return yield [];
  for (let i = 0; i < first; i++) for (const tail of coordinates(rest)) yield [i, ...tail];
}

/** A random complete fragment layout: some atoms, strides dealt out densely in random order over dimensions. */
export const fragments: fc.Arbitrary<{ l: Layout; threads: number }> = fc
  .record({
    atoms: fc.array(
      fc.record({
        extent: fc.integer({ min: 1, max: 4 }),
        axis: fc.constantFrom('thread', 'reg'),
        dim: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 6 },
    ),
    copies: fc.integer({ min: 1, max: 3 }),
    order: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
  })
  .map(({ atoms, copies, order }) => {
    const next = { thread: 1, reg: 1, mem: 1 };
    const dims: Atom[][] = [[], [], []];
    const dealt = atoms.map((a, i) => ({ a, rank: order[i]! })).sort((x, y) => x.rank - y.rank);
    for (const { a } of dealt) {
      const axis = a.axis as 'thread' | 'reg';
      dims[a.dim]!.push(atom(a.extent, axis, next[axis]));
      next[axis] *= a.extent;
    }
    return { l: layout(dims, [onThread(copies, next.thread)]), threads: next.thread * copies };
  });
