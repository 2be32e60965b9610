/** What the rows of the printer share while one kernel is printed. */
import type { DType } from '../../ir/dtype.ts';
import type { Target } from '../../ir/target.ts';
import { namer } from './names.ts';
import { C_TYPES } from './types.ts';

/** What a name in an `Addr` points at. */
export interface Base {
  readonly dtype: DType;
  readonly readonly: boolean;
}

export interface Context {
  readonly target: Target;
  readonly threads: number;
  /** The C identifier of an IR name. */
  readonly name: (irName: string) => string;
  /** The C type of a dtype. */
  readonly type: (dtype: DType) => string;
  /** Makes the kernel carry a prelude piece. Returns the piece's name, which is most often the function's too. */
  readonly use: (piece: string) => string;
  readonly bases: Map<string, Base>;
  /** Definitions of functions around inline PTX, by their text after the name. */
  readonly ptx: Map<string, string>;
  readonly used: Set<string>;
}

export function context(target: Target, threads: number): Context {
  const used = new Set<string>();
  const use = (piece: string): string => {
    used.add(piece);
    return piece;
  };
  const type = (dtype: DType): string => {
    const c = C_TYPES[dtype];
    if (c.piece !== undefined) use(c.piece);
    return c.text;
  };
  return { target, threads, name: namer(), type, use, bases: new Map(), ptx: new Map(), used };
}
