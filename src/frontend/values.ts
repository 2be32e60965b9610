/** What an expression in a kernel can be while the frontend walks it. */
import type { ts } from 'ts-morph';
import type { DType } from '../ir/dtype.ts';
import type { Span } from '../ir/span.ts';
import type { Expr, Scope as MemoryScope, Region } from '../ir/tile/schema.ts';
import type { Scope } from './scope.ts';
import type { Source } from './source.ts';

/** A tensor parameter or an allocated tile. Sizes of tensors may be expressions over dimensions. */
export interface TileInfo {
  readonly name: string;
  readonly scope: MemoryScope;
  readonly dtype: DType;
  readonly shape: readonly (number | Expr)[];
}

export type Value =
  /** Any JavaScript value, known while compiling. */
  | {
      readonly kind: 'host';
      readonly v: unknown /** A number written as a float, such as `1.0`. */;
      readonly float?: boolean;
      /** Of `undefined`: the statement of T that gave it. */
      readonly from?: string;
    }
  /** A value that only the device knows. */
  | { readonly kind: 'device'; readonly e: Expr }
  | { readonly kind: 'tile'; readonly tile: TileInfo }
  /** A tile with some or all of its indices. */
  | {
      readonly kind: 'element';
      readonly tile: TileInfo;
      readonly indices: readonly Expr[];
      readonly span: Span;
    }
  /** `rank`: how many extents the user gave; those before are 1. */
  | { readonly kind: 'region'; readonly region: Region; readonly tile: TileInfo; readonly rank: number }
  /** A host array or object that holds values of other kinds. */
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Value> }
  /** A function written inside the kernel: inlined where it is called. */
  | {
      readonly kind: 'closure';
      readonly name: string;
      readonly node: ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;
      readonly scope: Scope;
      readonly source: Source;
    }
  /** A method of a tile or list, to be called. */
  | { readonly kind: 'method'; readonly on: Value; readonly name: string };

export type Closure = Extract<Value, { kind: 'closure' }>;

export const host = (v: unknown): Value => ({ kind: 'host', v });
export const device = (e: Expr): Value => ({ kind: 'device', e });

/** A list whose items are all host values is a host array, and so for objects. */
export function listOf(items: readonly Value[]): Value {
  return items.every((x) => x.kind === 'host')
    ? host(items.map((x) => (x as { v: unknown }).v))
    : { kind: 'list', items };
}
export function objectOf(fields: ReadonlyMap<string, Value>): Value {
  const entries = [...fields];
  return entries.every(([, x]) => x.kind === 'host')
    ? host(Object.fromEntries(entries.map(([k, x]) => [k, (x as { v: unknown }).v])))
    : { kind: 'object', fields };
}

/** How a value is spoken of in messages. */
export function describe(v: Value): string {
  switch (v.kind) {
    case 'host':
      return v.v === null || typeof v.v !== 'object'
        ? `the host value ${typeof v.v === 'function' ? 'function' : typeof v.v === 'string' ? JSON.stringify(v.v) : String(v.v)}`
        : 'a host object';
    case 'device':
      return `a device value of ${v.e.dtype}`;
    case 'tile':
      return `${v.tile.scope === 'global' ? 'tensor' : `${v.tile.scope} tile`} \`${v.tile.name}\``;
    case 'element':
      return `an element of \`${v.tile.name}\``;
    case 'region':
      return `a region of \`${v.tile.name}\``;
    case 'list':
      return 'a list';
    case 'object':
      return 'an object';
    case 'closure':
      return `function \`${v.name}\``;
    case 'method':
      return `method \`${v.name}\``;
  }
}
