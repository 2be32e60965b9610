/** Host conversions against the library `@petamoriken/float16` and against `dsl/convert.ts`, which works on values, not bits. */
import { getFloat16, setFloat16 } from '@petamoriken/float16';
import { describe, expect, test } from 'vitest';
import { convert } from '../../src/dsl/convert.ts';
import { bytesOf, type DType } from '../../src/ir/dtype.ts';
import { decodeInto, encodeInto, rawArray } from '../../src/runtime/elements.ts';

const NARROW = ['f16', 'bf16', 'f8e4m3', 'f8e5m2'] as const;

function encode(dtype: DType, values: Parameters<typeof encodeInto>[2]): number[] {
  const raw = rawArray(dtype, values.length);
  encodeInto(dtype, raw, values);
  return Array.from(raw as Uint16Array);
}
const decode = (dtype: DType, codes: number[]): number[] => {
  const raw = rawArray(dtype, codes.length);
  (raw as Uint16Array).set(codes);
  return [...decodeInto(dtype, raw, new Float64Array(codes.length))];
};
const allCodes = (dtype: DType): number[] => Array.from({ length: 2 ** (8 * bytesOf(dtype)) }, (_, i) => i);

/** f32 values of every magnitude, with the neighbours of every value of the format and of every midpoint between two. */
function samples(dtype: DType): Float32Array<ArrayBuffer> {
  const values = decode(dtype, allCodes(dtype))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const out: number[] = [0, -0, Infinity, -Infinity, Number.NaN, 2 ** -149, -(2 ** -149), 3.4028234e38, -3.4028234e38];
  const stride = values.length > 1000 ? 7 : 1;
  for (let i = 0; i < values.length - 1; i += stride) {
    const middle = (values[i]! + values[i + 1]!) / 2;
    for (const x of [values[i]!, middle]) out.push(x, nextF32(x, 1), nextF32(x, -1));
  }
  const end = values.at(-1)!;
  for (const x of [end, end * 1.03, end * 1.0625, end * 1.125, end * 1.13, end * 2])
    out.push(x, -x, nextF32(x, 1), nextF32(x, -1));
  const bits = new Uint32Array(20_000);
  for (let i = 0; i < bits.length; i++) bits[i] = Math.imul(i + 1, 0x9e3779b1);
  return Float32Array.from([...out, ...new Float32Array(bits.buffer)]);
}

function nextF32(x: number, by: 1 | -1): number {
  const f = new Float32Array([x]);
  const i = new Int32Array(f.buffer);
  i[0] = f[0]! > 0 ? i[0]! + by : f[0]! < 0 ? i[0]! - by : by;
  return f[0]!;
}

describe.each(NARROW)('%s', (dtype) => {
  test('every code decodes to the value it encodes to', () => {
    const codes = allCodes(dtype);
    const values = decode(dtype, codes);
    const again = encode(dtype, Float32Array.from(values));
    // f8 saturates, so its infinities do not come back.
    const kept = (c: number): boolean =>
      Number.isFinite(values[c]) || (bytesOf(dtype) === 2 && !Number.isNaN(values[c]));
    expect(codes.filter((c) => kept(c) && again[c] !== c)).toEqual([]);
    expect(codes.filter((c) => kept(c)).length).toBeGreaterThan(240);
  });

  test('values of f32 round as a cast does, signs of zero and saturation included', () => {
    const xs = samples(dtype);
    const got = decode(dtype, encode(dtype, xs));
    expect([...xs].filter((x, i) => !Object.is(got[i], convert(x, dtype)))).toEqual([]);
    expect(xs.length).toBeGreaterThan(20_000);
  });

  test('values of f64 round once, not twice', () => {
    const xs = [...samples(dtype)]
      .filter(Number.isFinite)
      .slice(0, 5000)
      .flatMap((x) => [x * (1 + 2 ** -40), x * (1 - 2 ** -40)]);
    const got = decode(dtype, encode(dtype, Float64Array.from(xs)));
    expect(xs.filter((x, i) => !Object.is(got[i], convert(x, dtype)))).toEqual([]);
    expect(decode(dtype, encode(dtype, xs))).toEqual(got);
  });
});

test('f16 agrees with the library on all codes and on random f32', () => {
  const view = new DataView(new ArrayBuffer(2));
  const values = decode('f16', allCodes('f16'));
  const valueAt = (code: number): number => {
    view.setUint16(0, code);
    return getFloat16(view, 0);
  };
  const codeOf = (x: number): number => {
    setFloat16(view, 0, x);
    return view.getUint16(0);
  };
  expect(allCodes('f16').filter((c) => !Object.is(values[c], valueAt(c)))).toEqual([]);
  const xs = samples('f16');
  const codes = encode('f16', xs);
  expect([...xs].filter((x, i) => !Number.isNaN(x) && codes[i] !== codeOf(x))).toEqual([]);
});

test('infinities: f16 and bf16 keep them, f8 saturates', () => {
  const ends = [Infinity, -Infinity];
  expect(encode('f16', ends)).toEqual([0x7c00, 0xfc00]);
  expect(encode('bf16', ends)).toEqual([0x7f80, 0xff80]);
  expect(decode('f8e4m3', encode('f8e4m3', ends))).toEqual([448, -448]);
  expect(decode('f8e5m2', encode('f8e5m2', ends))).toEqual([57344, -57344]);
});

test('integers truncate and saturate, NaN gives 0', () => {
  expect(encode('i8', [1.9, -1.9, 300, -300, Number.NaN])).toEqual([1, -1, 127, -128, 0]);
  expect(encode('u16', [-1, 70000, 7n, true])).toEqual([0, 65535, 7, 1]);
  expect(encode('bool', [2, 0, Number.NaN, true, 0n])).toEqual([1, 0, 0, 1, 0]);
  const big = rawArray('i64', 5);
  encodeInto('i64', big, [2 ** 62, 1e30, -Infinity, Number.NaN, 12345678901234567n]);
  expect([...big]).toEqual([2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 0n, 12345678901234567n]);
});

test('conversions take less than 20 ns an element', () => {
  const xs = Float32Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i) * 3);
  for (const dtype of NARROW) {
    const raw = rawArray(dtype, xs.length);
    const back = new Float32Array(xs.length);
    const best = (work: () => void): number =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const start = performance.now();
          work();
          return performance.now() - start;
        }),
      );
    expect(
      best(() => encodeInto(dtype, raw, xs)),
      `to ${dtype}`,
    ).toBeLessThan(20);
    expect(
      best(() => decodeInto(dtype, raw, back)),
      `from ${dtype}`,
    ).toBeLessThan(20);
  }
});
