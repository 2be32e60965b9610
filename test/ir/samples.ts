/** Kernels as text, for several tests. */

/** Every declaration, modifier and statement, with what passes add. */
export const ATTENTION = `kernel flashAttention(Q: f16[batch, 32, S, 128], K: f16[batch, 32, S, 128], scale: f32) dims(batch, S % 8)
  grid(bx: ceildiv(S, 128), h: 32, b: batch) threads(128) minBlocks(1) sharedBytes(65536)
  shared q: f16[128, 128] layout(128=128:m128 | 128=128:m1 | xor 3,3,4) offset(0)
  shared k: f16[64, 128] stages(2) offset(32768)
  shared sum: f32[128]
  fragment s: f32[128, 64] layout(128=4:t32,2:r2,2:r4,8:t4 | 64=8:r8,4:t1,2:r1)
  fragment rowMax: f32[128]
{
  copy Q[b, h, bx * 128, 0; 1, 1, 128, 128] -> q
  fill -inf -> rowMax
  for j in pipelined(0, ceildiv(S, 64), 1) stages(2) {
    copy K[b, h, j * 64, 0; 1, 1, 64, 128] -> k.slot(j % 2) async
    commitGroup
    waitGroup 1
    barrier
    gemm q, transpose(k.slot(j % 2)) -> s clear instr("mma.m16n8k16") warps(4, 1)
    parallel (m, n) in (128, 64) layout(128=4:t32,2:r2,2:r4,8:t4 | 64=8:r8,4:t1,2:r1) {
      s[m, n] = select(bx * 128 + m >= j * 64 + n, s[m, n], -inf)
      if s[m, n] > 0.0 {
        s[m, n] = s[m, n] * scale
      } else if m == n {
        s[m, n] = 0.0
      } else {
        s[m, n] = exp2(s[m, n])
      }
    }
    reduce max s -> rowMax dim(1) scratch(sum)
    reduce sum s -> rowMax dim(1) clear
  }
  let half: f32 = scale * 0.5
  var count: i32 = 0
  while count < 4 {
    count = count + 1
    continue
  }
  cumsum rowMax -> sum dim(0) reverse
  atomic add half -> sum[bx % 128]
  print "{} of {}", half, count
  assert count == 4, "four\\nof them"
  return
}
`;
