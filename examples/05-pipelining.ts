/**
 * Lesson 5: pipelining. The product of lesson 4, whose copies run while it multiplies.
 *
 * There, each iteration copied, waited, multiplied, and the copy of the next one began only then. On a GPU a copy from global
 * to shared memory can go on in the background. `T.Pipelined` lets it: the shared tiles that its loop fills get `numStages`
 * copies of themselves, and the loop fills one of them for a later iteration while it multiplies out of another.
 */
import { dim, f16, f32, kernel, T, Tensor, tensor } from 'tilec';
import { toCuda } from '../src/compile.ts';
import { check, device, product } from './support.ts';

/** C = A · B; A [M, K], B [K, N], C [M, N]. */
export function gemm({ BM = 64, BN = 64, BK = 32, numStages = 3 } = {}) {
  const M = dim('M');
  const N = dim('N', { multipleOf: 8 });
  const K = dim('K', { multipleOf: 8 });
  return kernel({ A: tensor(f16, [M, K]), B: tensor(f16, [K, N]), C: tensor(f32, [M, N]) }, ({ A, B, C }) => {
    const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)], { threads: 128 });
    const a = T.shared(f16, [BM, BK]);
    const b = T.shared(f16, [BK, BN]);
    const acc = T.fragment(f32, [BM, BN]);
    T.clear(acc);
    // This line is all that changed. What is copied ahead, into which of the tiles' copies, and where to wait for it follows
    // from what the statements of the body read and write.
    for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages })) {
      T.copy(A.tile([by * BM, k * BK], [BM, BK]), a);
      T.copy(B.tile([k * BK, bx * BN], [BK, BN]), b);
      T.gemm(a, b, acc);
    }
    T.copy(acc, C.tile([by * BM, bx * BN], [BM, BN]));
  });
}

const [M, N, K] = [100, 72, 200];
const A = await Tensor.random([M, K], f16, { seed: 1 }).to(device);
const B = await Tensor.random([K, N], f16, { seed: 2 }).to(device);
const want = product(await A.toFloat64Array(), await B.toFloat64Array(), M, N, K);

// The price is shared memory: a tile of A and one of B take 8 KiB, and each stage has its own. More stages hide more of the
// memory's latency, until fewer blocks fit a multiprocessor: how many are best is to be measured.
for (const numStages of [1, 2, 3]) {
  const pipelined = gemm({ numStages });
  const C = Tensor.full([M, N], Number.NaN, f32, { device });
  await pipelined({ A, B, C });
  await check(`gemm, ${numStages} stages`, C, want, { atol: 1e-5 });

  const { device: program, source } = await toCuda(pipelined.def);
  const waits = source.match(/cp_async_wait\w*<\d+>/g) ?? [];
  console.log(`  ${program.sharedBytes / 1024} KiB of shared memory; waits: ${waits.join(' ') || 'none'}`);
  if (program.sharedBytes !== numStages * (64 * 32 + 32 * 64) * 2) throw new Error('each stage should have its tiles');
}
