/** T.gemm in all forms against f64 (or exact integer) references on random data. */
import { describe, expect, test } from 'vitest';
import type { DType } from '../../../src/ir/dtype.ts';
import { wrapInteger } from '../../../src/ir/tile/build.ts';
import { random, type Scalar, uniform, worst } from './data.ts';
import { run } from './run.ts';

const TRANSPOSES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const [M, N, K] = [16, 24, 19];

/** Element [m, n] of op(a) · op(b). */
function reference<X extends Scalar>(
  a: readonly X[],
  b: readonly X[],
  tA: boolean,
  tB: boolean,
  zero: X,
  mac: (c: X, x: X, y: X) => X,
): X[] {
  return Array.from({ length: M * N }, (_, at) => {
    const [m, n] = [Math.floor(at / N), at % N];
    let sum = zero;
    for (let k = 0; k < K; k++) sum = mac(sum, a[tA ? k * M + m : m * K + k]!, b[tB ? n * K + k : k * N + n]!);
    return sum;
  });
}

function kernel(aType: DType, bType: DType, cType: DType, tA: boolean, tB: boolean, clear: boolean): string {
  const a = tA ? `${K}, ${M}` : `${M}, ${K}`;
  const b = tB ? `${N}, ${K}` : `${K}, ${N}`;
  return `kernel k(A: ${aType}[${a}], B: ${bType}[${b}], C: ${cType}[${M}, ${N}]) grid(1) threads(32)
    shared a: ${aType}[${a}]
    shared b: ${bType}[${b}]
    fragment c: ${cType}[${M}, ${N}] {
      copy A[0, 0; ${a}] -> a
      copy B[0, 0; ${b}] -> b
      copy C[0, 0; ${M}, ${N}] -> c
      gemm ${tA ? 'transpose(a)' : 'a'}, ${tB ? 'transpose(b)' : 'b'} -> c${clear ? ' clear' : ''}
      copy c -> C[0, 0; ${M}, ${N}]
    }`;
}

const FLOATS = [
  ['f32', 'f32', 'f32', 1e-6],
  ['f64', 'f64', 'f64', 1e-14],
  ['f16', 'f16', 'f32', 1e-6],
  ['bf16', 'bf16', 'f32', 1e-6],
  ['f8e4m3', 'f8e4m3', 'f32', 1e-6],
  ['f8e5m2', 'f8e4m3', 'f32', 1e-6],
  ['f16', 'f16', 'f16', 2e-2],
  ['bf16', 'bf16', 'bf16', 2e-1],
] as const;

describe.each(FLOATS)('%s · %s into %s', (aType, bType, cType, tolerance) => {
  const a = uniform(aType, M * K, 31);
  const b = uniform(bType, K * N, 32);
  const c = uniform(cType, M * N, 33);
  test.each(TRANSPOSES)('transposed: %s, %s', (tA, tB) => {
    for (const clear of [false, true]) {
      const tensors = {
        A: { shape: tA ? [K, M] : [M, K], data: a },
        B: { shape: tB ? [N, K] : [K, N], data: b },
        C: { shape: [M, N], data: clear ? c.map(() => NaN) : c },
      };
      const { C } = run(kernel(aType, bType, cType, tA, tB, clear), { tensors });
      const product = reference(a, b, tA, tB, 0, (s, x, y) => s + x * y);
      expect(worst(C!, clear ? product : product.map((x, i) => x + c[i]!))).toBeLessThan(tolerance);
    }
  });
});

test('f32 accumulates in order, each multiply-add rounded to f32', () => {
  const a = uniform('f32', M * K, 34);
  const b = uniform('f32', K * N, 35);
  const tensors = { A: { shape: [M, K], data: a }, B: { shape: [K, N], data: b }, C: { shape: [M, N] } };
  const { C } = run(kernel('f32', 'f32', 'f32', false, false, true), { tensors });
  expect(C).toEqual(reference(a, b, false, false, 0, (s, x, y) => Math.fround(s + x * y)));
});

const INTS = [
  ['i8', 'i32'],
  ['u8', 'i32'],
  ['i32', 'i32'],
  ['u32', 'u32'],
  ['i64', 'i64'],
  ['i16', 'i16'],
  ['u8', 'u8'],
] as const;

describe.each(INTS)('%s into %s, exactly', (d, cType) => {
  const next = random(36);
  const bits = { i8: 8, u8: 8, i16: 16, i32: 32, u32: 32, i64: 64 }[d];
  const any = (n: number): Scalar[] =>
    Array.from({ length: n }, () =>
      wrapInteger(d, BigInt(Math.floor(next() * 2 ** Math.min(bits, 52))) * (bits === 64 ? 4097n : 1n)),
    );
  test.each(TRANSPOSES)('transposed: %s, %s', (tA, tB) => {
    const [a, b] = [any(M * K), any(K * N)];
    const tensors = {
      A: { shape: tA ? [K, M] : [M, K], data: a },
      B: { shape: tB ? [N, K] : [K, N], data: b },
      C: { shape: [M, N], data: Array.from({ length: M * N }, (_, i) => i) },
    };
    const { C } = run(kernel(d, d, cType, tA, tB, false), { tensors });
    const want = reference(a.map(BigInt), b.map(BigInt), tA, tB, 0n, (s, x, y) => s + x * y);
    expect(C).toEqual(want.map((x, i) => wrapInteger(cType, x + BigInt(i))));
  });
});

test('operands may be parts of larger tiles', () => {
  const text = `kernel k(A: f32[2, 32, 32], C: f32[8, 8]) grid(1) threads(32)
    shared a: f32[2, 32, 32]
    fragment c: f32[8, 8] {
      copy A[0, 0, 0; 2, 32, 32] -> a
      fill 0.0 -> c
      for s in serial(2) {
        gemm a[s, s * 8, 4; 1, 8, 16], transpose(a[1, 16, 12; 1, 8, 16]) -> c
      }
      copy c -> C[0, 0; 8, 8]
    }`;
  const a = uniform('f32', 2048, 37);
  const { C } = run(text, { tensors: { A: { shape: [2, 32, 32], data: a }, C: { shape: [8, 8] } } });
  const want = Array.from({ length: 64 }, (_, at) => {
    const [m, n] = [Math.floor(at / 8), at % 8];
    let sum = 0;
    for (let s = 0; s < 2; s++)
      for (let k = 0; k < 16; k++) sum += a[s * 1024 + (s * 8 + m) * 32 + 4 + k]! * a[1024 + (16 + n) * 32 + 12 + k]!;
    return sum;
  });
  expect(worst(C!, want)).toBeLessThan(1e-6);
});
