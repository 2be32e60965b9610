/**
 * Gives every shared tile a byte offset. Two tiles share bytes when they are never alive together; a tile that a loop
 * touches is alive through all of the outermost loop around it. Largest first, each at the lowest place that is free.
 */
import { sharedOverflow } from '../diagnostics/messages/passes.ts';
import { fail } from '../diagnostics/report.ts';
import { bytesOf } from '../ir/dtype.ts';
import type { Buffer, Kernel, Stmt } from '../ir/tile/schema.ts';
import { footprint } from '../layout/shared.ts';
import type { PassContext } from './pass.ts';
import { effectsOf } from './rewrite.ts';

/** A row of eight 16-byte chunks: what swizzles count banks from. */
const ALIGNMENT = 128;

interface Life {
  first: number;
  last: number;
}

export const sharedBytes = (b: Buffer): number => footprint(b.layout!) * bytesOf(b.dtype);

export function planShared(kernel: Kernel, cx: PassContext): Kernel {
  const tiles = kernel.buffers.filter((b) => b.scope === 'shared');
  const lives = lifetimes(kernel.body);
  const placed: { offset: number; end: number; life: Life }[] = [];
  const offsets = new Map<string, number>();
  const order = [...tiles].sort((a, b) => sharedBytes(b) - sharedBytes(a));
  for (const b of order) {
    const life = lives.get(b.name);
    if (!life) continue;
    const size = sharedBytes(b);
    const rivals = placed.filter((p) => p.life.first <= life.last && life.first <= p.life.last);
    const starts = [0, ...rivals.map((p) => align(p.end))].sort((x, y) => x - y);
    const offset = starts.find((s) => rivals.every((p) => s + size <= p.offset || s >= p.end))!;
    placed.push({ offset, end: offset + size, life });
    offsets.set(b.name, offset);
  }
  const total = align(placed.reduce((n, p) => Math.max(n, p.end), 0));
  if (total > cx.target.maxSharedBytes) {
    const uses = order.map((b) => ({
      name: b.name,
      bytes: sharedBytes(b),
      stages: b.shape.length > 2 ? b.shape[0]! : 1,
    }));
    fail(
      sharedOverflow(uses, total, cx.target.maxSharedBytes, cx.target.arch),
      order[0]!.span,
      order.slice(1).map((b) => ({ message: `\`${b.name}\` is allocated here`, span: b.span })),
    );
  }
  // A tile that nothing touches takes no memory.
  const buffers = kernel.buffers.flatMap((b) =>
    b.scope !== 'shared' ? [b] : offsets.has(b.name) ? [{ ...b, offset: offsets.get(b.name)! }] : [],
  );
  return { ...kernel, buffers, sharedBytes: total };
}

const align = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

function lifetimes(body: readonly Stmt[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  const touch = (name: string, first: number, last: number): void => {
    const l = lives.get(name);
    lives.set(name, l ? { first: Math.min(l.first, first), last: Math.max(l.last, last) } : { first, last });
  };
  let position = 0;
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === 'if') {
        touchAll([{ ...s, then: [], else: [] }]);
        visit(s.then);
        visit(s.else);
      } else touchAll([s]);
    }
  };
  // A whole statement is one position, so a loop is too.
  const touchAll = (stmts: readonly Stmt[]): void => {
    const at = position++;
    const e = effectsOf(stmts);
    for (const name of [...e.reads, ...e.writes, ...scratchOf(stmts)]) touch(name, at, at);
  };
  visit(body);
  return lives;
}

function scratchOf(stmts: readonly Stmt[]): string[] {
  return stmts.flatMap((s): string[] => {
    switch (s.kind) {
      case 'reduce':
        return s.scratch ? [s.scratch] : [];
      case 'for':
      case 'while':
      case 'parallel':
        return scratchOf(s.body);
      case 'if':
        return scratchOf([...s.then, ...s.else]);
      default:
        return [];
    }
  });
}
