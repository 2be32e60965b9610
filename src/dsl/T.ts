/**
 * The language of kernels. Members that only make sense on the device throw when host code calls them; the mathematical
 * ones compute there too.
 */
import type { DType } from '../ir/dtype.ts';
import type { DTypeValue, Element } from './dtypes.ts';
import { deviceOnly, onBoth } from './intrinsics.ts';
import type { Operand, Tile } from './tile.ts';

type Shape = readonly number[];
type Alloc = <D extends DType, const S extends Shape>(dtype: DTypeValue<D>, shape: S) => Tile<D, S['length']>;
type Indices<E extends readonly unknown[]> = { readonly [K in keyof E]: number };
type Range = {
  (stop: number): Iterable<number>;
  (start: number, stop: number, step?: number): Iterable<number>;
};
interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Start from zero instead of from c. */
  readonly clear?: boolean;
}
interface ReduceOptions {
  readonly dim: number;
  /** False: dst's old value takes part. */
  readonly clear?: boolean;
}
type Reduce = (src: Operand, dst: Operand, options: ReduceOptions) => void;
type AtomicUpdate = (element: number, value: number) => void;

const unary = (name: string, host: (x: number) => number): ((x: number) => number) => onBoth(name, host);

// Abramowitz and Stegun 7.1.26 is too coarse: the series and the continued fraction of erf, to f64 accuracy.
function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let f = 0;
  for (let k = 60; k >= 1; k--) f = k / 2 / (a + f);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f)));
}

const roundToEven = (x: number): number => {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
};

