/** What the printers of one kernel share: names, buffers, ranges, check sites, helpers used. */
import type { DType } from '../../ir/dtype.ts';
import type { Scope } from '../../ir/tile/schema.ts';
import type { Namer } from './names.ts';
import type { Site } from './support/checks.ts';
import type { Range, Val } from './value.ts';
import type { Writer } from './writer.ts';

/** A tensor or a tile, as generated code has it: a typed array, row-major. */
export interface BufferInfo {
  readonly name: string;
  /** The array's identifier. */
  readonly id: string;
  readonly scope: Scope;
  readonly dtype: DType;
  /** Sizes: constants, or run-time integers in [0, 2^31). */
  readonly shape: readonly Val[];
}

/** The parallel loop that is being printed, as far as races are looked for in it. */
export interface ParallelLoop {
  readonly site: (buffer: string) => NonNullable<Site['loop']>;
  /** Identifier of the iteration's number. */
  readonly iteration: string;
  /** Buffers whose accesses are stamped. */
  readonly shadowed: ReadonlySet<string>;
}

export interface Context {
  readonly w: Writer;
  readonly name: Namer;
  readonly checks: boolean;
  readonly buffers: ReadonlyMap<string, BufferInfo>;
  /** Bounds of integer variables. */
  readonly ranges: Map<string, Range>;
  /** Scalars that may be assigned. */
  readonly mutable: ReadonlySet<string>;
  readonly sites: Site[];
  /** Members of the support library, of `Math` and of the checks that the text names. */
  readonly used: { readonly support: Set<string>; readonly math: Set<string>; readonly checks: Set<string> };
  /** Arrays that gemm works on: identifier and value, by what they are for. */
  readonly scratch: Map<string, { readonly id: string; readonly value: string }>;
  /** Buffers whose first write is looked for at run time, with the identifier of their flag. */
  readonly flags: Map<string, string>;
  /** Identifiers of the shadows of buffers that a parallel loop may touch racily. */
  readonly shadows: Map<string, string>;
  loop?: ParallelLoop;
}

export function support(cx: Context, name: string): string {
  cx.used.support.add(name);
  return name;
}
export function mathFn(cx: Context, name: 'fround' | 'imul'): string {
  cx.used.math.add(name);
  return name;
}
export function check(cx: Context, name: string): string {
  cx.used.checks.add(name);
  return name;
}

/** The number of a new site. */
export const site = (cx: Context, s: Site): number => cx.sites.push(s) - 1;

export function bufferOf(cx: Context, name: string): BufferInfo {
  const b = cx.buffers.get(name);
  if (!b) throw new Error(`internal: no buffer is named ${name}`);
  return b;
}
