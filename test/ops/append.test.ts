/** The append: exact bytes over all magnitudes, and nothing else touched. */
import { describe, expect, it } from 'vitest';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import { AppendPagedKv } from '../../src/ops/index.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import { expectBytes } from '../reference/compare.ts';
import { roundAll } from '../reference/numbers.ts';
import { type PagedInputs, type PagedOptions, pagedInputs } from '../reference/paged.ts';
import { allMagnitudes, random } from '../reference/random.ts';
import { bytes, DEVICES, type DeviceUnderTest, expectAppended, pagedTensors } from './paged.ts';

const BASE = {
  heads: 2,
  headsKv: 2,
  dim: 32,
  pageSize: 16,
  dtype: 'f16',
  cacheDtype: 'f8e4m3',
  newLens: [17, 0, 33, 1],
  oldLens: [37, 4, 100, 15],
  order: 'shuffled',
} as const satisfies PagedOptions;

async function check(p: PagedInputs, device: DeviceUnderTest): Promise<void> {
  const { headsKv, dim, pageSize, dtype, cacheDtype, rope } = p;
  const op = new AppendPagedKv({ headsKv, dim, pageSize, dtype, cacheDtype, rotaryDim: rope?.rotaryDim ?? 0 });
  const { q: _, out: __, ...t } = await pagedTensors(p, device);
  await op.run(t);
  await expectAppended(t, p);
}

