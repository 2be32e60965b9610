import { combineSplits, gqaPagedDecode } from '../../kernels/gqaPagedDecode.ts';
import { MANIFEST } from '../../manifest/index.ts';
import type { ParamsOf } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { f32 } from '../dsl/dtypes.ts';
import { Device } from '../runtime/device.ts';
import { Tensor } from '../runtime/tensor.ts';
import { type Cache, checkLengths, checkPages, checkScales } from './checks/paged.ts';
import type { Contents } from './contents.ts';
import { OperatorError } from './error.ts';
import { kernelOf } from './kernels.ts';
import { blocksPerMultiprocessor } from './occupancy.ts';
import { type Call, Operator, type OperatorOptions, type Step, type Workspace } from './operator.ts';
import type { Sizes } from './signature.ts';

/** Blocks a multiprocessor that are reckoned with as long as the kernel is not compiled, so that its needs are not known. */
const BLOCKS_EXPECTED = 8;
/** A part of the sequence shorter than this costs more to combine than it saves. */
const SHORTEST_PART = 128;
const MOST_PARTS = 128;
/** On the CPU parts gain nothing, but they are there so that both backends run the same program. */
const PARTS_ON_CPU = 4;

/**
 * Parts of the sequences. Each is a block for each of `rows` (requests times key heads): as many as the GPU runs at once,
 * `resident` blocks. One more would leave most multiprocessors idle while the last blocks run.
 */
export function partsFor(rows: number, resident: number, mostTokens: number): number {
  const useful = Math.min(MOST_PARTS, Math.ceil(mostTokens / SHORTEST_PART));
  return Math.max(1, Math.min(useful, Math.floor(resident / Math.max(1, rows))));
}

/**
 * Grouped-query attention of one token a request over its paged cache, which holds it already:
 * `run({ q, kPages, vPages, kScale, vScale, cacheSeqlens, blockTable, out })`; the scales for an FP8 cache only. Two
 * launches: parts of the sequences, then their combination. Scratch: (dim + 1) · 4 bytes a part, request and head. The
 * option `splits` fixes the number of parts; without it `workspace` knows the best one once the kernels are compiled.
 */
export class GqaPagedDecode extends Operator<typeof MANIFEST.gqaPagedDecode> {
  readonly #steps: readonly Step[];
  readonly #splits: number | undefined;
  constructor(
    params: ParamsOf<typeof MANIFEST.gqaPagedDecode>,
    options: OperatorOptions<typeof MANIFEST.gqaPagedDecode> & { readonly splits?: number } = {},
  ) {
    super(MANIFEST.gqaPagedDecode, params, options, ['cacheSeqlens', 'blockTable', 'kScale', 'vScale']);
    const { heads, dim, dtype } = this.params;
    const { splits } = options;
    if (splits !== undefined && !(Number.isSafeInteger(splits) && splits >= 1))
      throw new OperatorError(this.entry.name, msg.badParam('splits', msg.integerIn(1, undefined), splits));
    this.#splits = splits;
    this.#steps = [
      {
        kernel: kernelOf(gqaPagedDecode, { ...this.params, ...this.config }),
        args: ({ args: { out: _, ...inputs } }, { partial, weight }) => ({ ...inputs, partial, weight }),
      },
      {
        kernel: kernelOf(combineSplits, { heads, dim, dtype }),
        args: ({ args: { out } }, { partial, weight }) => ({ partial, weight, out }),
      },
    ];
  }

  protected override steps({ sizes }: Call): readonly Step[] {
    return sizes.get('batch') === 0 ? [] : this.#steps;
  }

  protected override scratch({ sizes, device, stream }: Call): Workspace {
    const { heads, dim } = this.params;
    const batch = sizes.get('batch');
    const splits = this.#splits ?? this.#parts(sizes, device);
    const at = { device, stream };
    return {
      partial: Tensor.empty([splits, batch, heads, dim], f32, at),
      weight: Tensor.empty([splits, batch, heads], f32, at),
    };
  }

  /** From what the host knows without reading lengths back: the longest that a request could be. */
  #parts(sizes: Sizes, device: Tensor['device']): number {
    const { headsKv, pageSize } = this.params;
    const rows = headsKv * sizes.get('batch');
    const most = sizes.get('maxPagesPerReq') * pageSize;
    if (!(device instanceof Device)) return partsFor(rows, rows * PARTS_ON_CPU, most);
    const compiled = this.#steps[0]!.kernel.on(device.toString());
    const blocks = compiled ? blocksPerMultiprocessor(compiled.info, device) : BLOCKS_EXPECTED;
    return partsFor(rows, device.multiprocessors * blocks, most);
  }

  protected override checkContents(c: Contents, sizes: Sizes): void {
    const cache: Cache = {
      operator: this.entry.name,
      batch: sizes.get('batch'),
      numPages: sizes.get('numPages'),
      pageSize: this.params.pageSize,
      maxPagesPerReq: sizes.get('maxPagesPerReq'),
    };
    checkScales(cache.operator, c);
    const { cacheSeqlens: lengths, blockTable: table } = c;
    if (!lengths) return;
    checkLengths(cache, lengths);
    if (table) checkPages(cache, table, lengths);
  }
}
