/**
 * Tile IR: a kernel as the user meant it, over tiles. Every node is readonly, plain data (JSON-able) and carries a span.
 *
 * Names are identity: every buffer, variable and dimension of a kernel has a name that is unique within it (the frontend
 * renames clashes to `x_1`, `x_2`, …), so printed text parses back to an equal program.
 *
 * Fields marked *pass* are absent after the frontend and filled in by the pass that is named.
 */
import type { DType } from '../dtype.ts';
import type { Layout } from '../layout.ts';
import type { Span } from '../span.ts';

// ---------------------------------------------------------------------------------------------- scalar expressions

export type UnaryOp = 'neg' | 'not' | 'bitnot';
export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  /** Floating division; IEEE-rounded. Never on integers. */
  | 'div'
  /** Integers: rounds toward minus infinity. `ceildiv`: toward plus infinity. */
  | 'floordiv'
  | 'ceildiv'
  /** JavaScript's `%`: the sign of the dividend. */
  | 'rem'
  | 'min'
  | 'max'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  /** Short-circuiting, on bool. */
  | 'land'
  | 'lor';

/** Device math functions; the argument count is fixed by `MATH_FNS`. All keep the dtype of their first argument unless said. */
export const MATH_FNS = {
  abs: 1,
  sqrt: 1,
  rsqrt: 1,
  exp: 1,
  exp2: 1,
  log: 1,
  log2: 1,
  log10: 1,
  log1p: 1,
  expm1: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 1,
  /** `tanh.approx`: about 2^-11 relative. */
  tanhApprox: 1,
  rcpApprox: 1,
  erf: 1,
  sigmoid: 1,
  floor: 1,
  ceil: 1,
  round: 1,
  trunc: 1,
  sign: 1,
  pow: 2,
  atan2: 2,
  fmod: 2,
  fma: 3,
  clamp: 3,
  /** To bool. */
  isnan: 1,
  isinf: 1,
  isfinite: 1,
  /** Integers. */
  popcount: 1,
  clz: 1,
} as const;
export type MathFn = keyof typeof MATH_FNS;

export interface Const {
  readonly kind: 'const';
  readonly dtype: DType /** bigint for i64/u64, boolean for bool. Floats may be ±Infinity or NaN. */;
  readonly value: number | bigint | boolean;
  readonly span: Span;
}
/** A loop variable, grid index, dimension, scalar parameter, `let` name or device scalar. */
export interface Var {
  readonly kind: 'var';
  readonly name: string;
  readonly dtype: DType;
  readonly span: Span;
}
export interface Unary {
  readonly kind: 'unary';
  readonly op: UnaryOp;
  readonly a: Expr;
  readonly dtype: DType;
  readonly span: Span;
}
/** Both operands have one dtype; the result has it too, or bool for comparisons. Shifts: the result has the left one's. */
export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly a: Expr;
  readonly b: Expr;
  readonly dtype: DType;
  readonly span: Span;
}
export interface Select {
  readonly kind: 'select';
  readonly cond: Expr;
  readonly a: Expr;
  readonly b: Expr;
  readonly dtype: DType;
  readonly span: Span;
}
/** Value conversion. To floats: round to nearest even, f8e4m3 and f8e5m2 saturate to ±max (NaN stays NaN). Float to integer truncates and saturates. */
export interface Cast {
  readonly kind: 'cast';
  readonly a: Expr;
  readonly dtype: DType;
  readonly span: Span;
}
/** Reinterprets the bits; both dtypes have one size. */
export interface Bitcast {
  readonly kind: 'bitcast';
  readonly a: Expr;
  readonly dtype: DType;
  readonly span: Span;
}
export interface Call {
  readonly kind: 'call';
  readonly fn: MathFn;
  readonly args: readonly Expr[];
  readonly dtype: DType;
  readonly span: Span;
}
/** One element of a buffer. */
export interface Load {
  readonly kind: 'load';
  readonly buffer: string;
  readonly indices: readonly Expr[];
  readonly dtype: DType;
  readonly span: Span;
}
/** `asm volatile` with one result and inputs; the CPU backend refuses it unless `fallback` is given. `$0` is the result, `$1…` the inputs. */
export interface Ptx {
  readonly kind: 'ptx';
  readonly template: string;
  readonly args: readonly Expr[];
  readonly fallback?: Expr;
  readonly dtype: DType;
  readonly span: Span;
}

export type Expr = Const | Var | Unary | Binary | Select | Cast | Bitcast | Call | Load | Ptx;