describe.each(DEVICES)('on %s', (device) => {
  for (const dtype of ['f16', 'bf16'] as const)
    for (const cacheDtype of [dtype, 'f8e4m3'] as const)
      for (const rotaryDim of [0, 16, 32])
        it(`${dtype} into ${cacheDtype}, ${rotaryDim ? `RoPE of ${rotaryDim}` : 'no RoPE'}`, () =>
          check(pagedInputs({ ...BASE, dtype, cacheDtype, rotaryDim }), device));
  for (const pageSize of [32, 64, 128])
    it(`pages of ${pageSize}`, () => check(pagedInputs({ ...BASE, pageSize }), device));
  it('three heads of 48', () => check(pagedInputs({ ...BASE, headsKv: 3, dim: 48, rotaryDim: 20 }), device));
  it('nothing new', () => check(pagedInputs({ ...BASE, newLens: [0, 0], oldLens: [3, 0] }), device));

  // Scales whose quotients need rounding, of every size.
  it.each([0.02, 3e-5, 0.7, 117, 1])(
    '2 M elements of all magnitudes (10 M with all scales), scale %d',
    { timeout: 300_000 },
    async (scale) => {
      const tokens = 1024;
      const inputs = pagedInputs({
        ...BASE,
        heads: 8,
        headsKv: 8,
        dim: 128,
        dtype: 'bf16',
        pageSize: 64,
        newLens: [tokens],
        oldLens: [5],
      });
      const r = random(Math.round(scale * 1e6));
      const exact = (lowExponent: number, highExponent: number) =>
        roundAll('bf16', allMagnitudes(r, tokens * 8 * 128, lowExponent, highExponent));
      // Half over all of f32, half about the range of e4m3, where roundings differ.
      const middle = Math.floor(Math.log2(scale));
      await check(
        {
          ...inputs,
          kNew: exact(-133, 126),
          vNew: exact(middle - 11, middle + 10),
          kScale: Math.fround(scale),
          vScale: Math.fround(scale),
        },
        device,
      );
    },
  );

  // Scales from where quotients overflow to where they vanish; the last is subnormal.
  it.each([
    [0.37, 1],
    [0.02, 448],
    [3e38, 2 ** -10],
    [1.2e-38, 1e-40],
  ])('every f16 and every bf16 code, scales %d and %d', async (kScale, vScale) => {
    const shape = { ...BASE, headsKv: 8, dim: 128, pageSize: 64, newLens: [64], oldLens: [3] };
    for (const [dtype, decode] of [
      ['f16', half],
      ['bf16', brain],
    ] as const) {
      const all = Float64Array.from({ length: 65536 }, (_, code) => decode(code));
      const scales = { kScale: Math.fround(kScale), vScale: Math.fround(vScale) };
      await check({ ...pagedInputs({ ...shape, dtype }), kNew: all, vNew: all.slice().reverse(), ...scales }, device);
    }
  });

  it('a 16-bit cache gets the bits, those of NaN too', async () => {
    for (const dtype of ['f16', 'bf16'] as const) {
      const p = pagedInputs({
        ...BASE,
        dtype,
        cacheDtype: dtype,
        headsKv: 8,
        dim: 128,
        pageSize: 64,
        newLens: [64],
        oldLens: [0],
      });
      const { q: _, out: __, ...t } = await pagedTensors(p, device);
      const codes = Uint16Array.from({ length: 65536 }, (___, i) => i);
      for (const name of ['kNew', 'vNew'] as const) {
        t[name].dispose();
        const raw = Tensor.fromRaw(codes.slice(), DTYPE_VALUES[dtype], [64, 8, 128]);
        t[name] = device === 'cpu' ? raw : await raw.to(device);
      }
      await new AppendPagedKv({ headsKv: 8, dim: 128, pageSize: 64, dtype, cacheDtype: dtype }).run(t);
      const slot = p.blockTable[0]! * 64 * 8 * 128 * 2;
      for (const pages of [t.kPages, t.vPages])
        expectBytes((await bytes(pages)).subarray(slot, slot + 131072), new Uint8Array(codes.buffer));
    }
  });

  it('the edges of e4m3, byte by byte', async () => {
    const cases: [number, number][] = [
      [448, 0x7e],
      [-448, 0xfe],
      [464, 0x7e], // half way to what would be next
      [480, 0x7e],
      [-65504, 0xfe],
      [Infinity, 0x7e],
      [-Infinity, 0xfe],
      [NaN, 0x7f],
      [0, 0x00],
      [-0, 0x80],
      [2 ** -9, 0x01], // the smallest
      [2 ** -10, 0x00], // half of it, to even
      [-(2 ** -10), 0x80],
      [3 * 2 ** -10, 0x02],
      [1.0625, 0x38], // half way from 1 to 1.125, to even
      [1.1875, 0x3a],
    ];
    const p = pagedInputs({ ...BASE, headsKv: 1, dim: 16, newLens: [1], oldLens: [16] });
    const values = Float64Array.from(cases, ([x]) => x);
    const op = new AppendPagedKv({ headsKv: 1, dim: 16, pageSize: 16, dtype: 'f16', cacheDtype: 'f8e4m3' });
    const {
      q: _,
      out: __,
      ...t
    } = await pagedTensors({ ...p, kNew: values, vNew: values, kScale: 1, vScale: 1 }, device);
    await op.run(t);
    const row = p.blockTable[1]! * 16 * 16;
    for (const pages of [t.kPages, t.vPages])
      expect([...(await bytes(pages)).subarray(row, row + 16)]).toEqual(cases.map(([, byte]) => byte));
  });

  it('the same cache after the call is made again', async () => {
    const p = pagedInputs(BASE);
    const { headsKv, dim, pageSize, dtype, cacheDtype } = p;
    const op = new AppendPagedKv({ headsKv, dim, pageSize, dtype, cacheDtype });
    const { q: _, out: __, ...t } = await pagedTensors(p, device);
    await op.run(t);
    await op.run(t);
    await expectAppended(t, p);
    expect(await t.cacheSeqlens.toArray()).toEqual([...p.cacheSeqlens]);
  });
});

/** The number that an f16 code stands for. */
function half(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const mantissa = code & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

/** The number that a bf16 code stands for: the upper half of an f32. */
function brain(code: number): number {
  return new Float32Array(Uint32Array.of(code * 65536).buffer)[0]!;
}
