/** Conversions between all dtypes: every code of the narrow ones, halfway cases, edges and random bits of the others. */
import { type DType, type f32 as F32, type f32, macro, T } from 'tilec';
import { describe, it } from 'vitest';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import { decodeElements, type Raw } from '../../src/runtime/elements.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { codeCount, decoded, isNarrow, NARROW, type Narrow } from '../codegen/js/data.ts';
import { DEVICES } from '../ops/paged.ts';
import { type Random, random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import { evaluate, expectSame, type Value } from './elements.ts';
import { casts, copies } from './kernels/casts.ts';
import { nearest, truncated } from './nearest.ts';
import { tensorsOn } from './tensors.ts';

const DTYPES = Object.keys(DTYPE_VALUES) as DType[];

const word = (r: Random): number => Math.floor(r.uniform() * 2 ** 32);
const words = (r: Random, n: number): Uint32Array => Uint32Array.from({ length: n }, () => word(r));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Between each two neighbours of a narrow dtype, exactly and a little to both sides; a sample of what there are of 16 bits. */
function halfway(d: Narrow, r: Random, step: (x: number, by: -1 | 1) => number): number[] {
  const out: number[] = [];
  for (let code = 0; code + 1 < codeCount(d) / 2; code += codeCount(d) === 256 ? 1 : r.integer(1, 40)) {
    const [a, b] = [decoded(d, code), decoded(d, code + 1)];
    if (!Number.isFinite(b)) {
      if (Number.isFinite(a)) out.push(a);
      continue;
    }
    const middle = (a + b) / 2;
    out.push(middle, step(middle, 1), step(middle, -1));
  }
  return out;
}

const one = new Float32Array(1);
const bits = new Int32Array(one.buffer);
/** The next f32 away from 0, or toward it. */
function stepF32(x: number, by: -1 | 1): number {
  one[0] = x;
  bits[0]! += by;
  return one[0]!;
}
/** So little that it is lost in f32. */
const stepF64 = (x: number, by: -1 | 1): number => x * (1 + by * 2 ** -45);

const EDGES = [
  ...[
    0, 0.5, 1, 1.5, 2.5, 126.5, 127.5, 128.5, 255.5, 256, 32767.5, 32768, 65519, 65520, 65535.5, 65536, 448, 464, 465,
  ],
  ...[
    57344,
    61440,
    61441,
    2 ** 31 - 0.5,
    2 ** 31,
    2 ** 32 - 0.5,
    2 ** 32,
    2 ** 63,
    2 ** 64,
    3.4e38,
    (2 - 2 ** -8) * 2 ** 127,
  ],
  ...[2 ** -24, 2 ** -25, 2 ** -149, 2 ** -150, 2 ** -126, 1e-310, 1e39, 1e300, Infinity],
];

const both = (xs: readonly number[]): number[] => [...xs, ...xs.map((x) => -x), NaN];

/** A part of all 16-bit words: both ends, the middle, every seventh. */
const SOME_WORDS = [
  ...range(600),
  ...range(65536).filter((i) => i % 7 === 0),
  ...range(1200).map((i) => 32768 - 600 + i),
  65535,
];

/** Powers of two, and what is near them and halfway between floats there. */
function bigs(r: Random): bigint[] {
  const out: bigint[] = [0n];
  for (let e = 0n; e < 64n; e++)
    for (const drop of [3n, 4n, 8n, 9n, 11n, 12n, 24n, 25n, 53n, 54n]) {
      const power = 1n << e;
      const half = e > drop ? 1n << (e - drop) : 0n;
      out.push(power, power + half, power + half + 1n, power + half - 1n, power + 3n * half, power - 1n);
    }
  for (let i = 0; i < 500; i++) out.push((BigInt(word(r)) << 32n) | BigInt(word(r)));
  return [...out, ...out.map((x) => -x)];
}

/** Raw elements of each dtype. */
function inputs(d: DType, r: Random): Raw {
  switch (d) {
    case 'bool':
      return Uint8Array.of(0, 1, 1, 0, 1);
    case 'f32': {
      const values = [...both(EDGES), ...both(NARROW.flatMap((to) => halfway(to, r, stepF32)))];
      const random = new Float32Array(words(r, 10_000).buffer);
      return Float32Array.from([...values, ...random]);
    }
    case 'f64': {
      const values = [...both(EDGES), ...both(NARROW.flatMap((to) => halfway(to, r, stepF64)))];
      const f32s = new Float32Array(words(r, 3000).buffer);
      // Halfway between two f32.
      const ties = [...f32s].map((x) => (x + stepF32(x, 1)) / 2);
      const random = new Float64Array(words(r, 4000).buffer);
      return Float64Array.from([...values, ...f32s, ...ties, ...ties.map((x) => stepF64(x, 1)), ...random]);
    }
    case 'i8':
      return Int8Array.from(range(256));
    case 'u8':
    case 'f8e4m3':
    case 'f8e5m2':
      return Uint8Array.from(range(256));
    case 'i16':
      return Int16Array.from(SOME_WORDS);
    case 'u16':
      return Uint16Array.from(SOME_WORDS);
    case 'f16':
    case 'bf16':
      return Uint16Array.from(range(65536));
    case 'i32':
      return Int32Array.from(bigs(r), (x) => Number(BigInt.asIntN(32, x)));
    case 'u32':
      return Uint32Array.from(bigs(r), (x) => Number(BigInt.asUintN(32, x)));
    case 'i64':
      return BigInt64Array.from(bigs(r));
    case 'u64':
      return BigUint64Array.from(bigs(r));
  }
}

/** What the elements stand for. */
const valuesOf = (d: DType, raw: Raw): ArrayLike<Value> =>
  isNarrow(d) ? Array.from(raw as Uint8Array, (code) => decoded(d, code)) : decodeElements(d, raw);

/** The documented conversion. */
function converted(x: Value, from: DType, to: DType): Value {
  if (from === to) return x;
  switch (to) {
    case 'bool':
      return typeof x === 'bigint' ? x !== 0n : Number(x) !== 0;
    case 'f64':
    case 'f32':
    case 'f16':
    case 'bf16':
    case 'f8e4m3':
    case 'f8e5m2':
      return nearest(to, typeof x === 'bigint' ? x : Number(x));
    default: {
      const size = DTYPE_BITS[to];
      const signed = to.startsWith('i');
      const isFloat = from.startsWith('f') || from === 'bf16';
      const exact = isFloat ? truncated(Number(x), size, signed) : BigInt(x);
      const wrapped = signed ? BigInt.asIntN(size, exact) : BigInt.asUintN(size, exact);
      return size === 64 ? wrapped : Number(wrapped);
    }
  }
}
const DTYPE_BITS = { i8: 8, u8: 8, i16: 16, u16: 16, i32: 32, u32: 32, i64: 64, u64: 64 } as const;

describe.each(DEVICES)('on %s', (device) => {
  const make = tensorsOn(device);

  it.each(DTYPES)('%s to all', async (from) => {
    const raw = inputs(from, random(DTYPES.indexOf(from)));
    const xs = valuesOf(from, raw);
    const call: Record<string, Tensor> = { x: await make.raw(DTYPE_VALUES[from], raw as never) };
    const ways = (to: DType): string[] => (copies(from, to) ? ['cast', 'copy'] : ['cast']);
    for (const to of DTYPES)
      for (const how of ways(to)) call[`${how}_${to}`] = await make.poisoned(DTYPE_VALUES[to], [raw.length]);
    await casts({ from, to: DTYPES })(call as never);
    for (const to of DTYPES) {
      const want = Array.from(xs, (x) => converted(x, from, to));
      for (const how of ways(to)) {
        const got = valuesOf(to, await call[`${how}_${to}`]!.toRaw());
        expectSame(`${how} to ${to}`, got, want, (i) => `${from} ${String(xs[i])} (element ${i})`);
      }
    }
  });

  it.each([
    ['f32', 'u32', Uint32Array],
    ['f32', 'i32', Int32Array],
    ['f16', 'u16', Uint16Array],
    ['bf16', 'i16', Int16Array],
    ['f8e4m3', 'u8', Uint8Array],
    ['f8e5m2', 'i8', Int8Array],
    ['f64', 'u64', BigUint64Array],
    ['f64', 'i64', BigInt64Array],
  ] as const)('bits of %s as %s and back', async (float, integer, array) => {
    // For the editor all are f32.
    const [floats, integers] = [DTYPE_VALUES[float], DTYPE_VALUES[integer]] as unknown as [typeof f32, typeof f32];
    const raw = new array(words(random(9), 1000).buffer as ArrayBuffer);
    const same = Array.from(raw as ArrayLike<Value>);
    const of = (i: number): string => `element ${i}`;
    const back = { back: macro((x: F32) => T.bitcast(integers, T.bitcast(floats, x) as F32)) };
    expectSame('bits', (await evaluate(device, [{ dtype: integer, raw }], back, () => integer)).back!, same, of);
    const codes = inputs(float, random(0)).slice(0, raw.length);
    const bits = { bits: macro((x: F32) => T.bitcast(integers, x)) };
    const { bits: got } = await evaluate(device, [{ dtype: float, raw: codes }], bits, () => integer);
    const want = Array.from(new array(codes.buffer as ArrayBuffer) as ArrayLike<Value>);
    // Of a NaN the CPU keeps that it is one.
    const lost = Array.from(valuesOf(float, codes), (x) => Number.isNaN(Number(x)));
    const unless = (xs: ArrayLike<Value>): Value[] => Array.from(xs, (x, k) => (lost[k] ? NaN : x));
    expectSame('bits', unless(got!), unless(want), of);
  });
});

testAccepted(DTYPES.map((from) => [from, () => casts({ from, to: DTYPES })] as const));
