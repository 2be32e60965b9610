/** How wide a parallel loop's memory accesses may be. */
import { bytesOf, type DType } from '../../ir/dtype.ts';
import { powerOfTwoPart } from '../../ir/integers.ts';
import type { Buffer, Expr, Load, Region, Scope, Stmt, Store, TensorParam } from '../../ir/tile/schema.ts';
import { sizeOf, vectorWidth } from '../../layout/layout.ts';
import { type Facts, factOf, powerOfTwoDivisor } from '../facts.ts';

export const VECTOR_BYTES = 16;

export type Access = Load | Store;

/** What is known of the tensors and tiles that a loop touches, while it is lowered or before. */
export interface Memory {
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, TensorParam>;
  readonly buffers: ReadonlyMap<string, Buffer>;
  /** Accesses whose indices count from the origin of a region. */
  readonly regionLoads: ReadonlyMap<Access, { readonly region: Region }>;
  scopeOf(name: string): Scope;
  dtypeOf(name: string): DType;
}

/** What the value depends on: is `v`, or a name in `names`, in it? */
export function depends(e: Expr, names: ReadonlySet<string>): boolean {
  switch (e.kind) {
    case 'const':
      return false;
    case 'var':
      return names.has(e.name);
    case 'unary':
    case 'cast':
    case 'bitcast':
      return depends(e.a, names);
    case 'binary':
      return depends(e.a, names) || depends(e.b, names);
    case 'select':
      return depends(e.cond, names) || depends(e.a, names) || depends(e.b, names);
    case 'call':
    case 'ptx':
      return e.args.some((a) => depends(a, names));
    case 'load':
      return e.indices.some((i) => depends(i, names));
  }
}

/** The coefficient of `v` in an affine expression, or undefined. */
export function coefficient(e: Expr, v: string): number | undefined {
  const names = new Set([v]);
  if (!depends(e, names)) return 0;
  if (e.kind === 'var') return 1;
  if (e.kind !== 'binary') return undefined;
  const a = coefficient(e.a, v);
  const b = coefficient(e.b, v);
  if (a === undefined || b === undefined) return undefined;
  switch (e.op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      if (e.b.kind === 'const' && typeof e.b.value === 'number') return a * e.b.value;
      if (e.a.kind === 'const' && typeof e.a.value === 'number') return b * e.a.value;
      return undefined;
    default:
      return undefined;
  }
}

/** All element accesses of the statements, and whether each statement form is one that vectors can run through. */
export function accessesOf(stmts: readonly Stmt[]): { readonly accesses: Access[]; readonly simple: boolean } {
  const accesses: Access[] = [];
  let simple = true;
  const expr = (e: Expr): void => {
    switch (e.kind) {
      case 'load':
        accesses.push(e);
        e.indices.forEach(expr);
        break;
      case 'unary':
      case 'cast':
      case 'bitcast':
        expr(e.a);
        break;
      case 'binary':
        expr(e.a);
        expr(e.b);
        break;
      case 'select':
        expr(e.cond);
        expr(e.a);
        expr(e.b);
        break;
      case 'call':
      case 'ptx':
        e.args.forEach(expr);
        break;
      case 'const':
      case 'var':
        break;
    }
  };
  const visit = (list: readonly Stmt[]): void => {
    for (const s of list)
      switch (s.kind) {
        case 'let':
          expr(s.value);
          break;
        case 'store':
          accesses.push(s);
          s.indices.forEach(expr);
          expr(s.value);
          break;
        case 'if':
          expr(s.cond);
          visit(s.then);
          visit(s.else);
          break;
        default:
          simple = false;
          collectAll(s, expr, visit);
      }
  };
  visit(stmts);
  return { accesses, simple };
}

function collectAll(s: Stmt, expr: (e: Expr) => void, visit: (list: readonly Stmt[]) => void): void {
  switch (s.kind) {
    case 'declare':
    case 'assign':
      return expr(s.value);
    case 'atomic':
      s.indices.forEach(expr);
      return expr(s.value);
    case 'for':
      expr(s.start);
      expr(s.stop);
      expr(s.step);
      return visit(s.body);
    case 'while':
      expr(s.cond);
      return visit(s.body);
    case 'print':
      return s.args.forEach(expr);
    case 'assert':
      return expr(s.cond);
    default:
  }
}

/** The names, `v` and the `let`s made from it, that differ between the elements of a vector along `v`. */
export function varying(stmts: readonly Stmt[], v: string): ReadonlySet<string> {
  const names = new Set([v]);
  const visit = (list: readonly Stmt[]): void => {
    for (const s of list) {
      if (s.kind === 'let' && depends(s.value, names)) names.add(s.name);
      if (s.kind === 'if') {
        visit(s.then);
        visit(s.else);
      }
    }
  };
  visit(stmts);
  return names;
}

/**
 * Elements of the innermost parallel variable `v` that one iteration handles together: the widest power of two that all
 * memory accesses along `v` allow (consecutive, aligned, at most 16 bytes each). Accesses that do not move with `v` do not
 * limit it. 1 where some access is strided or some condition differs within a vector.
 */