export const T = {
  // ------------------------------------------------------------------------------------------------ the grid and tiles
  /** The blocks of the launch, one index each; once in a kernel, first. `threads` a block, a multiple of 32. */
  grid: deviceOnly<
    <const E extends readonly number[]>(
      extents: E,
      options?: { readonly threads?: number; /** Blocks per multiprocessor to aim at: caps registers. */ readonly minBlocks?: number },
    ) => Indices<E>
  >('grid'),
  /** A tile in the block's shared memory. */
  shared: deviceOnly<Alloc>('shared'),
  /** A tile spread over the registers of the block's threads. */
  fragment: deviceOnly<Alloc>('fragment'),
  /** A small array of which every thread holds a copy. */
  local: deviceOnly<Alloc>('local'),

  // -------------------------------------------------------------------------------------------------------------- loops
  /** Independent iterations, spread over the threads. Extents are constants. */
  Parallel: deviceOnly<<const E extends readonly number[]>(...extents: E) => Iterable<Indices<E>>>('Parallel'),
  /** A loop whose copies from global memory run `numStages - 1` iterations ahead of its compute. */
  Pipelined: deviceOnly<{
    (stop: number, options?: { readonly numStages?: number }): Iterable<number>;
    (start: number, stop: number, options?: { readonly numStages?: number }): Iterable<number>;
  }>('Pipelined'),
  serial: deviceOnly<Range>('serial'),
  /** A loop that is unrolled. */
  unroll: deviceOnly<Range>('unroll'),
  /** `n` tasks shared by the blocks of the grid: block x takes x, x + gridDim.x, …. */
  Persistent: deviceOnly<(n: number) => Iterable<number>>('Persistent'),

  // --------------------------------------------------------------------------------------------------------- statements
  /** Element-wise, converting dtypes. What lies outside a tensor reads as zero and is not written. */
  copy: deviceOnly<(src: Operand, dst: Operand) => void>('copy'),
  fill: deviceOnly<(dst: Operand, value: number | boolean) => void>('fill'),
  clear: deviceOnly<(dst: Operand) => void>('clear'),
  /** c += op(a) · op(b): a [M, K], b [K, N] unless transposed, c a fragment [M, N]. */
  gemm: deviceOnly<(a: Operand, b: Operand, c: Operand, options?: GemmOptions) => void>('gemm'),
  reduceSum: deviceOnly<Reduce>('reduceSum'),
  reduceMax: deviceOnly<Reduce>('reduceMax'),
  reduceMin: deviceOnly<Reduce>('reduceMin'),
  reduceAbsMax: deviceOnly<Reduce>('reduceAbsMax'),
  /** Inclusive prefix sums along `dim`. */
  cumsum: deviceOnly<(src: Operand, dst: Operand, options: { readonly dim: number; readonly reverse?: boolean }) => void>('cumsum'),
  /** `T.atomicAdd(A[i][j], x)`. */
  atomicAdd: deviceOnly<AtomicUpdate>('atomicAdd'),
  atomicMax: deviceOnly<AtomicUpdate>('atomicMax'),
  atomicMin: deviceOnly<AtomicUpdate>('atomicMin'),
  /** `{}` in the format stands for each argument in turn. */
  print: deviceOnly<(format: string, ...args: readonly (number | boolean)[]) => void>('print'),
  /** Traps with the message where the condition is false. */
  assert: deviceOnly<(condition: boolean, message?: string) => void>('assert'),
  /** One PTX instruction sequence: `$0` is the result, `$1`, … the arguments. The CPU runs `fallback`. */
  inlinePtx: deviceOnly<
    <D extends DType>(dtype: DTypeValue<D>, template: string, args: readonly number[], options?: { readonly fallback?: number }) => Element<D>
  >('inlinePtx'),

  // -------------------------------------------------------------------------------------------------------- expressions
  infinity: Infinity,
  /** cond ? a : b. */
  select: onBoth('select', <X extends number | boolean>(cond: boolean, a: X, b: X): X => (cond ? a : b)) as (
    cond: boolean,
    a: number,
    b: number,
  ) => number,
  bitcast: deviceOnly<<D extends DType>(dtype: DTypeValue<D>, x: number) => Element<D>>('bitcast'),
  ceilDiv: onBoth('ceilDiv', (a: number, b: number): number => Math.ceil(a / b)),
  floorDiv: onBoth('floorDiv', (a: number, b: number): number => Math.floor(a / b)),
  min: onBoth('min', (...xs: number[]): number => Math.min(...xs)),
  max: onBoth('max', (...xs: number[]): number => Math.max(...xs)),
  abs: unary('abs', Math.abs),
  sqrt: unary('sqrt', Math.sqrt),
  rsqrt: unary('rsqrt', (x) => 1 / Math.sqrt(x)),
  exp: unary('exp', Math.exp),
  exp2: unary('exp2', (x) => 2 ** x),
  log: unary('log', Math.log),
  log2: unary('log2', Math.log2),
  log10: unary('log10', Math.log10),
  log1p: unary('log1p', Math.log1p),
  expm1: unary('expm1', Math.expm1),
  sin: unary('sin', Math.sin),
  cos: unary('cos', Math.cos),
  tan: unary('tan', Math.tan),
  asin: unary('asin', Math.asin),
  acos: unary('acos', Math.acos),
  atan: unary('atan', Math.atan),
  sinh: unary('sinh', Math.sinh),
  cosh: unary('cosh', Math.cosh),
  tanh: unary('tanh', Math.tanh),
  /** `tanh.approx`: one instruction, about 2^-11 relative. */
  tanhApprox: unary('tanhApprox', Math.tanh),
  erf: unary('erf', erf),
  /** 1 / (1 + exp(-x)). */
  sigmoid: unary('sigmoid', (x) => 1 / (1 + Math.exp(-x))),
  floor: unary('floor', Math.floor),
  ceil: unary('ceil', Math.ceil),
  /** To the nearest integer, ties to even. */
  round: unary('round', roundToEven),
  trunc: unary('trunc', Math.trunc),
  sign: unary('sign', Math.sign),
  pow: onBoth('pow', (a: number, b: number): number => a ** b),
  atan2: onBoth('atan2', Math.atan2),
  /** The remainder with the sign of the dividend. */
  fmod: onBoth('fmod', (a: number, b: number): number => a % b),
  /** a · b + c, rounded once on the device. */
  fma: onBoth('fma', (a: number, b: number, c: number): number => a * b + c),
  clamp: onBoth('clamp', (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi)),
  isNaN: onBoth('isNaN', (x: number): boolean => Number.isNaN(x)),
  isInf: onBoth('isInf', (x: number): boolean => x === Infinity || x === -Infinity),
  isFinite: onBoth('isFinite', (x: number): boolean => Number.isFinite(x)),
  /** Bits set in a 32-bit integer. */
  popcount: onBoth('popcount', (x: number): number => {
    let n = 0;
    for (let v = x >>> 0; v; v &= v - 1) n++;
    return n;
  }),
  /** Leading zeros of a 32-bit integer. */
  clz: onBoth('clz', Math.clz32),
} as const;