// --------------------------------------------------------------------------------------------------------- buffers

/** `local`: a small array that every thread holds a copy of. */
export type Scope = 'global' | 'shared' | 'fragment' | 'local';

/** A parameter tensor; contiguous, row-major. A shape entry is a constant or an expression over dimensions. */
export interface TensorParam {
  readonly kind: 'tensor';
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Expr[];
  readonly span: Span;
}
export interface ScalarParam {
  readonly kind: 'scalar';
  readonly name: string;
  readonly dtype: DType;
  readonly span: Span;
}
export type Param = TensorParam | ScalarParam;

/** A run-time size, i32. Found at the call from the shapes of the tensors; promised to be a multiple of `multipleOf` (checked at the call). */
export interface Dim {
  readonly name: string;
  readonly multipleOf: number;
  readonly span: Span;
}

/** A tile that the kernel allocates. */
export interface Buffer {
  readonly name: string;
  readonly scope: Exclude<Scope, 'global'>;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly span: Span;
  /** *pass* infer-layouts */
  readonly layout?: Layout;
  /** *pass* plan-pipeline: how many copies rotate; the region's `slot` picks one. Shared only. */
  readonly stages?: number;
  /** *pass* plan-shared: byte offset in the block's shared memory. */
  readonly offset?: number;
}

/**
 * A box of a buffer: `extent` elements from `origin`, both as long as the buffer's rank (the frontend pads leading
 * dimensions of a lower-rank extent with 1). What lies outside a *global* buffer reads as zero and is not written.
 * Where two regions meet (copy), their extents are compared with the 1s left out.
 */
export interface Region {
  readonly buffer: string;
  readonly origin: readonly Expr[];
  readonly extent: readonly number[];
  /** *pass* plan-pipeline: which of the buffer's `stages` copies. */
  readonly slot?: Expr;
  readonly span: Span;
}

// ------------------------------------------------------------------------------------------------------ statements

/** An immutable scalar. Inside a parallel loop it is per element; elsewhere uniform over the block. */
export interface Let {
  readonly kind: 'let';
  readonly name: string;
  readonly dtype: DType;
  readonly value: Expr;
  readonly span: Span;
}
/** A mutable scalar (`let x: f32 = …`), with the same uniformity. */
export interface Declare {
  readonly kind: 'declare';
  readonly name: string;
  readonly dtype: DType;
  readonly value: Expr;
  readonly span: Span;
}
export interface Assign {
  readonly kind: 'assign';
  readonly name: string;
  readonly value: Expr;
  readonly span: Span;
}
/** One element. Outside a parallel loop one thread does it. Compound assignment arrives as a load in `value`. */
export interface Store {
  readonly kind: 'store';
  readonly buffer: string;
  readonly indices: readonly Expr[];
  readonly value: Expr;
  readonly span: Span;
}

export type LoopKind = 'serial' | 'unroll' | 'pipelined' | 'persistent';
/**
 * `for (const v of T.serial(start, stop, step))`. `pipelined` overlaps its copies with its compute over `stages` buffers.
 * `persistent`: the blocks of the grid share the iterations, block x taking start + x·step, then each gridDim.x·step further.
 */
export interface For {
  readonly kind: 'for';
  readonly loop: LoopKind;
  readonly v: string;
  readonly start: Expr;
  readonly stop: Expr;
  readonly step: Expr;
  readonly stages?: number;
  readonly body: readonly Stmt[];
  readonly span: Span;
}
/** `for (const [i, j] of T.Parallel(M, N))`: independent iterations, spread over the threads. Extents are constants. */
export interface Parallel {
  readonly kind: 'parallel';
  readonly vars: readonly string[];
  readonly extents: readonly number[];
  readonly body: readonly Stmt[];
  readonly span: Span;
  /** *pass* infer-layouts: iteration (i, j, …) → (thread, reg). */ readonly layout?: Layout;
  /** *pass* plan-pipeline: a pure copy global → shared, through `cp.async`. */ readonly async?: boolean;
}
/** Per element inside a parallel loop, uniform over the block elsewhere. */
export interface If {
  readonly kind: 'if';
  readonly cond: Expr;
  readonly then: readonly Stmt[];
  readonly else: readonly Stmt[];
  readonly span: Span;
}
export interface While {
  readonly kind: 'while';
  readonly cond: Expr;
  readonly body: readonly Stmt[];
  readonly span: Span;
}
export interface Break {
  readonly kind: 'break';
  readonly span: Span;
}
export interface Continue {
  readonly kind: 'continue';
  readonly span: Span;
}
/** Ends the block's work (uniform condition around it). */
export interface Return {
  readonly kind: 'return';
  readonly span: Span;
}

