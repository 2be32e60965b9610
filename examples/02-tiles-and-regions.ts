/**
 * Lesson 2: tiles of two dimensions, and who may touch them. A matrix is transposed.
 *
 * There are three kinds of memory in this kernel: tensors, which all blocks see; shared tiles, which the threads of one block
 * see; and fragments, each element of which one thread alone holds.
 */
import { dim, f32, kernel, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

const rows = dim('rows');
const columns = dim('columns');

/** A function that returns a kernel: its options are host values, and each set of them makes a kernel of its own. */
export function transpose({ tile = 32 } = {}) {
  return kernel({ a: tensor(f32, [rows, columns]), out: tensor(f32, [columns, rows]) }, ({ a, out }) => {
    const [bx, by] = T.grid([T.ceilDiv(columns, tile), T.ceilDiv(rows, tile)], { threads: 128 });
    const here = T.shared(f32, [tile, tile]);
    const turned = T.fragment(f32, [tile, tile]);

    // Along rows of `a`: neighbouring threads read neighbouring addresses, which memory serves at once.
    T.copy(a.tile([by * tile, bx * tile], [tile, tile]), here);

    // Element [i][j] is read by another thread than the one that wrote it, so it has to lie in shared memory. All threads
    // must have written before any reads: the compiler sees that from the accesses, and puts the barrier.
    for (const [i, j] of T.Parallel(tile, tile)) turned[i][j] = here[j][i];

    // And along rows of `out`.
    T.copy(turned, out.tile([bx * tile, by * tile], [tile, tile]));
  });
}

/**
 * The same on elements. `A[i][j]` is any element of a tensor, but unlike a region an element is not clipped at the edge: it
 * is for the `if` to keep to the matrix. Without it the CPU reports the access, with its line.
 */
export function transposeElements({ tile = 32 } = {}) {
  return kernel({ a: tensor(f32, [rows, columns]), out: tensor(f32, [columns, rows]) }, ({ a, out }) => {
    const [bx, by] = T.grid([T.ceilDiv(columns, tile), T.ceilDiv(rows, tile)], { threads: 128 });
    for (const [i, j] of T.Parallel(tile, tile)) {
      const row = by * tile + i;
      const column = bx * tile + j;
      if (row < rows && column < columns) out[column][row] = a[row][column];
    }
  });
}

const [M, N] = [45, 70];
const a = await Tensor.random([M, N], f32).to(device);
const values = await a.toFloat64Array();
const want = Float64Array.from({ length: M * N }, (_, i) => values[(i % M) * N + Math.floor(i / M)]!);

for (const [what, make] of Object.entries({ 'through shared memory': transpose, 'by elements': transposeElements })) {
  const out = Tensor.full([N, M], Number.NaN, f32, { device });
  await make()({ a, out });
  await check(`transpose ${what}`, out, want);
}
