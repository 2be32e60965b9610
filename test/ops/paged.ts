/** Reference inputs as tensors, and the whole check of one prefill. */
import type { f32 } from 'tilec';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import type { DType } from '../../src/ir/dtype.ts';
import { GqaPagedPrefill, type KernelConfig, type RunOptions } from '../../src/ops/index.ts';
import { Device } from '../../src/runtime/device.ts';
import { Tensor as T, type Tensor } from '../../src/runtime/tensor.ts';
import { appendPagedKv } from '../reference/append.ts';
import { type AttentionOptions, pagedPrefill } from '../reference/attention.ts';
import { type Difference, difference, expectBytes, expectClose, TOLERANCES } from '../reference/compare.ts';
import { e4m3Bytes } from '../reference/numbers.ts';
import type { PagedInputs } from '../reference/paged.ts';

export type DeviceUnderTest = 'cpu' | 'cuda';
/** The CPU, and the GPU where there is one. */
export const DEVICES: readonly DeviceUnderTest[] = Device.available() ? ['cpu', 'cuda'] : ['cpu'];

/** Tiles that keep a case on the CPU short. Which way pages are read depends on BN and the page size alone. */
export const SMALL: KernelConfig = { BM: 32, BN: 64, threads: 64 };

/** On the device; f8e4m3 values are exact codes already. */
export async function tensor(
  values: ArrayLike<number>,
  dtype: DType,
  shape: readonly number[],
  device: DeviceUnderTest = 'cpu',
): Promise<Tensor> {
  const on = T.from(values as readonly number[], DTYPE_VALUES[dtype] as typeof f32, shape);
  return device === 'cpu' ? on : on.to(device);
}

/** Raw bytes, wherever the tensor is. */
export async function bytes(t: Tensor): Promise<Uint8Array> {
  const raw = await t.toRaw();
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
}

export type PagedTensors = Record<
  'q' | 'kNew' | 'vNew' | 'kPages' | 'vPages' | 'cuSeqlensQ' | 'cacheSeqlens' | 'blockTable' | 'out',
  Tensor
> &
  Partial<Record<'kScale' | 'vScale' | 'cos' | 'sin', Tensor>>;

export async function pagedTensors(p: PagedInputs, device: DeviceUnderTest = 'cpu'): Promise<PagedTensors> {
  const { heads, headsKv, dim, pageSize, dtype, cacheDtype, totalQ, batch } = p;
  const make = (v: ArrayLike<number>, d: DType, ...shape: number[]) => tensor(v, d, shape, device);
  const pages = [p.numPages * pageSize, headsKv, dim];
  const half = (p.rope?.rotaryDim ?? 0) / 2;
  return {
    q: await make(p.q, dtype, totalQ, heads, dim),
    kNew: await make(p.kNew, dtype, totalQ, headsKv, dim),
    vNew: await make(p.vNew, dtype, totalQ, headsKv, dim),
    kPages: await make(p.kPages, cacheDtype, ...pages),
    vPages: await make(p.vPages, cacheDtype, ...pages),
    ...(cacheDtype === 'f8e4m3'
      ? { kScale: await make([p.kScale], 'f32', 1), vScale: await make([p.vScale], 'f32', 1) }
      : {}),
    cuSeqlensQ: await make(p.cuSeqlensQ, 'i32', batch + 1),
    cacheSeqlens: await make(p.cacheSeqlens, 'i32', batch),
    blockTable: await make(p.blockTable, 'i32', batch, p.maxPagesPerReq),
    ...(p.rope
      ? {
          cos: await make(p.rope.cos, 'f32', p.rope.cos.length / half, half),
          sin: await make(p.rope.sin, 'f32', p.rope.sin.length / half, half),
        }
      : {}),
    out: await make(new Float64Array(totalQ * heads * dim).fill(NaN), dtype, totalQ, heads, dim),
  };
}

/** The operator for the inputs. */
export const operatorFor = (
  p: PagedInputs,
  o: AttentionOptions = {},
  config: KernelConfig = SMALL,
): GqaPagedPrefill => {
  const { heads, headsKv, dim, pageSize, dtype, cacheDtype } = p;
  return new GqaPagedPrefill(
    { heads, headsKv, dim, pageSize, dtype, cacheDtype, rotaryDim: p.rope?.rotaryDim ?? 0, ...o },
    { config },
  );
};

/** The bytes of reference cache values. */
export async function cacheBytes(values: Float64Array, dtype: PagedInputs['cacheDtype']): Promise<Uint8Array> {
  return dtype === 'f8e4m3' ? e4m3Bytes(values) : bytes(await tensor(values, dtype, [values.length]));
}

/** Throws unless the pages hold exactly what the reference append leaves there, byte for byte. */
export async function expectAppended(t: Pick<PagedTensors, 'kPages' | 'vPages'>, p: PagedInputs): Promise<void> {
  const after = appendPagedKv(p);
  for (const name of ['kPages', 'vPages'] as const)
    expectBytes(await bytes(t[name]), await cacheBytes(after[name], p.cacheDtype), name);
}

/** Runs a prefill and compares its output and its cache; gives how far the output was off. */
export async function checkPrefill(
  p: PagedInputs,
  o: AttentionOptions = {},
  {
    device = 'cpu',
    config,
    ...run
  }: RunOptions & { readonly device?: DeviceUnderTest; readonly config?: KernelConfig } = {},
): Promise<Difference> {
  const t = await pagedTensors(p, device);
  await operatorFor(p, o, config).run(t, run);
  const got = await t.out.toFloat64Array();
  const want = pagedPrefill(p, o);
  const tolerance = p.cacheDtype === 'f8e4m3' ? TOLERANCES.fp8Cache : TOLERANCES[p.dtype];
  expectClose(got, want, tolerance, 'out');
  await expectAppended(t, p);
  return difference(got, want, tolerance);
}
