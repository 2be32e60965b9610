/**
 * What every program of Tile IR must satisfy, whatever pass it comes from. A fault is the compiler's, not the user's:
 * the frontend refuses wrong kernels in the user's terms. Tests run it between any two passes, and so does
 * `runPasses(…, { verify: true })`.
 */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as msg from '../../diagnostics/messages/tir.ts';
import type { Expr, Kernel } from './schema.ts';
import { VerifyContext } from './verify-context.ts';
import { verifyIndex } from './verify-expr.ts';
import { verifyTileLayout } from './verify-layout.ts';
import { OUTSIDE, verifyStmts } from './verify-stmt.ts';
import { walkExprs } from './walk.ts';

/** The faults of the program, in program order; empty for a sound one. */
export function verify(k: Kernel): Diagnostic[] {
  const cx = new VerifyContext(k);
  cx.count('the number of threads', k.threads, 1, k.span, 1024);
  if (k.minBlocks !== undefined) cx.count('minBlocks', k.minBlocks, 1, k.span);
  if (k.sharedBytes !== undefined) cx.count('sharedBytes', k.sharedBytes, 0, k.span);
  for (const d of k.dims) {
    cx.declare(d.name, { dtype: 'i32', origin: 'dim' }, d.span);
    cx.count(`what \`${d.name}\` is a multiple of`, d.multipleOf, 1, d.span);
  }
  for (const p of k.params) if (p.kind === 'tensor') for (const e of p.shape) size(cx, e, `the shape of \`${p.name}\``);
  for (const p of k.params) {
    if (p.kind === 'scalar') cx.declare(p.name, { dtype: p.dtype, origin: 'param' }, p.span);
    else {
      cx.claim(p.name, p.span);
      cx.tensors.set(p.name, p);
    }
  }
  for (const e of k.grid) size(cx, e, 'an extent of the grid');
  grid(cx);
  for (const b of k.buffers) {
    cx.claim(b.name, b.span);
    cx.tiles.set(b.name, b);
    for (const n of b.shape) cx.count(`an extent of \`${b.name}\``, n, 1, b.span);
    if (b.stages !== undefined) cx.count(`the number of stages of \`${b.name}\``, b.stages, 1, b.span);
    verifyTileLayout(cx, b);
  }
  verifyStmts(cx, k.body, OUTSIDE);
  return cx.found;
}

function grid(cx: VerifyContext): void {
  const k = cx.kernel;
  if (k.grid.length !== k.blockVars.length) cx.report(msg.gridRank(k.grid.length, k.blockVars.length), k.span);
  cx.count('the number of extents of the grid', k.grid.length, 0, k.span, 3);
  for (const name of k.blockVars) cx.declare(name, { dtype: 'i32', origin: 'block' }, k.span);
}

/** Known before the launch: no element is read. Names in scope are then dims and scalar parameters only. */
function size(cx: VerifyContext, e: Expr, what: string): void {
  verifyIndex(cx, e, what);
  walkExprs(e, (x) => {
    if (x.kind === 'load' && cx.array(x.buffer))
      cx.report(msg.notATile(`${what} reads`, x.buffer, 'left alone before the launch'), x.span);
  });
}
