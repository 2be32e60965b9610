/**
 * Lesson 4: matrix products. C = A · B on 16-bit numbers, through shared memory and the tensor cores.
 *
 * Each element of A takes part in N products, each of B in M. Memory is far too slow to fetch it that often: a block fetches
 * a tile of each into shared memory, and all its threads multiply out of there.
 */
import { dim, f16, f32, KernelCallError, kernel, T, Tensor, tensor } from 'tilec';
import { check, device, product } from './support.ts';

/** C = A · B; A [M, K], B [K, N], C [M, N]. Products are exact and their sums kept in f32. */
export function gemm({ BM = 64, BN = 64, BK = 32 } = {}) {
  const M = dim('M');
  // A promise, which calls are held to. It lets copies move eight 16-bit elements at once; without it a row could start
  // anywhere, and copies would go element by element.
  const N = dim('N', { multipleOf: 8 });
  const K = dim('K', { multipleOf: 8 });
  return kernel({ A: tensor(f16, [M, K]), B: tensor(f16, [K, N]), C: tensor(f32, [M, N]) }, ({ A, B, C }) => {
    const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 128 });
    const a = T.shared(f16, [BM, BK]);
    const b = T.shared(f16, [BK, BN]);
    const acc = T.fragment(f32, [BM, BN]);
    T.clear(acc);
    for (const k of T.serial(T.ceilDiv(K, BK))) {
      // Where K is no multiple of BK the last tiles end in zeros, which add nothing.
      T.copy(A.tile([by * BM, k * BK], [BM, BK]), a);
      T.copy(B.tile([k * BK, bx * BN], [BK, BN]), b);
      // acc += a · b, by all threads of the block. The compiler chooses the instruction, how the warps share the tile, in
      // which registers `acc` lies for it, and how `a` and `b` lie in shared memory so that reading them hits all banks.
      T.gemm(a, b, acc);
    }
    T.copy(acc, C.tile([by * BM, bx * BN], [BM, BN]));
  });
}

const [M, N, K] = [100, 72, 80];
const A = await Tensor.random([M, K], f16, { seed: 1 }).to(device);
const B = await Tensor.random([K, N], f16, { seed: 2 }).to(device);
const C = Tensor.full([M, N], Number.NaN, f32, { device });
await gemm()({ A, B, C });
const want = product(await A.toFloat64Array(), await B.toFloat64Array(), M, N, K);
await check('gemm', C, want, { atol: 1e-5 });

// What a promise is worth: a call that breaks it is refused, and nothing is launched.
try {
  await gemm()({ A: Tensor.zeros([4, 8], f16), B: Tensor.zeros([8, 12], f16), C: Tensor.zeros([4, 12], f32) });
  throw new Error('a call with N = 12 should have been refused');
} catch (e) {
  if (!(e instanceof KernelCallError)) throw e;
  console.log(`refused: ${e.message}`);
}
