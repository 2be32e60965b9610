/**
 * Device IR: the complete program of one thread block, as the hardware sees it. Nothing is decided after it: the CUDA
 * printer is one row a node, and a simulator could execute exactly what the GPU would.
 *
 * A block's program is a set of *roles*, each a range of warps with its own body; one role is the simple case.
 * Register arrays are indexed by constants or by variables of unrolled loops. Offsets count elements, not bytes.
 */
import type { DType } from '../dtype.ts';
import type { Span } from '../span.ts';
import type { AtomicOp, BinaryOp, Dim, MathFn, Param, Expr as TileExpr, UnaryOp } from '../tile/schema.ts';

export type Special =
  | 'threadIdx.x'
  | 'blockIdx.x'
  | 'blockIdx.y'
  | 'blockIdx.z'
  | 'gridDim.x'
  | 'gridDim.y'
  | 'gridDim.z';

export type DExpr =
  | { readonly kind: 'const'; readonly dtype: DType; readonly value: number | bigint | boolean }
  | { readonly kind: 'var'; readonly name: string; readonly dtype: DType }
  | { readonly kind: 'special'; readonly name: Special; readonly dtype: 'i32' }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly a: DExpr; readonly dtype: DType }
  | { readonly kind: 'binary'; readonly op: DBinaryOp; readonly a: DExpr; readonly b: DExpr; readonly dtype: DType }
  | { readonly kind: 'select'; readonly cond: DExpr; readonly a: DExpr; readonly b: DExpr; readonly dtype: DType }
  | { readonly kind: 'cast'; readonly a: DExpr; readonly dtype: DType }
  | { readonly kind: 'bitcast'; readonly a: DExpr; readonly dtype: DType }
  | { readonly kind: 'call'; readonly fn: MathFn; readonly args: readonly DExpr[]; readonly dtype: DType }
  /** One element of a register array. */
  | { readonly kind: 'reg'; readonly array: string; readonly index: DExpr; readonly dtype: DType }
  /** One element of memory. */
  | { readonly kind: 'load'; readonly addr: Addr; readonly dtype: DType }
  /** Butterfly shuffle over the warp (`__shfl_xor_sync`, full mask); f32, i32, u32, or converted around. */
  | { readonly kind: 'shflXor'; readonly a: DExpr; readonly lanes: number; readonly dtype: DType }
  /** `__shfl_up_sync`, full mask: the value of the lane `lanes` below, the own value where there is none. */
  | { readonly kind: 'shflUp'; readonly a: DExpr; readonly lanes: number; readonly dtype: DType }
  | { readonly kind: 'shfl'; readonly a: DExpr; readonly lane: DExpr; readonly dtype: DType }
  | { readonly kind: 'ptx'; readonly template: string; readonly args: readonly DExpr[]; readonly dtype: DType };

/**
 * Tile IR's operators; `div` on integers truncates and is only made where both operands are known not to be negative. An i32
 * beside an i64 widens to it.
 */
export type DBinaryOp = BinaryOp;

/** `base` is a tensor parameter, a pointer variable, or a shared buffer's name; `offset` counts elements of `dtype`. */
export interface Addr {
  readonly space: 'global' | 'shared';
  readonly base: string;
  readonly offset: DExpr;
  readonly dtype: DType;
}

/** `count` consecutive elements of a register array from `index`. */
export interface RegRef {
  readonly array: string;
  readonly index: DExpr;
}

interface Base {
  readonly span?: Span;
}

