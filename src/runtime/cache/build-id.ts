/** What tells one build of the compiler from another: its version, and the size and time of each of its source files. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../ffi/discover.ts';

let known: string | undefined;

/** About 3 ms, once a process: contents are not read, since this stands before every warm start. */
export function buildId(): string {
  if (known) return known;
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const hash = createHash('sha256').update(version);
  // `src` or `dist/src`: the folder that this very file runs from.
  for (const line of files(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))) hash.update(line);
  known = `${version}-${hash.digest('hex').slice(0, 16)}`;
  return known;
}

function* files(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const e of entries) {
    const path = join(folder, e.name);
    if (e.isDirectory()) yield* files(path);
    else if (/\.(ts|js|cuh)$/.test(e.name)) {
      const { size, mtimeMs } = statSync(path);
      yield `${e.name}\0${size}\0${mtimeMs}\0`;
    }
  }
}
