/**
 * Lesson 1: a kernel. c = a + b.
 *
 *   node --import tilec/register examples/01-vector-add.ts      or, once built,      node dist/examples/01-vector-add.js
 *
 * A kernel is written in TypeScript, but its function is never run: tilec reads its text and compiles it, to CUDA C for a GPU
 * and to JavaScript for the CPU. What it may use is TypeScript's own arithmetic, conditions and loops, and the words in `T`.
 */
import { dim, f32, kernel, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

// Elements that one block works on. A plain constant of the host: the compiler sees its value, and folds it in.
const BLOCK = 1024;

// A run-time size: found from the tensors at each call, so one compilation serves all lengths.
const n = dim('n');

export const vectorAdd = kernel(
  // The signature is made of values, and TypeScript infers the types of `a`, `b` and `c` below from it.
  { a: tensor(f32, [n]), b: tensor(f32, [n]), c: tensor(f32, [n]) },
  ({ a, b, c }) => {
    // A launch is a grid of blocks. Each runs this program, knowing itself by its index, with 128 threads that share the work.
    const [bx] = T.grid([T.ceilDiv(n, BLOCK)], { threads: 128 });

    // A fragment is a tile in the threads' registers. Which thread holds which element is for the compiler to say.
    const x = T.fragment(f32, [BLOCK]);
    const y = T.fragment(f32, [BLOCK]);

    // `tile(origin, extent)` is a box of a tensor. The last block's box reaches behind the end: what lies outside reads as
    // zero and is not written, so that ragged sizes need no code of their own.
    T.copy(a.tile([bx * BLOCK], [BLOCK]), x);
    T.copy(b.tile([bx * BLOCK], [BLOCK]), y);

    // Iterations of T.Parallel are independent of each other, and are spread over the threads.
    for (const [i] of T.Parallel(BLOCK)) x[i] += y[i];

    T.copy(x, c.tile([bx * BLOCK], [BLOCK]));
  },
);

// Tensors are made on the CPU; `to` copies them to where the kernel shall run.
const length = 5000; // no multiple of 1024
const a = await Tensor.random([length], f32, { seed: 1 }).to(device);
const b = await Tensor.random([length], f32, { seed: 2 }).to(device);
// An output starts as NaN here, so that an element which nobody writes is found.
const c = Tensor.full([length], Number.NaN, f32, { device });

// The first call compiles. `await` waits until the launch is queued; reading the result waits until it is done.
await vectorAdd({ a, b, c });

const [x, y] = [await a.toFloat64Array(), await b.toFloat64Array()];
await check(
  'vector add',
  c,
  x.map((v, i) => Math.fround(v + y[i]!)),
);