export type DStmt =
  | (Base & { readonly kind: 'comment'; readonly text: string })
  /** `const` makes an SSA name; otherwise it may be assigned. */
  | (Base & {
      readonly kind: 'declare';
      readonly name: string;
      readonly dtype: DType;
      readonly const: boolean;
      readonly value: DExpr;
    })
  | (Base & { readonly kind: 'assign'; readonly name: string; readonly value: DExpr })
  /** A typed pointer to `addr`, which later `Addr.base`s may name. Global or shared; read-only pointers are `const`. */
  | (Base & { readonly kind: 'pointer'; readonly name: string; readonly addr: Addr; readonly readonly: boolean })
  | (Base & {
      readonly kind: 'registers';
      readonly name: string;
      readonly dtype: DType;
      readonly length: number;
      readonly init?: DExpr;
    })
  | (Base & { readonly kind: 'setReg'; readonly array: string; readonly index: DExpr; readonly value: DExpr })
  | (Base & { readonly kind: 'store'; readonly addr: Addr; readonly value: DExpr })
  /** `count` elements, one instruction of count × size ≤ 16 bytes, aligned to it. With a false `pred` the registers become zero. `cache`: `nc` is the read-only path. */
  | (Base & {
      readonly kind: 'loadVec';
      readonly dst: RegRef;
      readonly addr: Addr;
      readonly count: number;
      readonly pred?: DExpr;
      readonly cache?: 'nc';
    })
  | (Base & {
      readonly kind: 'storeVec';
      readonly src: RegRef;
      readonly addr: Addr;
      readonly count: number;
      readonly pred?: DExpr;
    })
  /** dst[0..count) = convert(src[0..count)), with the fastest paired instructions of the target. */
  | (Base & {
      readonly kind: 'convert';
      readonly dst: RegRef;
      readonly to: DType;
      readonly src: RegRef;
      readonly from: DType;
      readonly count: number;
    })
  /** global → shared, `bytes` in 4, 8, 16; a false `pred` writes zeros. */
  | (Base & {
      readonly kind: 'cpAsync';
      readonly dst: Addr;
      readonly src: Addr;
      readonly bytes: 4 | 8 | 16;
      readonly pred?: DExpr;
    })
  | (Base & { readonly kind: 'cpAsyncCommit' })
  | (Base & { readonly kind: 'cpAsyncWait'; readonly pending: number })
  /** `id` 0 over the whole block is `__syncthreads`; others are named barriers over `threads`. */
  | (Base & { readonly kind: 'barrier'; readonly id: number; readonly threads?: number })
  | (Base & { readonly kind: 'warpSync' })
  /** `matrices` 8×8 tiles of 16-bit elements (pairs of 8-bit ones) into `dst`, one 32-bit register each. `addr` is this lane's row. */
  | (Base & {
      readonly kind: 'ldmatrix';
      readonly dst: RegRef;
      readonly matrices: 1 | 2 | 4;
      readonly transpose: boolean;
      readonly addr: Addr;
    })
  | (Base & {
      readonly kind: 'mma';
      readonly shape: 'm16n8k8' | 'm16n8k16' | 'm16n8k32';
      readonly a: RegRef;
      readonly aType: DType;
      readonly b: RegRef;
      readonly bType: DType;
      readonly c: RegRef;
      readonly cType: DType;
    })
  | (Base & { readonly kind: 'atomic'; readonly op: AtomicOp; readonly addr: Addr; readonly value: DExpr })
  /** `for (int v = start; v < stop; v += step)`; `unroll`: true for all, a number for so many steps at a time (1: none), absent for the compiler's choice. */
  | (Base & {
      readonly kind: 'for';
      readonly v: string;
      readonly start: DExpr;
      readonly stop: DExpr;
      readonly step: DExpr;
      readonly unroll?: true | number;
      readonly body: readonly DStmt[];
    })
  | (Base & {
      readonly kind: 'if';
      readonly cond: DExpr;
      readonly then: readonly DStmt[];
      readonly else: readonly DStmt[];
    })
  | (Base & { readonly kind: 'while'; readonly cond: DExpr; readonly body: readonly DStmt[] })
  | (Base & { readonly kind: 'break' })
  | (Base & { readonly kind: 'continue' })
  | (Base & { readonly kind: 'return' })
  | (Base & { readonly kind: 'print'; readonly format: string; readonly args: readonly DExpr[] })
  | (Base & { readonly kind: 'assert'; readonly cond: DExpr; readonly message: string });

export interface SharedBuffer {
  readonly name: string;
  readonly dtype: DType;
  readonly length: number;
  /** Bytes from the start of the block's dynamic shared memory. */
  readonly offset: number;
  readonly comment?: string;
}

/** Warps [`warps[0]`, `warps[1]`) run `body`. */
export interface Role {
  readonly name: string;
  readonly warps: readonly [number, number];
  readonly body: readonly DStmt[];
}

export interface DeviceKernel {
  readonly name: string;
  /** What the kernel is launched with, in order: the params (tensors as pointers), then the dims as i32. */
  readonly params: readonly Param[];
  readonly dims: readonly Dim[];
  /** Tensor parameters that the kernel writes. */
  readonly writes: readonly string[];
  readonly grid: readonly TileExpr[];
  readonly threads: number;
  readonly minBlocks?: number;
  readonly shared: readonly SharedBuffer[];
  readonly sharedBytes: number;
  /** Statements that every thread runs first (index arithmetic shared by the roles). */
  readonly prologue: readonly DStmt[];
  readonly roles: readonly Role[];
  readonly span: Span;
}