export function vectorLength(
  cx: Memory,
  stmts: readonly Stmt[],
  v: string,
  extent: number,
  unknownLayouts: boolean,
): number {
  const { accesses, simple } = accessesOf(stmts);
  const names = varying(stmts, v);
  if (!simple || hasVaryingCondition(stmts, names)) return 1;
  let width = 0;
  let limit = powerOfTwoPart(extent);
  for (const access of accesses) {
    if (!access.indices.some((i) => depends(i, names))) continue;
    const scope = cx.scopeOf(access.buffer);
    const last = access.indices.at(-1)!;
    const straight = coefficient(last, v) === 1 && !access.indices.slice(0, -1).some((i) => depends(i, names));
    const bytes = bytesOf(cx.dtypeOf(access.buffer));
    if (scope === 'local') return 1;
    if (scope === 'fragment') {
      const { layout } = cx.buffers.get(access.buffer)!;
      if (!layout && unknownLayouts) continue;
      if (!layout || !straight) return 1;
      const run = vectorWidth(layout);
      // Pairs of narrow floats convert together; wider ones gain nothing from a vector of their own.
      if (run > 1 && bytes < 4 && access.kind === 'store') width = Math.max(width, Math.min(run, 8));
      limit = Math.min(limit, Math.max(1, powerOfTwoPart(run)));
      continue;
    }
    if (!straight) return 1;
    width = Math.max(width, VECTOR_BYTES / bytes);
    limit = Math.min(limit, VECTOR_BYTES / bytes, alignment(cx, access, v));
  }
  return Math.max(1, Math.min(width, limit));
}

/** A condition that is not the same for all elements of a vector: of an `if`, or of a select that guards a memory read. */
function hasVaryingCondition(stmts: readonly Stmt[], names: ReadonlySet<string>): boolean {
  const guarded = (e: Expr): boolean => {
    switch (e.kind) {
      case 'select': {
        const reads = (x: Expr) =>
          accessesOf([{ kind: 'let', name: '', dtype: x.dtype, value: x, span: x.span }]).accesses.length > 0;
        return (
          (depends(e.cond, names) && (reads(e.a) || reads(e.b))) || guarded(e.a) || guarded(e.b) || guarded(e.cond)
        );
      }
      case 'unary':
      case 'cast':
      case 'bitcast':
        return guarded(e.a);
      case 'binary':
        return guarded(e.a) || guarded(e.b);
      case 'call':
      case 'ptx':
        return e.args.some(guarded);
      default:
        return false;
    }
  };
  return stmts.some((s) => {
    if (s.kind === 'if')
      return depends(s.cond, names) || hasVaryingCondition(s.then, names) || hasVaryingCondition(s.else, names);
    return (s.kind === 'let' || s.kind === 'store') && guarded(s.value);
  });
}

/** The widest vector for which every access of this place is aligned. */
function alignment(cx: Memory, access: Access, v: string): number {
  const last = access.indices.at(-1)!;
  const rest = powerOfTwoDivisor(zeroed(last, v), cx.facts, VECTOR_BYTES);
  const region = cx.regionLoads.get(access as Load)?.region;
  const buffer = cx.buffers.get(access.buffer);
  if (buffer) {
    if (!buffer.layout) return 1;
    const strides = buffer.layout.dims.slice(0, -1).flatMap((atoms) => atoms.map((a) => a.stride));
    const contiguous = buffer.layout.dims.at(-1)!.every((a) => a.stride === 1 || a.axis !== 'mem');
    const chunk = buffer.layout.swizzle ? 2 ** buffer.layout.swizzle.base : VECTOR_BYTES;
    if (!contiguous && sizeOf(buffer.layout, 'mem') > 1) return 1;
    return strides.reduce((n, s) => Math.min(n, powerOfTwoPart(s)), Math.min(rest, chunk));
  }
  const t = cx.tensors.get(access.buffer)!;
  if (region) return Math.min(rest, regionAlignment(t, region, cx.facts));
  return Math.min(rest, t.shape.length === 1 ? VECTOR_BYTES : rowAlignment(t, cx.facts));
}

/** Rows start aligned when the row length is; a guard on the last dimension then covers whole vectors. */
const rowAlignment = (t: TensorParam, facts: Facts): number =>
  powerOfTwoPart(factOf(t.shape.at(-1)!, facts).multiple || VECTOR_BYTES);

/** The widest vector, in elements, that cuts the rows of a tensor's region at aligned places. */
export const regionAlignment = (t: TensorParam, r: Region, facts: Facts): number =>
  Math.min(powerOfTwoDivisor(r.origin.at(-1)!, facts, VECTOR_BYTES), rowAlignment(t, facts));

/** The expression with `v` taken as zero, for its alignment. */
function zeroed(e: Expr, v: string): Expr {
  if (e.kind === 'var' && e.name === v) return { kind: 'const', dtype: e.dtype, value: 0, span: e.span };
  if (e.kind === 'binary') return { ...e, a: zeroed(e.a, v), b: zeroed(e.b, v) };
  return e;
}
