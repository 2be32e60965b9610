/** Attention of kinds that the operators do not have. */
import { f16, f32 } from 'tilec';
import { describe, it } from 'vitest';
import { DEVICES } from '../ops/paged.ts';
import { expectClose } from '../reference/compare.ts';
import { normals, random } from '../reference/random.ts';
import { gatedLinearAttention } from './kernels/linearAttention.ts';
import { slidingWindow } from './kernels/slidingWindow.ts';
import { tensorsOn } from './tensors.ts';

interface Attention {
  readonly batch: number;
  readonly seq: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly D: number;
  readonly q: Float64Array;
  readonly k: Float64Array;
  readonly v: Float64Array;
  readonly sink: Float64Array;
}

/** [batch, seq, heads, D]. */
function windowed({ batch, seq, heads, kvHeads, D, q, k, v, sink }: Attention, window: number): Float64Array {
  const out = new Float64Array(q.length);
  for (let row = 0; row < batch * seq; row++)
    for (let h = 0; h < heads; h++) {
      const at = (row * heads + h) * D;
      const group = Math.floor(h / (heads / kvHeads));
      let sum = Math.exp(sink[h]!);
      const position = row % seq;
      for (let back = Math.min(window - 1, position); back >= 0; back--) {
        const key = ((row - back) * kvHeads + group) * D;
        let score = 0;
        for (let d = 0; d < D; d++) score += q[at + d]! * k[key + d]!;
        const weight = Math.exp(score / Math.sqrt(D));
        sum += weight;
        for (let d = 0; d < D; d++) out[at + d]! += weight * v[key + d]!;
      }
      for (let d = 0; d < D; d++) out[at + d]! /= sum;
    }
  return out;
}

/** The recurrence, a step at a time: o [batch, seq, D]. */
function recurrent(batch: number, seq: number, D: number, x: Record<'q' | 'k' | 'v' | 'g', Float64Array>) {
  const out = new Float64Array(batch * seq * D);
  for (let b = 0; b < batch; b++) {
    const state = new Float64Array(D * D);
    for (let s = b * seq; s < (b + 1) * seq; s++) {
      const keep = Math.exp(x.g[s]!);
      for (let i = 0; i < D; i++)
        for (let j = 0; j < D; j++) {
          state[i * D + j] = state[i * D + j]! * keep + x.k[s * D + i]! * x.v[s * D + j]!;
          out[s * D + j]! += x.q[s * D + i]! * state[i * D + j]!;
        }
    }
  }
  return out;
}

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);
  const r = random(22);

  it.each([1, 37, 1000])('a window of %i, with sinks', async (window) => {
    const [batch, seq, heads, kvHeads, D] = [2, 130, 4, 2, 80];
    const q = normals(r, batch * seq * heads * D, 'f16', 1.5);
    const k = normals(r, batch * seq * kvHeads * D, 'f16');
    const v = normals(r, batch * seq * kvHeads * D, 'f16');
    const sink = normals(r, heads, 'f32');
    const O = await make.poisoned(f16, [batch, seq, heads, D]);
    await slidingWindow({ heads, kvHeads, D })({
      Q: await make.of(f16, [batch, seq, heads, D], q),
      K: await make.of(f16, [batch, seq, kvHeads, D], k),
      V: await make.of(f16, [batch, seq, kvHeads, D], v),
      sink: await make.of(f32, [heads], sink),
      window,
      O,
    });
    const want = windowed({ batch, seq, heads, kvHeads, D, q, k, v, sink }, window);
    expectClose(await O.toFloat64Array(), want, { atol: 2e-3, rtol: 1e-3 });
  });

  it('gated linear attention', async () => {
    const [batch, seq, D] = [2, 100, 64];
    const q = normals(r, batch * seq * D, 'f16', 0.2);
    const k = normals(r, batch * seq * D, 'f16', 0.2);
    const v = normals(r, batch * seq * D, 'f16', 0.2);
    const g = Float64Array.from({ length: batch * seq }, () => Math.fround(-0.2 * r.uniform()));
    const o = await make.poisoned(f32, [batch, seq, D]);
    await gatedLinearAttention({ D })({
      q: await make.of(f16, [batch, seq, D], q),
      k: await make.of(f16, [batch, seq, D], k),
      v: await make.of(f16, [batch, seq, D], v),
      g: await make.of(f32, [batch, seq], g),
      o,
    });
    // Scores and state go through f16 on the way to the tensor cores.
    expectClose(await o.toFloat64Array(), recurrent(batch, seq, D, { q, k, v, g }), { atol: 2e-3, rtol: 2e-3 });
  });
});
