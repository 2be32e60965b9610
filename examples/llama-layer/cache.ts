/** The paged FP8 cache of a server: its tensors, which pages are free, and which are whose. */
import { type DeviceName, f8e4m3, f32, Tensor } from 'tilec';
import type { LayerConfig } from './model.ts';

export class PagedCache {
  /** [pages · pageSize, headsKv, dim] */
  readonly kPages: Tensor<'f8e4m3'>;
  readonly vPages: Tensor<'f8e4m3'>;
  readonly kScale: Tensor<'f32'>;
  readonly vScale: Tensor<'f32'>;
  /** Tokens that each request has in the cache. */
  readonly lengths: Int32Array;
  /** [requests, columns]: the physical pages of each request, in order; −1 where it has none. */
  readonly table: Int32Array;
  readonly columns: number;
  readonly #pageSize: number;
  readonly #free: number[];

  private constructor(requests: number, columns: number, pageSize: number, pages: number, tensors: CacheTensors) {
    ({ kPages: this.kPages, vPages: this.vPages, kScale: this.kScale, vScale: this.vScale } = tensors);
    this.lengths = new Int32Array(requests);
    this.table = new Int32Array(requests * columns).fill(-1);
    this.columns = columns;
    this.#pageSize = pageSize;
    // A server that has run for a while hands out pages in no order: odd ones first, here.
    const ids = Array.from({ length: pages }, (_, i) => i);
    this.#free = [...ids.filter((i) => i % 2 === 0), ...ids.filter((i) => i % 2 === 1)];
  }

  /** Room for `pages` pages; a request may have up to `columns` of them. */
  static async create(
    c: LayerConfig,
    requests: number,
    columns: number,
    pages: number,
    device: DeviceName,
  ): Promise<PagedCache> {
    const { headsKv, dim, pageSize, kScale, vScale } = c;
    const shape = [pages * pageSize, headsKv, dim];
    // NaN everywhere: an operator that read what no token has been written to would be found out.
    const tensors = {
      kPages: Tensor.full(shape, Number.NaN, f8e4m3, { device }),
      vPages: Tensor.full(shape, Number.NaN, f8e4m3, { device }),
      kScale: await Tensor.from([kScale], f32).to(device),
      vScale: await Tensor.from([vScale], f32).to(device),
    };
    return new PagedCache(requests, columns, pageSize, pages, tensors);
  }

  /** Sees to it that the request has pages for `tokens` more. */
  reserve(request: number, tokens: number): void {
    const length = this.lengths[request]!;
    const needed = Math.ceil((length + tokens) / this.#pageSize);
    for (let p = Math.ceil(length / this.#pageSize); p < needed; p++) {
      const page = this.#free.pop();
      if (page === undefined) throw new Error('no page is free: a server would let the request wait, or evict another');
      this.table[request * this.columns + p] = page;
    }
  }

  /** The request's pages, in order. */
  pagesOf(request: number): readonly number[] {
    const row = this.table.subarray(request * this.columns, (request + 1) * this.columns);
    return [...row].filter((page) => page >= 0);
  }

  get pagesInUse(): number {
    return this.table.filter((page) => page >= 0).length;
  }
}

interface CacheTensors {
  readonly kPages: Tensor<'f8e4m3'>;
  readonly vPages: Tensor<'f8e4m3'>;
  readonly kScale: Tensor<'f32'>;
  readonly vScale: Tensor<'f32'>;
}
