/** Integer operators of every dtype: exact, and wrapping to it. */
import { type DType, type i32 as I32, macro, T } from 'tilec';
import { describe, it } from 'vitest';
import { DTYPE_VALUES } from '../../src/dsl/dtypes.ts';
import { ARRAY } from '../codegen/js/data.ts';
import { DEVICES } from '../ops/paged.ts';
import { type Random, random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import { evaluate, expectSame, type Value } from './elements.ts';
import { eachElement } from './kernels/eachElement.ts';

const INTEGERS = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'] as const;
type Integer = (typeof INTEGERS)[number];

const isSigned = (d: Integer): boolean => d.startsWith('i');
const bitsOf = (d: Integer): number => 8 * ARRAY[d].BYTES_PER_ELEMENT;
const isBig = (d: Integer): d is 'i64' | 'u64' => bitsOf(d) === 64;
const wrap = (d: Integer, x: bigint): bigint =>
  isSigned(d) ? BigInt.asIntN(bitsOf(d), x) : BigInt.asUintN(bitsOf(d), x);
/** Of narrow ones arithmetic is done in 32 bits. */
const widthOf = (d: Integer): number => Math.max(32, bitsOf(d));
const bits64 = (r: Random): bigint =>
  (BigInt(Math.floor(r.uniform() * 2 ** 32)) << 32n) | BigInt(Math.floor(r.uniform() * 2 ** 32));

/** The ends of the range, what is about 0, and others, of few bits and of many. */
function samples(d: Integer, r: Random): bigint[] {
  const top = 1n << BigInt(bitsOf(d) - 1);
  const edges = [0n, 1n, 2n, 3n, 7n, 8n, top - 2n, top - 1n, top, top + 1n, -1n, -2n, -3n, -8n];
  const others = Array.from({ length: 24 }, () => bits64(r) >> BigInt(r.integer(64 - bitsOf(d), 63)));
  return [...edges, ...others, ...others.map((x) => -x)].map((x) => wrap(d, x));
}

const raw = (d: Integer, xs: readonly bigint[]) => (isBig(d) ? ARRAY[d].from(xs) : ARRAY[d].from(xs.map(Number)));

const ordered = (a: bigint, b: bigint): readonly [bigint, bigint] => (a < b ? [a, b] : [b, a]);
const floorDiv = (a: bigint, b: bigint): bigint => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
const popcount = (a: bigint, width: number): bigint =>
  BigInt(BigInt.asUintN(width, a).toString(2).replaceAll('0', '').length);
const leadingZeros = (a: bigint, width: number): bigint => {
  const u = BigInt.asUintN(width, a);
  return u === 0n ? BigInt(width) : BigInt(width - u.toString(2).length);
};

type Op = readonly [
  device: (...xs: I32[]) => I32 | boolean,
  host: (a: bigint, b: bigint, n: bigint) => bigint | boolean,
];

/** a and b are any, n is a number of bits to shift by; `divisor` is b, or 1 where that is 0. */
function operators(d: Integer): Readonly<Record<string, Op>> {
  // For the editor all are i32.
  const type = DTYPE_VALUES[d] as unknown as (x: I32) => I32;
  const width = widthOf(d);
  const divisor = (b: bigint): bigint => (b === 0n ? 1n : b);
  return {
    add: [macro((a: I32, b: I32) => type(a + b)), (a, b) => a + b],
    sub: [macro((a: I32, b: I32) => type(a - b)), (a, b) => a - b],
    mul: [macro((a: I32, b: I32) => type(a * b)), (a, b) => a * b],
    floorDiv: [macro((a: I32, b: I32) => type(T.floorDiv(a, b === 0 ? 1 : b))), (a, b) => floorDiv(a, divisor(b))],
    ceilDiv: [macro((a: I32, b: I32) => type(T.ceilDiv(a, b === 0 ? 1 : b))), (a, b) => -floorDiv(-a, divisor(b))],
    rem: [macro((a: I32, b: I32) => type(a % (b === 0 ? 1 : b))), (a, b) => a % divisor(b)],
    by8: [macro((a: I32) => type(T.floorDiv(a, 8) + (a % 8))), (a) => floorDiv(a, 8n) + (a % 8n)],
    by7: [macro((a: I32) => type(T.floorDiv(a, 7) + (a % 7))), (a) => floorDiv(a, 7n) + (a % 7n)],
    and: [macro((a: I32, b: I32) => type(a & b)), (a, b) => a & b],
    or: [macro((a: I32, b: I32) => type(a | b)), (a, b) => a | b],
    xor: [macro((a: I32, b: I32) => type(a ^ b)), (a, b) => a ^ b],
    not: [macro((a: I32) => type(~a)), (a) => ~a],
    neg: [macro((a: I32) => type(-a)), (a) => -a],
    shl: [macro((a: I32, _: I32, n: I32) => type(a << n)), (a, _, n) => a << n],
    shr: [macro((a: I32, _: I32, n: I32) => type(a >> n)), (a, _, n) => a >> n],
    min: [macro((a: I32, b: I32) => type(T.min(a, b))), (a, b) => ordered(a, b)[0]],
    max: [macro((a: I32, b: I32) => type(T.max(a, b))), (a, b) => ordered(a, b)[1]],
    clamp: [macro((a: I32) => type(T.clamp(a, 3, 100))), (a) => (a < 3n ? 3n : a > 100n ? 100n : a)],
    abs: [macro((a: I32) => type(T.abs(a))), (a) => (a < 0n ? -a : a)],
    sign: [macro((a: I32) => type(T.sign(a))), (a) => (a < 0n ? -1n : a > 0n ? 1n : 0n)],
    popcount: [macro((a: I32) => type(T.popcount(a))), (a) => popcount(a, width)],
    clz: [macro((a: I32) => type(T.clz(a))), (a) => leadingZeros(a, width)],
    select: [macro((a: I32, b: I32) => (a > b ? a : type(b ^ 5))), (a, b) => (a > b ? a : b ^ 5n)],
    lt: [macro((a: I32, b: I32) => a < b), (a, b) => a < b],
    ge: [macro((a: I32, b: I32) => a >= b), (a, b) => a >= b],
    eq: [macro((a: I32, b: I32) => a === b), (a, b) => a === b],
    ne: [macro((a: I32, b: I32) => a !== b), (a, b) => a !== b],
  };
}
const COMPARISONS = ['lt', 'ge', 'eq', 'ne'];

const dtypeOf = (name: string, d: Integer): DType => (COMPARISONS.includes(name) ? 'bool' : d);
const devicePart = (ops: Readonly<Record<string, Op>>) =>
  Object.fromEntries(Object.entries(ops).map(([name, [op]]) => [name, op]));

describe.each(DEVICES)('on %s', (device) => {
  it.each(INTEGERS)('%s', async (d) => {
    const r = random(bitsOf(d) + Number(isSigned(d)));
    const all = samples(d, r);
    const a = all.flatMap((x) => all.map(() => x));
    const b = all.flatMap(() => all);
    const n = a.map(() => BigInt(r.integer(0, bitsOf(d) - 1)));
    const ops = operators(d);
    const inputs = [a, b, n].map((xs) => ({ dtype: d, raw: raw(d, xs) }));
    const got = await evaluate(device, inputs, devicePart(ops), (name) => dtypeOf(name, d));
    for (const [name, [, host]] of Object.entries(ops)) {
      const want = a.map((x, i): Value => {
        const exact = host(x, b[i]!, n[i]!);
        if (typeof exact === 'boolean') return exact;
        return isBig(d) ? wrap(d, exact) : Number(wrap(d, exact));
      });
      expectSame(name, got[name]!, want, (i) => `${a[i]}, ${b[i]}, ${n[i]}`);
    }
  });

  it.each(['u32', 'u64'] as const)('>>> of %s', async (d) => {
    const r = random(5);
    const a = samples(d, r);
    const n = a.map(() => BigInt(r.integer(0, bitsOf(d) - 1)));
    const inputs = [a, n].map((xs) => ({ dtype: d, raw: raw(d, xs) }));
    const got = await evaluate(device, inputs, { shift: macro((x: I32, by: I32) => x >>> by) }, () => d);
    const want = a.map((x, i) => (isBig(d) ? x >> n[i]! : Number(x >> n[i]!)));
    expectSame('>>>', got.shift!, want, (i) => `${a[i]}, ${n[i]}`);
  });
});

testAccepted(
  INTEGERS.map((d) => {
    const functions = devicePart(operators(d));
    return [d, () => eachElement({ inputs: [d, d, d], functions, dtypeOf: (name) => dtypeOf(name, d) })] as const;
  }),
);
