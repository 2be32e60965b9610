/** Statements of Tile IR: where each may stand, what it works on, and that the parts fit together. */

import * as msg from '../../diagnostics/messages/tir.ts';
import type { DType } from '../dtype.ts';
import type { Span } from '../span.ts';
import type { Copy, Cumsum, Expr, For, Gemm, Parallel, Reduce, Region, Stmt } from './schema.ts';
import type { VerifyContext } from './verify-context.ts';
import { verifyExpr, verifyIndex, verifyIndices } from './verify-expr.ts';
import { verifyThreadLayout } from './verify-layout.ts';
import { squeezed } from './walk.ts';

/** What stands around a statement. */
interface Around {
  readonly loop: boolean;
  readonly parallel: boolean;
}

export const OUTSIDE: Around = { loop: false, parallel: false };

/** The statements share the scope they are in: the caller opens it. */
export function verifyStmts(cx: VerifyContext, stmts: readonly Stmt[], around: Around): void {
  for (const s of stmts) stmt(cx, s, around);
}

const body = (cx: VerifyContext, stmts: readonly Stmt[], around: Around): void =>
  cx.scoped(() => verifyStmts(cx, stmts, around));

function stmt(cx: VerifyContext, s: Stmt, around: Around): void {
  switch (s.kind) {
    case 'let':
    case 'declare':
      verifyExpr(cx, s.value, s.dtype, `the value of \`${s.name}\``);
      cx.declare(s.name, { dtype: s.dtype, origin: s.kind === 'let' ? 'let' : 'var' }, s.span);
      return;
    case 'assign':
      assign(cx, s.name, s.value, s.span);
      return;
    case 'store':
    case 'atomic':
      element(cx, s.buffer, s.indices, s.value, s.span);
      return;
    case 'for':
      loop(cx, s, around);
      return;
    case 'parallel':
      if (around.parallel) cx.report(msg.tileStatementInParallel('parallel'), s.span);
      parallel(cx, s);
      return;
    case 'if':
      verifyExpr(cx, s.cond, 'bool', 'the condition of `if`');
      body(cx, s.then, around);
      body(cx, s.else, around);
      return;
    case 'while':
      verifyExpr(cx, s.cond, 'bool', 'the condition of `while`');
      body(cx, s.body, { ...around, loop: true });
      return;
    case 'break':
    case 'continue':
      if (!around.loop) cx.report(msg.outsideLoop(s.kind), s.span);
      return;
    case 'return':
      if (around.parallel) cx.report(msg.returnInParallel(), s.span);
      return;
    case 'print': {
      const holes = s.format.split('{}').length - 1;
      if (holes !== s.args.length) cx.report(msg.hole('`print`', holes, s.args.length), s.span);
      for (const a of s.args) verifyExpr(cx, a);
      return;
    }
    case 'assert':
      verifyExpr(cx, s.cond, 'bool', 'the condition of `assert`');
      return;
    case 'copy':
    case 'fill':
    case 'gemm':
    case 'reduce':
    case 'cumsum':
    case 'commitGroup':
    case 'waitGroup':
    case 'barrier':
      if (around.parallel) cx.report(msg.tileStatementInParallel(s.kind), s.span);
      tileStatement(cx, s);
      return;
  }
}

function tileStatement(
  cx: VerifyContext,
  s: Extract<Stmt, { kind: 'copy' | 'fill' | 'gemm' | 'reduce' | 'cumsum' | 'commitGroup' | 'waitGroup' | 'barrier' }>,
): void {
  switch (s.kind) {
    case 'copy':
      copy(cx, s);
      return;
    case 'fill':
      region(cx, s.dst);
      verifyExpr(cx, s.value);
      return;
    case 'gemm':
      gemm(cx, s);
      return;
    case 'reduce':
    case 'cumsum':
      along(cx, s);
      return;
    case 'waitGroup':
      cx.count('the count of pending groups', s.pending, 0, s.span);
      return;
    case 'commitGroup':
    case 'barrier':
  }
}

function assign(cx: VerifyContext, name: string, value: Expr, span: Span): void {
  const known = cx.scalar(name);
  verifyExpr(cx, value, known?.dtype, `the value of \`${name}\``);
  if (!known) {
    cx.report(msg.undefinedName(name, 'name'), span);
    return;
  }
  if (known.origin === 'param' || known.origin === 'dim') cx.report(msg.badWrite(name), span);
  else if (known.origin !== 'var') cx.report(msg.notAssignable(name), span);
}

