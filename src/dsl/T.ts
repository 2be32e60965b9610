/**
 * The language of kernels. Members that only make sense on the device throw `OutsideKernelError` when host code calls
 * them; the mathematical ones compute there too, in f64.
 *
 * In the docs below [M, N] is a shape; extents are constants of the host unless said otherwise.
 */
import type { DType } from '../ir/dtype.ts';
import type { DTypeValue, Element, i32 } from './dtypes.ts';
import { ceilDiv, clamp, erf, floorDiv, popcount, sigmoid } from './host-math.ts';
import { deviceOnly, onBoth } from './intrinsics.ts';
import type { FloatArg, IntArg, Join, JoinsWith, Same } from './number-types.ts';
import type { Check, GemmShapes, SameShape, Without } from './shape-types.ts';
import type { Constant, Fragment, Local, Operand, Scope, Shape, Shared } from './tile.ts';

type Indices<E extends readonly unknown[]> = { readonly [K in keyof E]: i32 };
type Plain<S extends readonly Constant[]> = { readonly [K in keyof S]: S[K] };

interface GridOptions {
  /** Threads of a block: a multiple of 32, at most 1024. Default 128. */
  readonly threads?: Constant;
  /** Blocks per multiprocessor to aim at; limits the registers of a thread. */
  readonly minBlocks?: Constant;
}
type Extents = readonly [number] | readonly [number, number] | readonly [number, number, number];
type ParallelExtents =
  | readonly [Constant]
  | readonly [Constant, Constant]
  | readonly [Constant, Constant, Constant]
  | readonly [Constant, Constant, Constant, Constant];

interface PipelinedOptions {
  /** Copies of each shared tile that the loop fills from global memory, 1 to 8; 1 does not overlap anything. Default 2. */
  readonly numStages?: Constant;
}
interface Pipelined {
  (stop: IntArg, options?: PipelinedOptions): Iterable<i32>;
  (start: IntArg, stop: IntArg, options?: PipelinedOptions): Iterable<i32>;
}
interface Range {
  (stop: IntArg): Iterable<i32>;
  (start: IntArg, stop: IntArg, step?: IntArg): Iterable<i32>;
}
interface GemmOptions {
  /** `a` is [K, M]. */
  readonly transposeA?: boolean;
  /** `b` is [N, K]. */
  readonly transposeB?: boolean;
  /** Start from zero instead of from c. */
  readonly clear?: boolean;
}
type Accumulator<D extends DType> = D extends 'i8' | 'u8' | 'i32' | 'u32' ? 'i32' : 'f64' | 'f32' | 'f16';

type Copy = <S extends Shape, U extends Shape>(
  src: Operand<DType, S>,
  dst: Operand<DType, U> & Check<SameShape<S, U>, 'src and dst differ in shape'>,
) => void;
type Gemm = <
  D extends Exclude<DType, 'bool'>,
  A extends Shape,
  B extends Shape,
  C extends Shape,
  const O extends GemmOptions = Record<never, never>,
>(
  a: Operand<D, A, 'shared' | 'fragment'>,
  b: Operand<NoInfer<D>, B, 'shared' | 'fragment'>,
  c: Operand<Accumulator<D>, C, 'fragment'> &
    Check<GemmShapes<A, B, C, O>, 'the shapes are not those of c[M, N] += a[M, K] · b[K, N]'>,
  options?: O,
) => void;
type Reduce = <D extends DType, S extends Shape, U extends Shape, const K extends number>(
  src: Operand<D, S, Exclude<Scope, 'global'>>,
  dst: Operand<DType, U, Exclude<Scope, 'global'>> &
    Check<
      [Without<S, K>] extends [never] ? false : SameShape<Without<S, K>, U>,
      'dst must have the shape of src less dimension `dim`'
    >,
  options: {
    /** The dimension that is reduced, from 0. */
    readonly dim: K;
    /** False: dst's old value takes part. Default true. */
    readonly clear?: boolean;
  },
) => void;
type Cumsum = <S extends Shape, U extends Shape>(
  src: Operand<DType, S, Exclude<Scope, 'global'>>,
  dst: Operand<DType, U, Exclude<Scope, 'global'>> & Check<SameShape<S, U>, 'src and dst differ in shape'>,
  options: { readonly dim: number /** From the end. */; readonly reverse?: boolean },
) => void;
type Atomic = <E extends number>(element: E, value: NoInfer<E>) => void;

