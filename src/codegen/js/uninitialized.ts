/** Which tiles may be read before they are written: those are watched at run time, with a flag a block. */
import { isConst } from '../../ir/tile/build.ts';
import type { Expr, For, Kernel, Stmt } from '../../ir/tile/schema.ts';
import { buffersIn, buffersWritten, ownExprs, regionsRead, regionsWritten } from '../../ir/tile/walk.ts';

/** Tiles for which no write is certain to come before every read. */
export function watchedTiles(kernel: Kernel): Set<string> {
  const tiles = new Set(kernel.buffers.map((b) => b.name));
  const watched = new Set<string>();
  const visit = (stmts: readonly Stmt[], before: ReadonlySet<string>): Set<string> => {
    let written = new Set(before);
    for (const s of stmts) {
      for (const name of namesRead(s)) if (tiles.has(name) && !written.has(name)) watched.add(name);
      switch (s.kind) {
        case 'if': {
          const a = visit(s.then, written);
          const b = visit(s.else, written);
          written = new Set([...a].filter((name) => b.has(name)));
          break;
        }
        case 'for':
        case 'while': {
          const after = visit(s.body, written);
          if (s.kind === 'for' && surelyRuns(s)) written = after;
          break;
        }
        case 'parallel':
          written = visit(s.body, written);
          break;
        default:
          for (const name of buffersWritten(s)) written.add(name);
      }
    }
    return written;
  };
  visit(kernel.body, new Set());
  return watched;
}

const surelyRuns = (s: For): boolean =>
  s.loop !== 'persistent' &&
  isConst(s.start) &&
  isConst(s.stop) &&
  s.start.kind === 'const' &&
  s.stop.kind === 'const' &&
  s.start.value < s.stop.value;

function namesRead(s: Stmt): Set<string> {
  const names = new Set(regionsRead(s).map((r) => r.buffer));
  for (const e of ownExprs(s)) for (const name of buffersIn(e)) names.add(name);
  if (s.kind === 'atomic') names.add(s.buffer);
  return names;
}

/** Buffers that `s` reads whatever happens, before it writes them. */
export function readsFirst(s: Stmt): Set<string> {
  const names = new Set<string>();
  if (s.kind !== 'parallel') {
    for (const r of regionsRead(s)) names.add(r.buffer);
    for (const e of ownExprs(s)) certainLoads(e, names);
    if (s.kind === 'atomic') names.add(s.buffer);
    return names;
  }
  const written = new Set<string>();
  for (const t of s.body) {
    for (const name of readsFirst(t)) if (!written.has(name)) names.add(name);
    for (const name of buffersWritten(t)) written.add(name);
  }
  return names;
}

/** Buffers that `s` itself (a parallel loop: its body) writes. */
export function writes(s: Stmt): Set<string> {
  if (s.kind === 'parallel' || s.kind === 'store' || s.kind === 'atomic') return buffersWritten(s);
  return new Set(regionsWritten(s).map((r) => r.buffer));
}

function certainLoads(e: Expr, names: Set<string>): void {
  switch (e.kind) {
    case 'const':
    case 'var':
      return;
    case 'unary':
    case 'cast':
    case 'bitcast':
      certainLoads(e.a, names);
      return;
    case 'binary':
      certainLoads(e.a, names);
      if (e.op !== 'land' && e.op !== 'lor') certainLoads(e.b, names);
      return;
    case 'select':
      certainLoads(e.cond, names);
      return;
    case 'call':
      for (const a of e.args) certainLoads(a, names);
      return;
    case 'load':
      names.add(e.buffer);
      for (const i of e.indices) certainLoads(i, names);
      return;
    case 'ptx':
      if (e.fallback) certainLoads(e.fallback, names);
  }
}
