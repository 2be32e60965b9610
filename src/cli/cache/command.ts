/** `tilec cache`. */
import * as M from '../../diagnostics/messages/cli.ts';
import { cacheFolder } from '../../runtime/cache/cache.ts';
import { cacheContents, type Item, KINDS, type Kind, removeItem } from '../../runtime/cache/contents.ts';
import type { CacheFlags } from '../commands/cache.ts';
import { EXIT, type ExitCode, UsageError } from '../exit.ts';
import { table } from '../table.ts';
import { print, printJson, reasonOf, tellError } from '../terminal.ts';

const DAY = 24 * 60 * 60 * 1000;

interface Size {
  readonly entries: number;
  readonly bytes: number;
}
type Sizes = Readonly<Record<Kind, Size>>;

/** Lists, or removes; 1 if something could not be removed. Throws `UsageError`. */
export function cacheCommand({ prune, clear, tuned, json }: CacheFlags): ExitCode {
  if (prune !== undefined && clear) throw new UsageError(M.pruneOrClear);
  const removes = prune !== undefined || clear === true;
  if (tuned && !removes) throw new UsageError(M.tunedAlone);

  const folder = cacheFolder();
  const before = cacheContents(folder);
  const since = prune === undefined ? Number.POSITIVE_INFINITY : Date.now() - prune * DAY;
  const wanted = removes ? before.filter((i) => i.used < since && (tuned || i.kind !== 'tuned')) : [];
  const failures: string[] = [];
  for (const item of wanted) {
    try {
      removeItem(item);
    } catch (e) {
      failures.push(M.notRemoved(item.path, reasonOf(e)));
    }
  }
  const after = removes ? cacheContents(folder) : before;
  const left = new Set(after.map((i) => i.path));
  const removed = wanted.filter((i) => !left.has(i.path));

  if (json) printJson({ folder, ...sizesOf(after), ...(removes ? { removed: sizesOf(removed) } : {}), failures });
  else {
    if (removes) print(M.removed(summary(removed)));
    print(`${folder}\n${tableOf(sizesOf(after))}`);
    if (clear && !tuned && after.some((i) => i.kind === 'tuned')) print(M.tunedKept);
    for (const why of failures) tellError(why);
  }
  return failures.length > 0 ? EXIT.user : EXIT.fine;
}

/** A prepared file is an index and a folder of modules: one entry. */
const isEntry = ({ kind, path }: Item): boolean => kind !== 'modules' || path.endsWith('.json');

const sizeOf = (items: readonly Item[]): Size => ({
  entries: items.filter(isEntry).length,
  bytes: items.reduce((sum, i) => sum + i.bytes, 0),
});

const sizesOf = (items: readonly Item[]): Sizes =>
  Object.fromEntries(KINDS.map((k) => [k, sizeOf(items.filter((i) => i.kind === k))])) as Sizes;

const size = (bytes: number): string =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function summary(items: readonly Item[]): string {
  const { entries, bytes } = sizeOf(items);
  return `${entries} ${entries === 1 ? 'entry' : 'entries'}, ${size(bytes)}`;
}

function tableOf(sizes: Sizes): string {
  const kinds = KINDS.filter((k) => k !== 'leftovers' || sizes[k].entries > 0);
  return table(kinds.map((k) => [`  ${M.CACHE_KINDS[k]}`, String(sizes[k].entries), size(sizes[k].bytes)]));
}
