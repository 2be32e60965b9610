/** Whole kernels through the frontend: the thin path. */
import { dim, f16, f32, kernel, macro, T, type Tile, tensor } from 'tilec';
import { expect, test } from 'vitest';
import { flashAttention } from '../types/flash.ts';
import { dedent, program } from './text.ts';

test('the flash attention of the design notes', () => {
  expect(program(flashAttention())).toBe(
    `${dedent(`
    kernel flashAttention(
        Q: f16[batch, 32, seq, 128],
        K: f16[batch, 32, seq, 128],
        V: f16[batch, 32, seq, 128],
        O: f16[batch, 32, seq, 128]
      ) dims(batch, seq)
      grid(bx: ceildiv(seq, 128), h: 32, b: batch) threads(128)
      shared q: f16[128, 128]
      shared k: f16[64, 128]
      shared v: f16[64, 128]
      fragment s: f32[128, 64]
      fragment p: f16[128, 64]
      fragment acc: f32[128, 128]
      fragment rowMax: f32[128]
      fragment prevMax: f32[128]
      fragment rowSum: f32[128]
      fragment tileSum: f32[128]
    {
      copy Q[b, h, bx * 128, 0; 1, 1, 128, 128] -> q
      fill 0.0 -> acc
      fill 0.0 -> rowSum
      fill -inf -> rowMax
      let blocks: i32 = ceildiv((bx + 1) * 128, 64)
      for j in pipelined(0, blocks, 1) stages(2) {
        copy K[b, h, j * 64, 0; 1, 1, 64, 128] -> k
        gemm q, transpose(k) -> s clear
        parallel (m, n) in (128, 64) {
          s[m, n] = select(bx * 128 + m >= j * 64 + n, s[m, n], -inf)
        }
        copy rowMax -> prevMax
        reduce max s -> rowMax dim(1)
        parallel (m_1, n_1) in (128, 64) {
          s[m_1, n_1] = exp2((s[m_1, n_1] - rowMax[m_1]) * 0.12751743082459868)
        }
        reduce sum s -> tileSum dim(1) clear
        parallel (m_2) in (128) {
          rowSum[m_2] = rowSum[m_2] * exp2((prevMax[m_2] - rowMax[m_2]) * 0.12751743082459868) + tileSum[m_2]
        }
        parallel (m_3, d) in (128, 128) {
          acc[m_3, d] = acc[m_3, d] * exp2((prevMax[m_3] - rowMax[m_3]) * 0.12751743082459868)
        }
        copy s -> p
        copy V[b, h, j * 64, 0; 1, 1, 64, 128] -> v
        gemm p, v -> acc
      }
      parallel (m_4, d_1) in (128, 128) {
        acc[m_4, d_1] = acc[m_4, d_1] / rowSum[m_4]
      }
      copy acc -> O[b, h, bx * 128, 0; 1, 1, 128, 128]
    }
`)}\n`,
  );
});

test('vector add', () => {
  const n = dim('n');
  const add = kernel({ A: tensor(f32, [n]), B: tensor(f32, [n]), C: tensor(f32, [n]) }, ({ A, B, C }) => {
    const [bx] = T.grid([T.ceilDiv(n, 1024)], { threads: 256 });
    for (const [i] of T.Parallel(1024)) {
      const at = bx * 1024 + i;
      if (at < n) C[at] = A[at] + B[at];
    }
  });
  expect(program(add)).toBe(
    `${dedent(`
    kernel add(A: f32[n], B: f32[n], C: f32[n]) dims(n)
      grid(bx: ceildiv(n, 1024)) threads(256)
    {
      parallel (i) in (1024) {
        if bx * 1024 + i < n {
          C[bx * 1024 + i] = A[bx * 1024 + i] + B[bx * 1024 + i]
        }
      }
    }
`)}\n`,
  );
});

const scaled = macro((x: Tile<'f32', 2>, by: number) => {
  for (const [i, j] of T.Parallel(128, 128)) x[i][j] *= by;
});

test('gemm with a macro', () => {
  const [M, N, K] = [dim('M'), dim('N'), dim('K')];
  const [BM, BN, BK] = [128, 128, 32];
  const gemm = kernel({ A: tensor(f16, [M, K]), B: tensor(f16, [K, N]), C: tensor(f16, [M, N]) }, ({ A, B, C }) => {
    const [bx, by] = T.grid([T.ceilDiv(N, BN), T.ceilDiv(M, BM)]);
    const a = T.shared(f16, [BM, BK]);
    const b = T.shared(f16, [BK, BN]);
    const c = T.fragment(f32, [BM, BN]);
    T.clear(c);
    for (const k of T.Pipelined(T.ceilDiv(K, BK), { numStages: 3 })) {
      const k0 = k * BK;
      T.copy(A.tile([by * BM, k0], [BM, BK]), a);
      T.copy(B.tile([k0, bx * BN], [BK, BN]), b);
      T.gemm(a, b, c);
    }
    scaled(c, 0.5);
    T.copy(c, C.tile([by * BM, bx * BN], [BM, BN]));
  });
  expect(program(gemm)).toBe(
    `${dedent(`
    kernel \`gemm\`(A: f16[M, K], B: f16[K, N], C: f16[M, N]) dims(M, K, N)
      grid(bx: ceildiv(N, 128), by: ceildiv(M, 128)) threads(128)
      shared a: f16[128, 32]
      shared b: f16[32, 128]
      fragment c: f32[128, 128]
    {
      fill 0.0 -> c
      for k in pipelined(0, ceildiv(K, 32), 1) stages(3) {
        let k0: i32 = k * 32
        copy A[by * 128, k0; 128, 32] -> a
        copy B[k0, bx * 128; 32, 128] -> b
        gemm a, b -> c
      }
      parallel (i, j) in (128, 128) {
        c[i, j] = c[i, j] * 0.5
      }
      copy c -> C[by * 128, bx * 128; 128, 128]
    }
`)}\n`,
  );
});
