/** Two requests with new tokens and a paged FP8 cache of old ones, filled with random numbers. */
import { f8e4m3, f16, f32, i32, Tensor } from 'tilec';
import { encodeE4m3 } from './e4m3.ts';

export const SHAPE = { heads: 8, headsKv: 2, dim: 128, pageSize: 64 } as const;
const NEW = [33, 48];
const OLD = [67, 80];
const K_SCALE = 0.02;
const V_SCALE = 0.025;
/** What slots of the cache hold that no token is in: large, so that whoever reads them is found out. */
const POISON = encodeE4m3(416);

const { heads, headsKv, dim, pageSize } = SHAPE;
export const batch = NEW.length;
export const rowElements = headsKv * dim;
const total = NEW.reduce((a, b) => a + b, 0);
const pagesOf = NEW.map((n, b) => Math.ceil((n + OLD[b]!) / pageSize));
const numPages = pagesOf.reduce((a, b) => a + b, 0) + 1;
const columns = Math.max(...pagesOf);

/** The same normal numbers at every run. */
function makeNormal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** The tensors that both kernels are called with, on the CPU. The output starts as NaN. */
export function makeWorkload() {
  const normal = makeNormal(7);
  const normals = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, () => 0.5 * normal());
  const cuSeqlensQ = [0];
  for (const n of NEW) cuSeqlensQ.push(cuSeqlensQ.at(-1)! + n);

  // Physical pages in the order even, odd: a request's pages do not lie side by side.
  const physical = Array.from({ length: numPages }, (_, i) => i);
  const order = [...physical.filter((i) => i % 2 === 0), ...physical.filter((i) => i % 2 === 1)];
  const blockTable = pagesOf.flatMap((count) => [
    ...order.splice(0, count),
    ...Array<number>(columns - count).fill(-1),
  ]);

  const pages = (scale: number): Uint8Array<ArrayBuffer> => {
    const codes = new Uint8Array(numPages * pageSize * rowElements).fill(POISON);
    for (let b = 0; b < batch; b++)
      for (let position = 0; position < OLD[b]!; position++) {
        const row = blockTable[b * columns + Math.floor(position / pageSize)]! * pageSize + (position % pageSize);
        for (let e = 0; e < rowElements; e++) codes[row * rowElements + e] = encodeE4m3((0.5 * normal()) / scale);
      }
    return codes;
  };
  const cacheShape = [numPages * pageSize, headsKv, dim];
  return {
    q: Tensor.from(normals(total * heads * dim), f16, [total, heads, dim]),
    kNew: Tensor.from(normals(total * rowElements), f16, [total, headsKv, dim]),
    vNew: Tensor.from(normals(total * rowElements), f16, [total, headsKv, dim]),
    kPages: Tensor.fromRaw(pages(K_SCALE), f8e4m3, cacheShape),
    vPages: Tensor.fromRaw(pages(V_SCALE), f8e4m3, cacheShape),
    kScale: Tensor.from([K_SCALE], f32),
    vScale: Tensor.from([V_SCALE], f32),
    cuSeqlensQ: Tensor.from(cuSeqlensQ, i32),
    cacheSeqlens: Tensor.from(OLD, i32),
    blockTable: Tensor.from(blockTable, i32, [batch, columns]),
    out: Tensor.full([total, heads, dim], Number.NaN, f16),
  };
}
export type Workload = ReturnType<typeof makeWorkload>;