type Float1 = <X extends FloatArg>(x: X) => Same<X>;
type Any1 = <X extends number>(x: X) => Same<X>;
type Float2 = <A extends FloatArg, B extends FloatArg>(a: A, b: B & JoinsWith<A, B>) => Join<A, B>;
type Int2 = <A extends IntArg, B extends IntArg>(a: A, b: B & JoinsWith<A, B>) => Join<A, B>;
type Test = (x: FloatArg) => boolean;
interface Extremum {
  <A extends number, B extends number>(a: A, b: B & JoinsWith<A, B>): Join<A, B>;
  <X extends number>(a: X, b: NoInfer<X>, ...more: NoInfer<X>[]): Same<X>;
}
type Alloc<K extends Exclude<Scope, 'global'>> = <D extends DType, const S extends readonly [Constant, ...Constant[]]>(
  dtype: DTypeValue<D>,
  shape: S,
) => {
  readonly shared: Shared<D, Plain<S>>;
  readonly fragment: Fragment<D, Plain<S>>;
  readonly local: Local<D, Plain<S>>;
}[K];

export const T = Object.freeze({
  // ------------------------------------------------------------------------------------------------ the grid and tiles
  /**
   * The blocks of the launch: extents (host or run-time integers, x first, up to 3) to block indices, i32. Exactly once
   * in a kernel, before all else that runs on the device.
   */
  grid: deviceOnly<<const E extends Extents>(extents: E, options?: GridOptions) => Indices<E>>('grid'),
  /** A tile in the block's shared memory. Its contents are undefined until written. */
  shared: deviceOnly<Alloc<'shared'>>('shared'),
  /** A tile spread over the registers of the block's threads. Its contents are undefined until written. */
  fragment: deviceOnly<Alloc<'fragment'>>('fragment'),
  /** A small array of which every thread holds a copy. */
  local: deviceOnly<Alloc<'local'>>('local'),

  // -------------------------------------------------------------------------------------------------------------- loops
  /**
   * `for (const [i, j] of T.Parallel(M, N))`: independent iterations, spread over the threads; 1 to 4 extents. Two
   * iterations may not write one element, nor one read what another writes.
   */
  Parallel: deviceOnly<<const E extends ParallelExtents>(...extents: E) => Iterable<Indices<E>>>('Parallel'),
  /** A loop whose copies from global memory run `numStages - 1` iterations ahead of its compute. */
  Pipelined: deviceOnly<Pipelined>('Pipelined'),
  /** A loop over `start` (0), `start + step` (1), … below `stop`; all may be run-time values. */
  serial: deviceOnly<Range>('serial'),
  /** As `serial`, unrolled. */
  unroll: deviceOnly<Range>('unroll'),
  /** `n` tasks shared by the blocks of the grid: block x takes x, x + gridDim.x, …. */
  Persistent: deviceOnly<(n: IntArg) => Iterable<i32>>('Persistent'),

  // --------------------------------------------------------------------------------------------------------- statements
  /**
   * Element-wise, converting dtypes as a cast does. The shapes agree once extents of 1 are left out. What lies outside a
   * tensor reads as zero and is not written.
   */
  copy: deviceOnly<Copy>('copy'),
  /** Every element becomes `value`. */
  fill: deviceOnly<<D extends DType>(dst: Operand<D>, value: Element<NoInfer<D>>) => void>('fill'),
  /** Every element becomes 0 (or false). */
  clear: deviceOnly<(dst: Operand) => void>('clear'),
  /**
   * c += op(a) · op(b): a [M, K], b [K, N] unless transposed, c a whole fragment [M, N]. a and b share one dtype and lie
   * in shared memory or fragments; the sum is kept in c's dtype.
   */
  gemm: deviceOnly<Gemm>('gemm'),
  /** dst = Σ src along `dim` (+ dst, if `clear` is false). dst has src's shape less that dimension. */
  reduceSum: deviceOnly<Reduce>('reduceSum'),
  /** The largest element along `dim`. */
  reduceMax: deviceOnly<Reduce>('reduceMax'),
  /** The smallest element along `dim`. */
  reduceMin: deviceOnly<Reduce>('reduceMin'),
  /** The largest magnitude along `dim`. */
  reduceAbsMax: deviceOnly<Reduce>('reduceAbsMax'),
  /** Inclusive prefix sums along `dim`; dst has src's shape. */
  cumsum: deviceOnly<Cumsum>('cumsum'),
  /** `T.atomicAdd(A[i][j], x)`: the element of a tensor or shared tile, relaxed, at device scope. */
  atomicAdd: deviceOnly<Atomic>('atomicAdd'),
  atomicMax: deviceOnly<Atomic>('atomicMax'),
  atomicMin: deviceOnly<Atomic>('atomicMin'),
  /** `T.print('x {} y {}', x, y)`: `{}` stands for each argument in turn. */
  print: deviceOnly<(format: string, ...args: readonly (number | boolean)[]) => void>('print'),
  /** Ends the launch with the message where the condition is false. */
  assert: deviceOnly<(condition: boolean, message?: string) => void>('assert'),
  /**
   * PTX with one result of `dtype`: in the template `$0` is the result, `$1`, … the arguments. The CPU computes
   * `fallback` instead, and refuses the kernel if there is none.
   */
  inlinePtx:
    deviceOnly<
      <D extends DType>(
        dtype: DTypeValue<D>,
        template: string,
        args: readonly (number | boolean)[],
        options?: { readonly fallback?: Element<NoInfer<D>> },
      ) => Element<D>
    >('inlinePtx'),

  // -------------------------------------------------------------------------------------------------------- expressions
  /** +∞; `-T.infinity` is −∞. */
  infinity: Infinity,
  /** `cond ? a : b`. Memory is read for the side that is taken only. */
  select: onBoth<{
    <A extends number, B extends number>(cond: boolean, a: A, b: B & JoinsWith<A, B>): Join<A, B>;
    (cond: boolean, a: boolean, b: boolean): boolean;
  }>('select', (cond, a, b) => (cond ? a! : b!)),
  /** The bits of `x` as another dtype of the same size. */
  bitcast: deviceOnly<<D extends DType>(dtype: DTypeValue<D>, x: number) => Element<D>>('bitcast'),
  /** Integer division, rounded up. */
  ceilDiv: onBoth<Int2>('ceilDiv', ceilDiv),
  /** Integer division, rounded toward −∞. */
  floorDiv: onBoth<Int2>('floorDiv', floorDiv),
  min: onBoth<Extremum>('min', Math.min),
  max: onBoth<Extremum>('max', Math.max),
  abs: onBoth<Any1>('abs', Math.abs),
  sign: onBoth<Any1>('sign', Math.sign),
  clamp: onBoth<<X extends number>(x: X, low: number, high: number) => Same<X>>('clamp', clamp),
  sqrt: onBoth<Float1>('sqrt', Math.sqrt),
  /** 1 / √x. */
  rsqrt: onBoth<Float1>('rsqrt', (x) => 1 / Math.sqrt(x)),
  exp: onBoth<Float1>('exp', Math.exp),
  exp2: onBoth<Float1>('exp2', (x) => 2 ** x),
  log: onBoth<Float1>('log', Math.log),
  log2: onBoth<Float1>('log2', Math.log2),
  log10: onBoth<Float1>('log10', Math.log10),
  /** log(1 + x). */
  log1p: onBoth<Float1>('log1p', Math.log1p),
  /** exp(x) − 1. */
  expm1: onBoth<Float1>('expm1', Math.expm1),
  sin: onBoth<Float1>('sin', Math.sin),
  cos: onBoth<Float1>('cos', Math.cos),
  tan: onBoth<Float1>('tan', Math.tan),
  asin: onBoth<Float1>('asin', Math.asin),
  acos: onBoth<Float1>('acos', Math.acos),
  atan: onBoth<Float1>('atan', Math.atan),
  sinh: onBoth<Float1>('sinh', Math.sinh),
  cosh: onBoth<Float1>('cosh', Math.cosh),
  tanh: onBoth<Float1>('tanh', Math.tanh),
  /** `tanh.approx`: one instruction, about 2^-11 relative. */
  tanhApprox: onBoth<Float1>('tanhApprox', Math.tanh),
  /** 1 / x by `rcp.approx`: one instruction, to 1 ulp; subnormals count as 0. */
  rcpApprox: onBoth<Float1>('rcpApprox', (x) => 1 / x),
  erf: onBoth<Float1>('erf', erf),
  /** 1 / (1 + exp(−x)). */
  sigmoid: onBoth<Float1>('sigmoid', sigmoid),
  floor: onBoth<Any1>('floor', Math.floor),
  ceil: onBoth<Any1>('ceil', Math.ceil),
  /** To the nearest integer, halves up, as `Math.round`. */
  round: onBoth<Any1>('round', Math.round),
  trunc: onBoth<Any1>('trunc', Math.trunc),
  pow: onBoth<Float2>('pow', (a, b) => a ** b),
  atan2: onBoth<Float2>('atan2', Math.atan2),
  /** The remainder, with the sign of the dividend. */
  fmod: onBoth<Float2>('fmod', (a, b) => a % b),
  /** a · b + c, rounded once on the device. */
  fma: onBoth<<X extends FloatArg>(a: X, b: number, c: number) => Same<X>>('fma', (a, b, c) => a * b + c),
  isNaN: onBoth<Test>('isNaN', Number.isNaN),
  isInf: onBoth<Test>('isInf', (x) => x === Infinity || x === -Infinity),
  isFinite: onBoth<Test>('isFinite', Number.isFinite),
  /** Bits set in an integer (on the host: of its low 32 bits). */
  popcount: onBoth<<X extends IntArg>(x: X) => Same<X>>('popcount', popcount),
  /** Leading zeros of an integer (on the host: of its low 32 bits). */
  clz: onBoth<<X extends IntArg>(x: X) => Same<X>>('clz', Math.clz32),
});