/** Element-wise; converts dtypes as `Cast` does. */
export interface Copy {
  readonly kind: 'copy';
  readonly src: Region;
  readonly dst: Region;
  readonly span: Span;
  /** *pass* plan-pipeline: through `cp.async`, complete only after a `waitGroup`. */ readonly async?: boolean;
}
export interface Fill {
  readonly kind: 'fill';
  readonly dst: Region;
  readonly value: Expr;
  readonly span: Span;
}
/** c (+)= op(a) · op(b), accumulated in c's dtype. a is [M, K] ([K, M] with transposeA), b [K, N] ([N, K] with transposeB), c a whole fragment. */
export interface Gemm {
  readonly kind: 'gemm';
  readonly a: Region;
  readonly b: Region;
  readonly c: Region;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly clear: boolean;
  readonly span: Span;
  /** *pass* select-instructions: such as `mma.m16n8k16` or `fma`, and how the block's warps share [M, N]. */ readonly instr?: string;
  readonly warps?: readonly [m: number, n: number];
}
export type ReduceOp = 'sum' | 'max' | 'min' | 'absmax';
/** Removes dimension `dim` of src. Without `clear`, dst's old value takes part. */
export interface Reduce {
  readonly kind: 'reduce';
  readonly op: ReduceOp;
  readonly src: Region;
  readonly dst: Region;
  readonly dim: number;
  readonly clear: boolean;
  readonly span: Span;
  /** *pass* infer-layouts: the shared buffer through which warps combine their parts. */ readonly scratch?: string;
}
/** Inclusive prefix sum along `dim`. */
export interface Cumsum {
  readonly kind: 'cumsum';
  readonly src: Region;
  readonly dst: Region;
  readonly dim: number;
  readonly reverse: boolean;
  readonly span: Span;
  /** *pass* infer-layouts: as in `Reduce`. */ readonly scratch?: string;
}
export type AtomicOp = 'add' | 'max' | 'min';
/** Relaxed, device scope; global or shared element. */
export interface Atomic {
  readonly kind: 'atomic';
  readonly op: AtomicOp;
  readonly buffer: string;
  readonly indices: readonly Expr[];
  readonly value: Expr;
  readonly span: Span;
}
/** `{}` in `format` stands for the arguments in turn. Outside a parallel loop one thread prints. */
export interface Print {
  readonly kind: 'print';
  readonly format: string;
  readonly args: readonly Expr[];
  readonly span: Span;
}
/** Traps with the message when false. */
export interface Assert {
  readonly kind: 'assert';
  readonly cond: Expr;
  readonly message: string;
  readonly span: Span;
}

// What the passes add.
/** Closes a group of async copies (`cp.async.commit_group`). */
export interface CommitGroup {
  readonly kind: 'commitGroup';
  readonly span: Span;
}
/** Waits until at most `pending` groups of this thread are under way. */
export interface WaitGroup {
  readonly kind: 'waitGroup';
  readonly pending: number;
  readonly span: Span;
}
/** All threads of the block (`__syncthreads`). */
export interface Barrier {
  readonly kind: 'barrier';
  readonly span: Span;
}

export type Stmt =
  | Let
  | Declare
  | Assign
  | Store
  | For
  | Parallel
  | If
  | While
  | Break
  | Continue
  | Return
  | Copy
  | Fill
  | Gemm
  | Reduce
  | Cumsum
  | Atomic
  | Print
  | Assert
  | CommitGroup
  | WaitGroup
  | Barrier;

// ---------------------------------------------------------------------------------------------------------- kernel

export interface Kernel {
  readonly name: string;
  readonly params: readonly Param[];
  readonly dims: readonly Dim[];
  /** Grid extents (x first, up to 3), over dims and scalar parameters, and the block index names bound to them (i32). */
  readonly grid: readonly Expr[];
  readonly blockVars: readonly string[];
  readonly threads: number;
  readonly buffers: readonly Buffer[];
  readonly body: readonly Stmt[];
  /** Blocks per multiprocessor the register allocator should aim at (`__launch_bounds__`'s second number). */
  readonly minBlocks?: number;
  readonly span: Span;
  /** *pass* plan-shared: bytes of shared memory. */
  readonly sharedBytes?: number;
}
