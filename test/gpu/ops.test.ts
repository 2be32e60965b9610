/** Operators on a GPU: graphs, synchronisations, waiting streams. `test/ops` runs all its numerical tests here as well. */
import { expect, it, vi } from 'vitest';
import { GqaPagedDecode, QuantizeFp8Tensor } from '../../src/ops/index.ts';
import { Device } from '../../src/runtime/device.ts';
import { Graph } from '../../src/runtime/graph.ts';
import { Stream } from '../../src/runtime/stream.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { expectAppended, operatorFor, type PagedTensors, pagedTensors, tensor } from '../ops/paged.ts';
import { pagedDecode, pagedPrefill } from '../reference/attention.ts';
import { expectClose, TOLERANCES } from '../reference/compare.ts';
import { type PagedInputs, type PagedOptions, pagedInputs } from '../reference/paged.ts';
import { onGpu } from './gpu.ts';

const CASE = {
  heads: 4,
  headsKv: 2,
  dim: 64,
  pageSize: 16,
  dtype: 'bf16',
  cacheDtype: 'f8e4m3',
  newLens: [5, 9],
  oldLens: [20, 3],
  rotaryDim: 32,
  maxPosition: 32,
} as const satisfies PagedOptions;

onGpu('operators on a GPU', () => {
  it('a captured prefill replays over what its tensors hold by then', async () => {
    const device = Device.get();
    const p = pagedInputs(CASE);
    const op = operatorFor(p);
    const t = await pagedTensors(p, 'cuda');
    await op.prepare(t);
    using graph = await Graph.capture(device, () => op.launch(t, { validate: 'none' }));
    const other = pagedInputs({
      ...CASE,
      newLens: [11, 3],
      oldLens: [2, 29],
      maxPosition: 32,
      seed: 9,
      order: 'shuffled',
    });
    const theirs = await pagedTensors({ ...other, maxPagesPerReq: p.maxPagesPerReq }, 'cpu');
    for (const name of Object.keys(t) as (keyof PagedTensors)[]) {
      const target = t[name] as Tensor;
      if (name !== 'cos' && name !== 'sin') await target.copyFrom(theirs[name] as Tensor);
    }
    graph.launch();
    await device.stream.synchronize();
    const inputs = { ...other, rope: p.rope };
    expectClose(await t.out.toFloat64Array(), pagedPrefill(inputs), TOLERANCES.fp8Cache);
    await expectAppended(t, inputs);
  });

  it('captured calls keep their scratch memory', async () => {
    const device = Device.get();
    const x = await tensor([1, -3, 2, 0], 'f32', [1, 4], 'cuda');
    const out = await tensor(new Float64Array(4), 'f8e4m3', [1, 4], 'cuda');
    const scale = await tensor([0], 'f32', [1], 'cuda');
    const quantize = new QuantizeFp8Tensor({ n: 4, dtype: 'f32' });
    await quantize.prepare({ x, out, scale });
    using graph = await Graph.capture(device, () => quantize.launch({ x, out, scale }));
    for (const [values, largest] of [
      [[1, -3, 2, 0], 3],
      [[0.5, 0.25, 0, 0], 0.5],
    ] as const) {
      await x.copyFrom(values);
      graph.launch();
      await device.stream.synchronize();
      expect(await scale.toFloat64Array()).toEqual(Float64Array.of(Math.fround(largest / 448)));
    }
  });

  it('a captured decode step replays over longer requests, in a workspace of its own', async () => {
    const device = Device.get();
    const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = CASE;
    const inputs = (oldLens: readonly number[], seed: number) =>
      pagedInputs({ ...CASE, rotaryDim: 0, newLens: [0, 0], oldLens, order: 'shuffled', seed });
    const p = inputs([700, 90], 3);
    const later = inputs([701, 640], 4);
    const values = pagedInputs({ ...CASE, newLens: [1, 1] }).q;
    const op = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype });
    const columns = Math.max(p.maxPagesPerReq, later.maxPagesPerReq);
    const numPages = Math.max(p.numPages, later.numPages);
    const tensors = async (x: typeof p, on: 'cpu' | 'cuda') => {
      const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors(widened(x, columns, numPages), on);
      return { ...t, q: await tensor(values, dtype, [2, heads, dim], on) };
    };
    const out = await tensor(new Float64Array(values.length).fill(NaN), dtype, [2, heads, dim], 'cuda');
    const call = { ...(await tensors(p, 'cuda')), out };
    await op.prepare(call);
    const workspace = op.workspace(call);
    using graph = await Graph.capture(device, () => op.launch(call, { validate: 'none', workspace }));
    for (const x of [p, later]) {
      const theirs = await tensors(x, 'cpu');
      for (const name of ['kPages', 'vPages', 'cacheSeqlens', 'blockTable'] as const)
        await (call[name] as Tensor).copyFrom(theirs[name] as Tensor);
      graph.launch();
      await device.stream.synchronize();
      expectClose(await out.toFloat64Array(), pagedDecode({ ...x, q: values }), TOLERANCES.fp8Cache);
    }
  });

  it('validation reads the index tensors back in one synchronisation', async () => {
    const p = pagedInputs(CASE);
    const t = await pagedTensors(p, 'cuda');
    const op = operatorFor(p);
    await op.run(t);
    const marks = vi.spyOn(Stream.prototype, 'mark');
    await op.run(t);
    expect(marks).toHaveBeenCalledTimes(1);
    marks.mockRestore();
  });

  it('work goes to the stream that is named, and the next of the default one waits where told to', async () => {
    const device = Device.get();
    using stream = new Stream(device);
    const p = pagedInputs({ ...CASE, newLens: [0, 0], oldLens: [700, 90], rotaryDim: 0 });
    const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = CASE;
    const op = new GqaPagedDecode({ heads, headsKv, dim, pageSize, dtype, cacheDtype });
    const { kNew: _, vNew: __, cuSeqlensQ: ___, ...t } = await pagedTensors(p, 'cuda');
    const values = pagedInputs({ ...CASE, newLens: [1, 1] }).q;
    const q = await tensor(values, dtype, [2, heads, dim], 'cuda');
    const out = await tensor(new Float64Array(2 * heads * dim).fill(NaN), dtype, [2, heads, dim], 'cuda');
    await op.run({ ...t, q, out }, { stream });
    await stream.synchronize();
    expectClose(await out.toFloat64Array(), pagedDecode({ ...p, q: values }), TOLERANCES.fp8Cache);
  });
});

/** The same cache in more pages and wider page tables. */
function widened(p: PagedInputs, columns: number, numPages: number): PagedInputs {
  const blockTable = new Int32Array(p.batch * columns).fill(-1);
  for (let b = 0; b < p.batch; b++)
    blockTable.set(p.blockTable.subarray(b * p.maxPagesPerReq, (b + 1) * p.maxPagesPerReq), b * columns);
  const more = (pages: Float64Array): Float64Array => {
    const all = new Float64Array(numPages * p.pageSize * p.headsKv * p.dim);
    all.set(pages);
    return all;
  };
  return { ...p, blockTable, maxPagesPerReq: columns, numPages, kPages: more(p.kPages), vPages: more(p.vPages) };
}
