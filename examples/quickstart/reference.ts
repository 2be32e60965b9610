/** What the two kernels should have done, in 64-bit floating point and one token at a time. */
import { f16, type Raw } from 'tilec';
import { decodeE4m3, encodeE4m3 } from './e4m3.ts';
import { batch, rowElements, SHAPE, type Workload } from './workload.ts';

const { heads, headsKv, dim, pageSize } = SHAPE;

/** The inputs as numbers, taken before the kernels run. */
export interface Inputs {
  readonly q: Float64Array;
  readonly kNew: Float64Array;
  readonly vNew: Float64Array;
  readonly kPages: Uint8Array;
  readonly vPages: Uint8Array;
  readonly kScale: number;
  readonly vScale: number;
  readonly starts: Raw<'i32'>;
  readonly old: Raw<'i32'>;
  readonly blockTable: Raw<'i32'>;
  readonly columns: number;
}

export async function inputsOf(w: Workload): Promise<Inputs> {
  const [q, kNew, vNew] = await Promise.all([w.q, w.kNew, w.vNew].map((t) => t.toFloat64Array()));
  return {
    q: q!,
    kNew: kNew!,
    vNew: vNew!,
    kPages: await w.kPages.toRaw(),
    vPages: await w.vPages.toRaw(),
    kScale: w.kScale.data[0]!,
    vScale: w.vScale.data[0]!,
    starts: await w.cuSeqlensQ.toRaw(),
    old: await w.cacheSeqlens.toRaw(),
    blockTable: await w.blockTable.toRaw(),
    columns: w.blockTable.shape[1]!,
  };
}

/** The row of the pages that holds a position of a request. */
const slotOf = (x: Inputs, request: number, position: number): number =>
  x.blockTable[request * x.columns + Math.floor(position / pageSize)]! * pageSize + (position % pageSize);

/** Causal attention of each new token over the old ones of its request and the new ones up to itself. */
export function attention(x: Inputs): Float64Array {
  const out = new Float64Array(x.q.length);
  for (let b = 0; b < batch; b++) {
    const old = x.old[b]!;
    const first = x.starts[b]!;
    for (let t = first; t < x.starts[b + 1]!; t++)
      for (let h = 0; h < heads; h++) {
        const head = Math.floor(h / (heads / headsKv)) * dim;
        const count = old + t - first + 1;
        /** Element d of the key or value at a position: from the pages, dequantised to f16, or from the chunk. */
        const at = (pages: Uint8Array, scale: number, chunk: Float64Array, position: number, d: number): number =>
          position < old
            ? f16(Math.fround(decodeE4m3(pages[slotOf(x, b, position) * rowElements + head + d]!) * scale))
            : chunk[(first + position - old) * rowElements + head + d]!;
        const query = (t * heads + h) * dim;
        const scores = Float64Array.from({ length: count }, (_, j) => {
          let sum = 0;
          for (let d = 0; d < dim; d++) sum += x.q[query + d]! * at(x.kPages, x.kScale, x.kNew, j, d);
          return sum / Math.sqrt(dim);
        });
        const largest = scores.reduce((a, s) => Math.max(a, s), -Infinity);
        const weights = scores.map((s) => Math.exp(s - largest));
        const total = weights.reduce((a, w) => a + w, 0);
        for (let d = 0; d < dim; d++) {
          let sum = 0;
          for (let j = 0; j < count; j++) sum += weights[j]! * at(x.vPages, x.vScale, x.vNew, j, d);
          out[query + d] = sum / total;
        }
      }
  }
  return out;
}

/** The pages after the chunk is appended: e4m3(x / scale) in the new tokens' slots, all else as it was. */
export function appended(x: Inputs): { readonly kPages: Uint8Array; readonly vPages: Uint8Array } {
  const kPages = x.kPages.slice();
  const vPages = x.vPages.slice();
  for (let b = 0; b < batch; b++)
    for (let t = x.starts[b]!; t < x.starts[b + 1]!; t++) {
      const row = slotOf(x, b, x.old[b]! + t - x.starts[b]!) * rowElements;
      for (let e = 0; e < rowElements; e++) {
        kPages[row + e] = encodeE4m3(x.kNew[t * rowElements + e]! / x.kScale);
        vPages[row + e] = encodeE4m3(x.vNew[t * rowElements + e]! / x.vScale);
      }
    }
  return { kPages, vPages };
}
