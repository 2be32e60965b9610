/** Operators over a paged cache. */
import { appendPagedKv } from '../../kernels/appendPagedKv.ts';
import { gqaPagedPrefill } from '../../kernels/gqaPagedPrefill.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { ParamsOf } from '../../manifest/schema.ts';
import { type Cache, checkAppend } from './checks/paged.ts';
import type { Contents } from './contents.ts';
import { type KernelConfig, kernelOf } from './kernels.ts';
import { type Call, Operator, type OperatorOptions, type Step } from './operator.ts';
import { RowTiles } from './rowTiles.ts';
import type { Sizes } from './signature.ts';

/** The small tensors whose contents are checked, where the parameters call for them. */
export const INDICES: readonly string[] = ['cuSeqlensQ', 'cacheSeqlens', 'blockTable', 'kScale', 'vScale'];

const cacheOf = (operator: string, pageSize: number, sizes: Sizes): Cache => ({
  operator,
  batch: sizes.get('batch'),
  numPages: sizes.get('numPages'),
  pageSize,
  maxPagesPerReq: sizes.get('maxPagesPerReq'),
});

/** What the append takes of the tensors of a call. */
const appended = ({ args }: Call): Call['args'] => {
  const { q: _, out: __, ...rest } = args;
  return rest;
};

/**
 * Grouped-query attention of a chunk of new tokens a request over a paged cache and themselves, and their append to it:
 * `run({ q, kNew, vNew, kPages, vPages, kScale, vScale, cuSeqlensQ, cacheSeqlens, blockTable, cos, sin, out })`; the
 * scales for an FP8 cache only, the tables with `rotaryDim` only. Two launches, which read and write different rows of the
 * pages. On a GPU the first is one of two kernels, for many rows or for few.
 *
 * A NaN or an infinity in `kNew` reaches the rows that see it. One in `vNew` reaches those too, and may reach earlier rows of
 * the same tile of 64 or 128, whose weight of 0 it is multiplied by, as in other attention on matrix tiles.
 */
export class GqaPagedPrefill extends Operator<typeof MANIFEST.gqaPagedPrefill> {
  readonly #steps: RowTiles<readonly Step[]>;
  constructor(
    params: ParamsOf<typeof MANIFEST.gqaPagedPrefill>,
    options?: OperatorOptions<typeof MANIFEST.gqaPagedPrefill>,
  ) {
    super(MANIFEST.gqaPagedPrefill, params, options, INDICES);
    const { headsKv, dim, pageSize, dtype, cacheDtype, rotaryDim } = this.params;
    const append = { headsKv, dim, pageSize, dtype, cacheDtype, rotaryDim };
    const appends: Step = { kernel: kernelOf(appendPagedKv, append), args: appended };
    const steps = (tiles: KernelConfig): readonly Step[] => [
      { kernel: kernelOf(gqaPagedPrefill, { ...this.params, ...tiles }), args: (call) => call.args },
      appends,
    ];
    this.#steps = new RowTiles(steps, dim, this.config);
  }
  protected override steps({ sizes, device }: Call): readonly Step[] {
    const rows = sizes.get('totalQ');
    if (rows === 0) return [];
    return this.#steps.for({ rows, requests: sizes.get('batch'), heads: this.params.heads }, device);
  }
  protected override alternatives({ device }: Call): readonly Step[] {
    return Object.values(this.#steps.on(device)).flat();
  }
  protected override checkContents(contents: Contents, sizes: Sizes): void {
    const { pageSize, rotaryDim } = this.params;
    const cache = cacheOf(this.entry.name, pageSize, sizes);
    checkAppend(cache, contents, sizes.get('totalQ'), rotaryDim > 0 ? sizes.get('maxPosition') : undefined);
  }
}

/**
 * Writes new tokens to a paged cache: `run({ kNew, vNew, kPages, vPages, kScale, vScale, cuSeqlensQ, cacheSeqlens,
 * blockTable, cos, sin })`.
 */
export class AppendPagedKv extends Operator<typeof MANIFEST.appendPagedKv> {
  readonly #steps: readonly Step[];
  constructor(
    params: ParamsOf<typeof MANIFEST.appendPagedKv>,
    options?: OperatorOptions<typeof MANIFEST.appendPagedKv>,
  ) {
    super(MANIFEST.appendPagedKv, params, options, INDICES);
    this.#steps = [{ kernel: kernelOf(appendPagedKv, { ...this.params, ...this.config }), args: (call) => call.args }];
  }
  protected override steps({ sizes }: Call): readonly Step[] {
    return sizes.get('totalQ') === 0 ? [] : this.#steps;
  }
  protected override checkContents(contents: Contents, sizes: Sizes): void {
    const { pageSize, rotaryDim } = this.params;
    const cache = cacheOf(this.entry.name, pageSize, sizes);
    checkAppend(cache, contents, sizes.get('totalQ'), rotaryDim > 0 ? sizes.get('maxPosition') : undefined);
  }
}
