/** Accesses outside a tile or tensor that the bounds of the loops around them make certain. */

import type { Diagnostic, Note } from '../../diagnostics/diagnostic.ts';
import * as M from '../../diagnostics/messages/language.ts';
import { diagnostic } from '../../diagnostics/report.ts';
import type { Span } from '../../ir/span.ts';
import { constantInt } from '../../ir/tile/build.ts';
import type { Expr, For, Kernel, Region, Stmt } from '../../ir/tile/schema.ts';
import { bodies, childExprs, ownExprs, regionsRead, regionsWritten, walkStmts } from '../../ir/tile/walk.ts';
import { type Affine, affineOf } from './affine.ts';

/** What a loop's variable is sure to go through, from the first value to the last. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly span: Span;
}
/** The loops around whose iterations all reach the place that is looked at. */
type Ranges = ReadonlyMap<string, Range>;
const NONE: Ranges = new Map();

/** An unknown size is undefined. */
type Shapes = ReadonlyMap<string, readonly (number | undefined)[]>;

/**
 * What is reported is wrong in every run that gets to the outermost of the loops it names: a condition, a jump or a loop
 * of unknown length between a loop and the access takes that loop's variable out of what is known.
 */
export function checkBounds(kernel: Kernel): Diagnostic[] {
  const shapes: Shapes = new Map<string, readonly (number | undefined)[]>([
    ...kernel.buffers.map((b) => [b.name, b.shape] as const),
    ...kernel.params.flatMap((p) => (p.kind === 'tensor' ? [[p.name, p.shape.map(constantInt)] as const] : [])),
  ]);
  const tiles = new Set(kernel.buffers.map((b) => b.name));
  const names = new Map<string, Affine | undefined>();
  const found: Diagnostic[] = [];
  const reported = new Set<string>();

  /** `size` elements from `index` on. */
  const access = (buffer: string, d: number, index: Expr, size: number, ranges: Ranges): void => {
    const extent = shapes.get(buffer)?.[d];
    const form = extent === undefined ? undefined : affineOf(index, names);
    if (extent === undefined || form === undefined || form.terms.size === 0) return;
    let low = form.constant;
    let high = form.constant + size - 1;
    const notes: Note[] = [];
    for (const [v, by] of form.terms) {
      const range = ranges.get(v);
      if (!range) return;
      low += by * (by > 0 ? range.first : range.last);
      high += by * (by > 0 ? range.last : range.first);
      notes.push({ message: M.loopGoes(v, range.first, range.last), span: range.span });
    }
    const key = `${buffer}/${d}/${index.span.line}:${index.span.column}`;
    if ((low >= 0 && high < extent) || reported.has(key)) return;
    reported.add(key);
    found.push(diagnostic(M.indexGoesOutside(buffer, d, low, high, extent), index.span, notes));
  };
  const element = (buffer: string, indices: readonly Expr[], ranges: Ranges): void => {
    for (const [d, e] of indices.entries()) access(buffer, d, e, 1, ranges);
  };
  const region = (r: Region, ranges: Ranges): void => {
    // Regions of tensors are clipped.
    if (!tiles.has(r.buffer)) return;
    for (const [d, e] of r.origin.entries()) access(r.buffer, d, e, r.extent[d]!, ranges);
  };
  const expr = (e: Expr, ranges: Ranges): void => {
    if (e.kind === 'load') element(e.buffer, e.indices, ranges);
    const mayStop = e.kind === 'select' || (e.kind === 'binary' && (e.op === 'land' || e.op === 'lor'));
    for (const [i, c] of childExprs(e).entries()) expr(c, mayStop && i > 0 ? NONE : ranges);
  };
  const visit = (stmts: readonly Stmt[], ranges: Ranges): void => {
    for (const s of stmts) {
      if (s.kind === 'store' || s.kind === 'atomic') element(s.buffer, s.indices, ranges);
      for (const e of ownExprs(s)) expr(e, ranges);
      for (const r of [...regionsWritten(s), ...regionsRead(s)]) region(r, ranges);
      if (s.kind === 'let') names.set(s.name, affineOf(s.value, names));
      if (s.kind === 'parallel') {
        const own = s.vars.map((v, d): [string, Range] => [v, { first: 0, last: s.extents[d]! - 1, span: s.span }]);
        for (const v of s.vars) names.set(v, variable(v));
        visit(s.body, mayLeave(s.body, ['assert']) ? NONE : new Map([...ranges, ...own]));
      } else if (s.kind === 'for') {
        const range = rangeOf(s);
        if (range === 'empty') continue;
        names.set(s.v, variable(s.v));
        visit(s.body, range && !mayLeave(s.body, LEAVING) ? new Map([...ranges, [s.v, range]]) : NONE);
      } else for (const b of bodies(s)) visit(b, NONE);
    }
  };
  visit(kernel.body, NONE);
  return found;
}

const variable = (name: string): Affine => ({ constant: 0, terms: new Map([[name, 1]]) });

/** The values of a loop whose bounds are constants, each of which every block goes through. */
function rangeOf(s: For): Range | 'empty' | undefined {
  const [start, stop, step] = [s.start, s.stop, s.step].map(constantInt);
  if (start === undefined || stop === undefined || step === undefined || step < 1) return undefined;
  if (start >= stop) return 'empty';
  if (s.loop === 'persistent') return undefined;
  return { first: start, last: start + Math.floor((stop - 1 - start) / step) * step, span: s.span };
}

/** What may end an iteration, or the loop, before its time. Out of T.Parallel nothing jumps. */
const LEAVING: readonly Stmt['kind'][] = ['break', 'continue', 'return', 'assert'];

function mayLeave(body: readonly Stmt[], by: readonly Stmt['kind'][]): boolean {
  let found = false;
  walkStmts(body, (s) => {
    if (by.includes(s.kind)) found = true;
  });
  return found;
}
