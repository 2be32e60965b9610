/** What the operators are told of a step: how many tokens of each request are new, and where its cache lies. */
import { type DeviceName, i32, Tensor } from 'tilec';
import type { PagedCache } from './cache.ts';

/** Index tensors, by their names in the operators; `after` is `cacheSeqlens` once the step's tokens are appended. */
type Name = 'cuSeqlensQ' | 'cacheSeqlens' | 'after' | 'blockTable';

export class Batch {
  /** On the device, made once: their addresses stay, so that a captured graph could read them too. */
  readonly tensors: Readonly<Record<Name, Tensor<'i32'>>>;
  /**
   * The same on the host. Operators check page tables and lengths before they launch anything; given these copies, they need
   * not wait for the GPU to read the tensors back.
   */
  readonly host: Readonly<Record<Name, Int32Array<ArrayBuffer>>>;

  constructor(requests: number, columns: number, device: DeviceName) {
    const sizes = {
      cuSeqlensQ: [requests + 1],
      cacheSeqlens: [requests],
      after: [requests],
      blockTable: [requests, columns],
    };
    const tensor = (name: Name) => Tensor.zeros(sizes[name], i32, { device });
    const host = (name: Name) => new Int32Array(sizes[name].reduce((a, b) => a * b));
    const of = <X>(make: (name: Name) => X): Record<Name, X> => ({
      cuSeqlensQ: make('cuSeqlensQ'),
      cacheSeqlens: make('cacheSeqlens'),
      after: make('after'),
      blockTable: make('blockTable'),
    });
    this.tensors = of(tensor);
    this.host = of(host);
  }

  /** Plans a step of `counts[r]` new tokens of request r: takes pages for them and fills the tensors. */
  async plan(counts: readonly number[], cache: PagedCache): Promise<void> {
    const { cuSeqlensQ, cacheSeqlens, after, blockTable } = this.host;
    counts.forEach((n, r) => {
      cache.reserve(r, n);
      cuSeqlensQ[r + 1] = cuSeqlensQ[r]! + n;
      cacheSeqlens[r] = cache.lengths[r]!;
      after[r] = cache.lengths[r]! + n;
    });
    blockTable.set(cache.table);
    for (const name of Object.keys(this.host) as Name[]) await this.tensors[name].copyFrom(this.host[name]);
  }
}
