/** Is what a loop leaves in a tile read later? */
import type { For, Stmt } from '../ir/tile/schema.ts';
import { bodies, buffersRead } from '../ir/tile/walk.ts';
import { covers } from './coverage.ts';

/** What becomes of a tile's contents on the way: read, surely overwritten, or neither yet. */
type Fate = 'read' | 'gone' | 'open';

/** True unless the tile is overwritten before each read that can follow the loop. */
export function liveAfter(body: readonly Stmt[], loop: For, tile: string, shape: readonly number[]): boolean {
  const search = (stmts: readonly Stmt[]): Fate | undefined => {
    for (const [i, s] of stmts.entries()) {
      const inside =
        s === loop
          ? 'open'
          : bodies(s)
              .map(search)
              .find((f) => f !== undefined);
      if (inside === undefined) continue;
      const before = s.kind === 'if' ? inside : around(s, inside, loop, tile, shape);
      return before === 'open' ? scan(stmts.slice(i + 1), tile, shape) : before;
    }
    return undefined;
  };
  return search(body) === 'read';
}

/** A loop around the one in question may come back to its own beginning. */
function around(s: Stmt, inside: Fate, loop: For, tile: string, shape: readonly number[]): Fate {
  if (s === loop || inside !== 'open' || (s.kind !== 'for' && s.kind !== 'while')) return inside;
  if (s.kind === 'while' && buffersRead({ ...s, body: [] }).has(tile)) return 'read';
  return scan(s.body, tile, shape) === 'read' ? 'read' : 'open';
}

function scan(stmts: readonly Stmt[], tile: string, shape: readonly number[]): Fate {
  for (const [i, s] of stmts.entries()) {
    const fate = fateIn(s, tile, shape);
    if (fate !== 'open') return fate;
    if (covers(stmts.slice(0, i + 1), tile, shape)) return 'gone';
  }
  return 'open';
}

function fateIn(s: Stmt, tile: string, shape: readonly number[]): Fate {
  switch (s.kind) {
    case 'if': {
      if (buffersRead({ ...s, then: [], else: [] }).has(tile)) return 'read';
      const fates = [scan(s.then, tile, shape), scan(s.else, tile, shape)];
      return fates.includes('read') ? 'read' : fates.includes('open') ? 'open' : 'gone';
    }
    case 'for':
    case 'while':
      if (buffersRead({ ...s, body: [] }).has(tile)) return 'read';
      return scan(s.body, tile, shape) === 'read' ? 'read' : 'open';
    default:
      return buffersRead(s).has(tile) ? 'read' : 'open';
  }
}