function element(cx: VerifyContext, buffer: string, indices: readonly Expr[], value: Expr, span: Span): void {
  for (const i of indices) verifyExpr(cx, i);
  const to = cx.array(buffer);
  verifyExpr(cx, value, to?.dtype, `what goes into \`${buffer}\``);
  if (!to) {
    cx.report(cx.scalar(buffer) ? msg.badWrite(buffer) : msg.undefinedName(buffer, 'tile'), span);
    return;
  }
  verifyIndices(cx, buffer, indices, { span });
}

function loop(cx: VerifyContext, s: For, around: Around): void {
  for (const [e, what] of [
    [s.start, 'start'],
    [s.stop, 'stop'],
    [s.step, 'step'],
  ] as const) {
    verifyIndex(cx, e, `the ${what} of \`for\``);
    if (e.dtype !== s.start.dtype) cx.report(msg.wrongDType(`the ${what} of \`for\``, s.start.dtype, e.dtype), e.span);
  }
  if (s.stages !== undefined) cx.count('the number of stages', s.stages, 1, s.span);
  if (around.parallel && (s.loop === 'pipelined' || s.loop === 'persistent'))
    cx.report(msg.tileStatementInParallel(s.loop), s.span);
  cx.scoped(() => {
    cx.declare(s.v, { dtype: s.start.dtype, origin: 'loop' }, s.span);
    verifyStmts(cx, s.body, { ...around, loop: true });
  });
}

function parallel(cx: VerifyContext, s: Parallel): void {
  if (s.vars.length !== s.extents.length || s.vars.length === 0)
    cx.report(
      msg.badCount('the number of variables of `parallel`', s.vars.length, `that of its extents, ${s.extents.length}`),
      s.span,
    );
  for (const n of s.extents) cx.count('an extent of `parallel`', n, 1, s.span);
  if (s.layout) verifyThreadLayout(cx, '`parallel`', s.layout, s.extents, s.span);
  cx.scoped(() => {
    for (const v of s.vars) cx.declare(v, { dtype: 'i32', origin: 'loop' }, s.span);
    verifyStmts(cx, s.body, { loop: false, parallel: true });
  });
  if (s.async && !isAsyncLoop(cx, s.body)) cx.report(msg.asyncSpaces(), s.span);
}

/** One store of an element that is loaded as it is, or of zero where a condition says so. */
function isAsyncLoop(cx: VerifyContext, stmts: readonly Stmt[]): boolean {
  const [store] = stmts;
  if (stmts.length !== 1 || store?.kind !== 'store') return false;
  const value = store.value.kind === 'select' ? store.value.a : store.value;
  return value.kind === 'load' && isAsyncPair(cx, value.buffer, store.buffer);
}

const isAsyncPair = (cx: VerifyContext, src: string, dst: string): boolean =>
  cx.tensors.has(src) &&
  cx.tiles.get(dst)?.scope === 'shared' &&
  cx.tensors.get(src)!.dtype === cx.tiles.get(dst)!.dtype;

// --------------------------------------------------------------------------------------------- statements on regions

