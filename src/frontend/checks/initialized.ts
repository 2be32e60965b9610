/** Tiles that are read although nothing can have been written to them before. */

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as M from '../../diagnostics/messages/language.ts';
import { diagnostic } from '../../diagnostics/report.ts';
import type { Span } from '../../ir/span.ts';
import type { Kernel, Stmt } from '../../ir/tile/schema.ts';
import { bodies, buffersWritten, ownExprs, regionsRead, walkExprs } from '../../ir/tile/walk.ts';

/**
 * A write counts whether or not it is reached and however much of the tile it covers: what is reported is wrong in every
 * run that gets there.
 */
export function checkInitialized(kernel: Kernel): Diagnostic[] {
  const unwritten = new Map(kernel.buffers.map((b) => [b.name, b]));
  const found: Diagnostic[] = [];

  /** `later`: what may have been written by an earlier round of a loop, as far as conditions allow. */
  const read = (name: string, span: Span, later: ReadonlySet<string>): void => {
    const b = unwritten.get(name);
    if (!b || later.has(name)) return;
    unwritten.delete(name);
    found.push(
      diagnostic(M.uninitialized(name, b.scope), span, [{ message: `\`${name}\` is made here`, span: b.span }]),
    );
  };
  const visit = (stmts: readonly Stmt[], loops: readonly (readonly Stmt[])[], later: ReadonlySet<string>): void => {
    for (const s of stmts) {
      for (const e of ownExprs(s)) walkExprs(e, (x) => x.kind === 'load' && read(x.buffer, x.span, later));
      for (const r of regionsRead(s)) read(r.buffer, r.span, later);
      if (s.kind === 'for' || s.kind === 'while') visit(s.body, [...loops, s.body], later);
      else if (s.kind === 'if') {
        // `if (k > 0)` reads what the round before wrote.
        const rounds = new Set([...later, ...loops.flatMap((l) => [...buffersWritten(l)])]);
        for (const b of bodies(s)) visit(b, loops, rounds);
      } else for (const b of bodies(s)) visit(b, loops, later);
      if (bodies(s).length === 0) for (const name of buffersWritten(s)) unwritten.delete(name);
    }
  };
  visit(kernel.body, [], new Set());
  return found;
}
