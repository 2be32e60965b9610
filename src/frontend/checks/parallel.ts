/** Iterations of T.Parallel that touch each other's elements, where that can be proved. */

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as M from '../../diagnostics/messages/language.ts';
import { diagnostic } from '../../diagnostics/report.ts';
import { sameExpr } from '../../ir/tile/build.ts';
import type { Expr, Kernel, Load, Parallel, Store } from '../../ir/tile/schema.ts';
import { freeVars, walkStmts } from '../../ir/tile/walk.ts';
import { type Access, accessesOf } from './access.ts';
import { elementKeys } from './element-keys.ts';

export function checkParallel(kernel: Kernel): Diagnostic[] {
  const found: Diagnostic[] = [];
  const locals = new Set(kernel.buffers.filter((b) => b.scope === 'local').map((b) => b.name));
  walkStmts(kernel.body, (s) => {
    if (s.kind !== 'parallel') return true;
    found.push(...checkLoop(s, locals));
    return false;
  });
  return found;
}

/** The element that each iteration touches, where it can be known. */
type Keys = (indices: readonly Expr[]) => readonly string[] | undefined;

function checkLoop(p: Parallel, locals: ReadonlySet<string>): Diagnostic[] {
  const { stores, loads, varying } = accessesOf(p, locals);
  const keysOf = (indices: readonly Expr[]): readonly string[] | undefined =>
    indices.some((e) => [...freeVars(e)].some((v) => varying.has(v)))
      ? undefined
      : elementKeys(indices, p.vars, p.extents);
  const found: Diagnostic[] = [];
  const reported = new Set<string>();
  const report = (buffer: string, d: Diagnostic): void => {
    if (!reported.has(buffer)) found.push(d);
    reported.add(buffer);
  };
  for (const w of stores) {
    const { buffer } = w.at;
    const missing = p.vars.filter((v, d) => p.extents[d]! > 1 && !w.vars.has(v) && !w.under.has(v));
    if (missing.length > 0) {
      const others = p.vars.filter((v) => w.vars.has(v));
      report(buffer, diagnostic(M.writeConflict(buffer, missing, others), w.at.span));
    } else if (collides(p, w, keysOf)) report(buffer, diagnostic(M.writeCollision(buffer), w.at.span));
  }
  for (const w of stores)
    for (const r of loads) {
      if (r.at.buffer !== w.at.buffer || same(r.at.indices, w.at.indices) || !crosses(w, r, keysOf)) continue;
      report(
        w.at.buffer,
        diagnostic(M.readsOthersWrite(w.at.buffer), r.at.span, [{ message: 'it is written here', span: w.at.span }]),
      );
    }
  return found;
}

const same = (a: readonly Expr[], b: readonly Expr[]): boolean =>
  a.length === b.length && a.every((e, i) => sameExpr(e, b[i]!));

/** Do two iterations write one element? */
function collides(p: Parallel, w: Access<Store>, keysOf: Keys): boolean {
  if (!w.always || plain(p, w.at.indices)) return false;
  const keys = keysOf(w.at.indices);
  return keys !== undefined && new Set(keys).size < keys.length;
}

/** Is each parallel variable an index of its own? Then iterations differ in what they write. */
const plain = (p: Parallel, indices: readonly Expr[]): boolean =>
  p.vars.every((v, d) => p.extents[d] === 1 || indices.some((e) => e.kind === 'var' && e.name === v));

/** Does an iteration read what another one writes? */
function crosses(w: Access<Store>, r: Access<Load>, keysOf: Keys): boolean {
  if (!w.always || !r.always) return false;
  const written = keysOf(w.at.indices);
  const read = written && keysOf(r.at.indices);
  if (!read) return false;
  const writer = new Map(written.map((k, i) => [k, i]));
  return read.some((k, i) => {
    const by = writer.get(k);
    return by !== undefined && by !== i;
  });
}
