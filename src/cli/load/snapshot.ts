/** Prepared modules on disk: what a user's file became, kept as long as it and the files it imports have not changed. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildId } from '../../runtime/cache/build-id.ts';
import { cacheFolder } from '../../runtime/cache/cache.ts';
import { markUsed } from '../../runtime/cache/used.ts';
import type { Graph } from './graph.ts';

/** One JSON file for each entry file. */
interface Index {
  readonly files: readonly { readonly path: string; readonly sum: string }[];
  readonly absent: readonly string[];
  /** Folder of the modules, named `0.mjs` (the entry), `1.mjs`, … */
  readonly folder: string;
}

export interface Snapshot {
  /** URL of the module to import. */
  readonly entry: string;
  /** Are its modules still there? Another process may empty the cache at any time. */
  exists(): boolean;
  /** Which file a module was made from, by the module's path. */
  sourceOf(module: string): string | undefined;
}

const root = (): string => join(cacheFolder(), 'modules');
const sum = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const indexPath = (entry: string): string => join(root(), `${sum(`${buildId()}\0${entry}`).slice(0, 40)}.json`);

/** The snapshot of a file, if there is one that is still true. */
export function readSnapshot(entry: string): Snapshot | undefined {
  try {
    const path = indexPath(entry);
    const index = JSON.parse(readFileSync(path, 'utf8')) as Index;
    const isTrue =
      index.files.every((f) => sum(readFileSync(f.path)) === f.sum) &&
      !index.absent.some((p) => existsSync(p)) &&
      existsSync(join(index.folder, '0.mjs'));
    if (!isTrue) return undefined;
    for (const used of [path, index.folder]) markUsed(used);
    return snapshotOf(index);
  } catch {
    return undefined;
  }
}

/** Writes a graph's modules. Undefined where the cache cannot be written. */
export function writeSnapshot(entry: string, graph: Graph): Snapshot | undefined {
  const number = new Map(graph.modules.map((m, i) => [m.path, i]));
  const modules = graph.modules.map((m) => {
    let code = m.code;
    for (const { start, end, to } of [...m.links].sort((a, b) => b.start - a.start)) {
      const specifier = 'url' in to ? to.url : `./${number.get(to.file)}.mjs`;
      code = code.slice(0, start) + JSON.stringify(specifier) + code.slice(end);
    }
    return code;
  });
  const index: Index = {
    files: graph.modules.map((m) => ({ path: m.path, sum: sum(m.text) })),
    absent: graph.absent,
    folder: join(root(), sum(modules.join('\0')).slice(0, 40)),
  };
  const temporary = `${index.folder}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  try {
    if (!existsSync(index.folder)) {
      mkdirSync(temporary, { recursive: true });
      for (const [i, code] of modules.entries()) writeFileSync(join(temporary, `${i}.mjs`), code);
      try {
        renameSync(temporary, index.folder);
      } catch (e) {
        // Another process may have been first, with the same modules.
        if (!existsSync(index.folder)) throw e;
      }
    }
    writeFileSync(`${temporary}.json`, JSON.stringify(index));
    renameSync(`${temporary}.json`, indexPath(entry));
    return snapshotOf(index);
  } catch {
    return undefined;
  } finally {
    remove(temporary);
    remove(`${temporary}.json`);
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // There is not even a folder.
  }
}

const snapshotOf = (index: Index): Snapshot => ({
  entry: pathToFileURL(join(index.folder, '0.mjs')).href,
  exists: () => existsSync(join(index.folder, '0.mjs')),
  sourceOf: (module) => index.files.find((_, i) => join(index.folder, `${i}.mjs`) === module)?.path,
});