/** Reports the region's own faults; true if its buffer is known. */
function region(cx: VerifyContext, r: Region): boolean {
  for (const o of r.origin) verifyIndex(cx, o, `an origin in \`${r.buffer}\``);
  if (r.slot) verifyIndex(cx, r.slot, `the slot of \`${r.buffer}\``);
  const of = cx.array(r.buffer);
  if (!of) {
    cx.report(
      cx.scalar(r.buffer)
        ? msg.notATile('the region', r.buffer, 'a tile or a tensor')
        : msg.undefinedName(r.buffer, 'tile'),
      r.span,
    );
    return false;
  }
  if (r.origin.length !== of.rank) cx.report(msg.wrongRank(r.buffer, of.rank, r.origin.length), r.span);
  if (r.extent.length !== of.rank) cx.report(msg.wrongRank(r.buffer, of.rank, r.extent.length), r.span);
  for (const n of r.extent) cx.count(`an extent of the region of \`${r.buffer}\``, n, 1, r.span);
  const tile = cx.tiles.get(r.buffer);
  tile?.shape.forEach((size, d) => {
    const o = r.origin[d];
    const at = o?.kind === 'const' ? Number(o.value) : 0;
    const n = r.extent[d] ?? 1;
    if (at < 0 || at + n > size) cx.report(msg.regionExtent(r.buffer, d, at + n, size), r.span);
  });
  if (r.slot && tile?.stages === undefined) cx.report(msg.slotWithoutStages(r.buffer), r.span);
  return true;
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

function copy(cx: VerifyContext, s: Copy): void {
  region(cx, s.src);
  region(cx, s.dst);
  const [a, b] = [squeezed(s.src), squeezed(s.dst)];
  if (!same(a, b)) cx.report(msg.shapeMismatch('`copy`', a, b), s.span);
  if (s.async && !isAsyncPair(cx, s.src.buffer, s.dst.buffer)) cx.report(msg.asyncSpaces(), s.span);
}

const isBool = (d: DType | undefined): boolean => d === 'bool';

function gemm(cx: VerifyContext, s: Gemm): void {
  for (const [what, r] of [
    ['operand a', s.a],
    ['operand b', s.b],
    ['accumulator', s.c],
  ] as const) {
    if (!region(cx, r)) continue;
    const of = cx.array(r.buffer)!;
    const scopes: readonly string[] = what === 'accumulator' ? ['fragment'] : ['shared', 'fragment'];
    const wanted = what === 'accumulator' ? 'a fragment' : 'shared or a fragment';
    if (!scopes.includes(of.scope)) cx.report(msg.notATile(`${what} of \`gemm\``, r.buffer, wanted), r.span);
    if (isBool(of.dtype)) cx.report(msg.wrongDType(`${what} of \`gemm\``, 'a number', of.dtype), r.span);
    if (of.rank < 2) cx.report(msg.notATile(`${what} of \`gemm\``, r.buffer, 'a matrix'), r.span);
  }
  const matrix = (r: Region, transposed: boolean): [number, number] => {
    const [rows = 1, columns = 1] = r.extent.slice(-2);
    return transposed ? [columns, rows] : [rows, columns];
  };
  const [m, k] = matrix(s.a, s.transposeA);
  const [k2, n] = matrix(s.b, s.transposeB);
  const c = matrix(s.c, false);
  if (k !== k2) cx.report(msg.shapeMismatch('`gemm`, along the sum', [m, k], [k2, n]), s.span);
  if (!same([m, n], c)) cx.report(msg.shapeMismatch('`gemm`, product and accumulator', [m, n], c), s.span);
  if (!s.warps) return;
  const [wm, wn] = s.warps;
  const warps = cx.kernel.threads / 32;
  // The elements of a plain multiply-add lie in threads, not warps.
  const fits =
    s.instr === 'fma' ? wm === 1 && wn === 1 : Number.isInteger(warps) && wm > 0 && wn > 0 && warps % (wm * wn) === 0;
  if (!fits) cx.report(msg.badWarps(wm, wn, cx.kernel.threads), s.span);
}

/** Reductions and prefix sums. */
function along(cx: VerifyContext, s: Reduce | Cumsum): void {
  const what = `\`${s.kind}\``;
  for (const r of [s.src, s.dst]) {
    if (!region(cx, r)) continue;
    const of = cx.array(r.buffer)!;
    if (of.scope === 'global') cx.report(msg.notATile(`${what} of`, r.buffer, 'a tile'), r.span);
    if (isBool(of.dtype)) cx.report(msg.wrongDType(what, 'a number', of.dtype), r.span);
  }
  const rank = s.src.extent.length;
  if (!Number.isInteger(s.dim) || s.dim < 0 || s.dim >= rank) cx.report(msg.badDim(what, s.dim, rank), s.span);
  const left = s.kind === 'reduce' ? s.src.extent.filter((n, d) => d !== s.dim && n !== 1) : squeezed(s.src);
  if (!same(left, squeezed(s.dst))) cx.report(msg.shapeMismatch(what, left, squeezed(s.dst)), s.span);
  if (s.scratch === undefined) return;
  const scratch = cx.array(s.scratch);
  if (!scratch) cx.report(msg.undefinedName(s.scratch, 'scratch tile'), s.span);
  else if (scratch.scope !== 'shared')
    cx.report(msg.notATile(`the scratch tile of ${what},`, s.scratch, 'shared'), s.span);
}
