/**
 * All that tilec keeps in the cache folder, and how it is thrown away. Only what has a name that tilec gives is looked at.
 * Other processes may read and write meanwhile: what is removed goes as a whole, and they find it or make it anew.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { markUsed } from './used.ts';

/** `kernels`: cubins. `modules`: users' files, prepared. `tuned`: what searches measured. `leftovers`: of processes that were killed. */
export type Kind = 'kernels' | 'modules' | 'tuned' | 'leftovers';
export const KINDS: readonly Kind[] = ['kernels', 'modules', 'tuned', 'leftovers'];

export interface Item {
  readonly kind: Kind;
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

interface Pattern {
  readonly folder: string;
  readonly name: RegExp;
  readonly kind: Kind;
}

const PATTERNS: readonly Pattern[] = [
  { folder: '', name: /^[\da-f]{40}\.tlc$/, kind: 'kernels' },
  { folder: '', name: /^\.\d+-[\da-f]{12}\.tmp$/, kind: 'leftovers' },
  // An index for each file, and the folder of its modules.
  { folder: 'modules', name: /^[\da-f]{40}(\.json)?$/, kind: 'modules' },
  { folder: 'modules', name: /^[\da-f]{40}\.\d+-[\da-f]{12}\.tmp(\.json)?$/, kind: 'leftovers' },
  { folder: 'tune', name: /^[a-z\d-]+\.[\da-f]{20}\.json$/, kind: 'tuned' },
  { folder: 'tune', name: /^[a-z\d-]+\.[\da-f]{20}\.json\.\d+-[\da-f]{12}\.tmp$/, kind: 'leftovers' },
];

/** Younger ones are being written. */
const LEFT_BEHIND = 60 * 60 * 1000;

/** In no order. Leftovers are those that no process is still writing. */
export function cacheContents(root: string = cacheFolder()): readonly Item[] {
  const now = Date.now();
  return ['', 'modules', 'tune'].flatMap((folder) =>
    entriesOf(join(root, folder)).flatMap((name) => {
      const kind = PATTERNS.find((p) => p.folder === folder && p.name.test(name))?.kind;
      const item = kind && itemAt(kind, join(root, folder, name));
      return !item || (kind === 'leftovers' && now - item.used < LEFT_BEHIND) ? [] : [item];
    }),
  );
}

/** Throws where the folder does not let it. */
export function removeItem({ kind, path }: Item): void {
  const directory = lstatSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (directory === undefined) return;
  if (!directory) return rmSync(path, { force: true });
  if (kind === 'leftovers') return removeFolder(path);
  // Nobody is to find half of it. The name is that of a leftover, should this process be killed.
  const away = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  try {
    renameSync(path, away);
    // Young, so that no other process takes it for left behind.
    markUsed(away);
  } catch (e) {
    // Another process was first.
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw e;
  }
  removeFolder(away);
}

/** Another process may be at it too: what one of them finds gone, the other has removed. */
const removeFolder = (path: string): void =>
  rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });

/** Undefined for what another process has removed meanwhile. */
function itemAt(kind: Kind, path: string): Item | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const inside = stat.isDirectory() ? entriesOf(path).map((name) => itemAt(kind, join(path, name))?.bytes ?? 0) : [];
  const bytes = stat.isDirectory() ? inside.reduce((a, b) => a + b, 0) : stat.size;
  return { kind, path, bytes, used: stat.mtimeMs };
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
