/**
 * Lesson 9: attention over a paged FP8 cache, one new token a request.
 *
 * A server keeps the keys and values of its requests in pages of fixed size, anywhere in one large tensor; a table says which
 * pages are whose. They are stored as 8-bit floats, which halves what must be read, and reading is what decoding spends its time on.
 * `kernels/gqaPagedPrefill.ts` and `kernels/gqaPagedDecode.ts` do this in earnest: this is their idea.
 */
import { dim, f8e4m3, f16, f32, i32, kernel, T, Tensor, tensor } from 'tilec';
import { check, device } from './support.ts';

const PAGE = 32;

/**
 * q, out: [batch, heads, D]; kPages, vPages: [pages * PAGE, D] f8e4m3, each element worth itself times `scale` [1]; lengths
 * [batch]: tokens of each request, at least one; table [batch, columns]: its pages, in order. All heads share the keys.
 */
export function pagedDecode({ heads = 8, D = 64, numStages = 2 } = {}) {
  const [batch, pages] = [dim('batch'), dim('pages')];
  // The tensor cores multiply 16 rows at least. The heads of one request are rows of one product; the rest is zeros.
  const BM = 16;
  const softmaxScale = Math.LOG2E / Math.sqrt(D);
  return kernel(
    {
      q: tensor(f16, [batch, heads, D]),
      kPages: tensor(f8e4m3, [pages.times(PAGE), D]),
      vPages: tensor(f8e4m3, [pages.times(PAGE), D]),
      scale: tensor(f32, [1]),
      lengths: tensor(i32, [batch]),
      table: tensor(i32, [batch, dim('columns')]),
      out: tensor(f16, [batch, heads, D]),
    },
    ({ q, kPages, vPages, scale, lengths, table, out }) => {
      const [request] = T.grid([batch], { threads: 32 });
      const qTile = T.shared(f16, [BM, D]);
      const kCodes = T.shared(f8e4m3, [PAGE, D]);
      const vCodes = T.shared(f8e4m3, [PAGE, D]);
      const k = T.shared(f16, [PAGE, D]);
      const v = T.shared(f16, [PAGE, D]);
      const s = T.fragment(f32, [BM, PAGE]);
      const p = T.fragment(f16, [BM, PAGE]);
      const acc = T.fragment(f32, [BM, D]);
      const max = T.fragment(f32, [BM]);
      const before = T.fragment(f32, [BM]);
      const sum = T.fragment(f32, [BM]);
      const tileSum = T.fragment(f32, [BM]);

      // Elements of tensors are device values like any other: bounds of loops and origins of regions may depend on them.
      const length = lengths[request];
      const factor = scale[0];
      for (const [m, d] of T.Parallel(BM, D)) qTile[m][d] = T.select(m < heads, q[request][T.min(m, heads - 1)][d], 0);
      T.clear(acc);
      T.clear(sum);
      T.fill(max, -T.infinity);

      for (const j of T.Pipelined(T.ceilDiv(length, PAGE), { numStages })) {
        const first = table[request][j] * PAGE;
        T.copy(kPages.tile([first, 0], [PAGE, D]), kCodes);
        T.copy(vPages.tile([first, 0], [PAGE, D]), vCodes);
        // The codes are exact in 16 bits, so the scales can wait: K's is part of the softmax's, V's of the result's. What
        // lies in the last page behind the request's end may be anything, NaN too, and 0 · NaN is NaN: it must not get in.
        T.copy(kCodes, k);
        for (const [n, d] of T.Parallel(PAGE, D)) v[n][d] = T.select(j * PAGE + n < length, f16(vCodes[n][d]), 0);
        T.gemm(qTile, k, s, { transposeB: true, clear: true });
        for (const [m, n] of T.Parallel(BM, PAGE))
          s[m][n] = T.select(j * PAGE + n < length, s[m][n] * factor * softmaxScale, -T.infinity);

        T.copy(max, before);
        T.reduceMax(s, max, { dim: 1, clear: false });
        for (const [m, n] of T.Parallel(BM, PAGE)) s[m][n] = T.exp2(s[m][n] - max[m]);
        T.reduceSum(s, tileSum, { dim: 1 });
        for (const [m] of T.Parallel(BM)) sum[m] = sum[m] * T.exp2(before[m] - max[m]) + tileSum[m];
        for (const [m, d] of T.Parallel(BM, D)) acc[m][d] *= T.exp2(before[m] - max[m]);
        T.copy(s, p);
        T.gemm(p, v, acc);
      }
      for (const [m, d] of T.Parallel(BM, D)) {
        if (m < heads) out[request][m][d] = (acc[m][d] / sum[m]) * factor;
      }
    },
  );
}

// Three requests, their pages all over the place. What is in no request is NaN.
const [heads, D, pages] = [8, 64, 12];
const lengths = [70, 1, 128];
const table = [
  [7, 0, 11, -1],
  [3, -1, -1, -1],
  [10, 2, 5, 8],
]; // −1: no page, and never read
const q = Tensor.random([lengths.length, heads, D], f16, { low: -2, high: 2, seed: 1 });
const cache = (seed: number): Tensor<'f8e4m3'> => {
  const made = Tensor.full([pages * PAGE, D], Number.NaN, f8e4m3);
  lengths.forEach((length, b) => {
    for (let i = 0; i < length; i++) {
      const row = table[b]![Math.floor(i / PAGE)]! * PAGE + (i % PAGE);
      const values = Tensor.random([1, D], f8e4m3, { low: -100, high: 100, seed: seed + 1000 * b + i });
      made.data.set(values.data, row * D);
    }
  });
  return made;
};
const [kPages, vPages] = [cache(2), cache(3)];
const scale = 0.02;
const out = Tensor.full([lengths.length, heads, D], Number.NaN, f16, { device });
await pagedDecode({ heads, D })({
  q: await q.to(device),
  kPages: await kPages.to(device),
  vPages: await vPages.to(device),
  scale: await Tensor.from([scale], f32).to(device),
  lengths: await Tensor.from(lengths, i32).to(device),
  table: await Tensor.from(table, i32).to(device),
  out,
});

const [qs, ks, vs] = await Promise.all([q, kPages, vPages].map((t) => t.toFloat64Array()));
const want = new Float64Array(qs!.length);
lengths.forEach((length, b) => {
  const rowOf = (i: number): number => (table[b]![Math.floor(i / PAGE)]! * PAGE + (i % PAGE)) * D;
  for (let h = 0; h < heads; h++) {
    const at = (b * heads + h) * D;
    const weights = Array.from({ length }, (_, i) => {
      let score = 0;
      for (let d = 0; d < D; d++) score += qs![at + d]! * ks![rowOf(i) + d]! * scale;
      return Math.exp(score / Math.sqrt(D));
    });
    const total = weights.reduce((x, y) => x + y);
    weights.forEach((w, i) => {
      for (let d = 0; d < D; d++) want[at + d]! += (w / total) * vs![rowOf(i) + d]! * scale;
    });
  }
});
await check('paged attention', out, want, { atol: 2e-3, rtol: 2e-3 });
