/** What the grammar reads: the text's structure with its tokens, before names and dtypes are looked up. */
import type { IToken } from 'chevrotain';
import type { Span } from '../span.ts';

export type SynExpr =
  /** `sign` is a minus that belongs to the literal. */
  | { readonly kind: 'literal'; readonly token: IToken; readonly negative: boolean }
  | { readonly kind: 'name'; readonly token: IToken }
  | { readonly kind: 'unary'; readonly token: IToken; readonly a: SynExpr }
  | { readonly kind: 'binary'; readonly token: IToken; readonly a: SynExpr; readonly b: SynExpr }
  /** `member`: the dtype in `bitcast.f16(…)`; `template` and `fallback` belong to `ptx.f32(…)`. */
  | {
      readonly kind: 'call';
      readonly token: IToken;
      readonly member?: IToken;
      readonly template?: IToken;
      readonly args: readonly SynExpr[];
      readonly fallback?: SynExpr;
    }
  | { readonly kind: 'load'; readonly token: IToken; readonly indices: readonly SynExpr[] }
  | { readonly kind: 'typed'; readonly a: SynExpr; readonly dtype: IToken };

export interface SynRegion {
  readonly token: IToken;
  readonly box?: { readonly origin: readonly SynExpr[]; readonly extent: readonly IToken[] };
  readonly slot?: SynExpr;
  readonly transposed: boolean;
}

/** `clear`, `stages(2)`, `layout(…)`. */
export interface SynModifier {
  readonly token: IToken;
  readonly args: readonly IToken[];
}

interface Base {
  readonly token: IToken;
  readonly span?: Span;
}
type Modified = Base & { readonly modifiers: readonly SynModifier[] };

export type SynStmt =
  | (Base & { readonly kind: 'let' | 'var'; readonly name: IToken; readonly dtype: IToken; readonly value: SynExpr })
  | (Base & { readonly kind: 'set'; readonly indices?: readonly SynExpr[]; readonly value: SynExpr })
  | (Modified & {
      readonly kind: 'for';
      readonly v: IToken;
      readonly loop: IToken;
      readonly args: readonly SynExpr[];
      readonly body: readonly SynStmt[];
    })
  | (Modified & {
      readonly kind: 'parallel';
      readonly vars: readonly IToken[];
      readonly extents: readonly IToken[];
      readonly body: readonly SynStmt[];
    })
  | (Base & {
      readonly kind: 'if';
      readonly cond: SynExpr;
      readonly then: readonly SynStmt[];
      readonly else: readonly SynStmt[];
    })
  | (Base & { readonly kind: 'while'; readonly cond: SynExpr; readonly body: readonly SynStmt[] })
  | (Base & { readonly kind: 'break' | 'continue' | 'return' | 'commitGroup' | 'barrier' })
  | (Base & { readonly kind: 'waitGroup'; readonly pending: IToken })
  | (Modified & { readonly kind: 'copy' | 'cumsum'; readonly src: SynRegion; readonly dst: SynRegion })
  | (Base & { readonly kind: 'fill'; readonly value: SynExpr; readonly dst: SynRegion })
  | (Modified & { readonly kind: 'gemm'; readonly a: SynRegion; readonly b: SynRegion; readonly c: SynRegion })
  | (Modified & { readonly kind: 'reduce'; readonly op: IToken; readonly src: SynRegion; readonly dst: SynRegion })
  | (Base & {
      readonly kind: 'atomic';
      readonly op: IToken;
      readonly value: SynExpr;
      readonly buffer: IToken;
      readonly indices: readonly SynExpr[];
    })
  | (Base & { readonly kind: 'print'; readonly format: IToken; readonly args: readonly SynExpr[] })
  | (Base & { readonly kind: 'assert'; readonly cond: SynExpr; readonly message: IToken });

export interface SynParam {
  readonly name: IToken;
  readonly dtype: IToken;
  readonly shape?: readonly SynExpr[];
  readonly span?: Span;
}
export interface SynDim {
  readonly name: IToken;
  readonly multipleOf?: IToken;
  readonly span?: Span;
}
export interface SynBuffer {
  readonly scope: IToken;
  readonly name: IToken;
  readonly dtype: IToken;
  readonly shape: readonly IToken[];
  readonly modifiers: readonly SynModifier[];
  readonly span?: Span;
}
export interface SynKernel {
  readonly name: IToken;
  readonly params: readonly SynParam[];
  readonly dims: readonly SynDim[];
  readonly grid: readonly { readonly name?: IToken; readonly extent: SynExpr }[];
  readonly modifiers: readonly SynModifier[];
  readonly buffers: readonly SynBuffer[];
  readonly body: readonly SynStmt[];
  readonly span?: Span;
}
