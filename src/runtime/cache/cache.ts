/**
 * Cubins on disk. A file is written under a name of its own and renamed, so that other processes see all of it or nothing;
 * what is found damaged is thrown away. A cache that cannot be written to only costs time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Arch } from '../../ir/target.ts';
import { nvrtcLocation } from '../ffi/nvrtc.ts';
import { nvrtcOptions } from '../nvrtc/options.ts';
import { buildId } from './build-id.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import { markUsed } from './used.ts';

const SUFFIX = '.tlc';

/** `TILEC_CACHE_DIR`, else `tilec` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.TILEC_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tilec');
}

/** The name of a compilation: of a fingerprint or Tile IR, for an architecture, by this compiler and the NVRTC there is. Throws `EnvironmentError` without one. */
export function cacheKey(program: string, arch: Arch): string {
  const { version, library } = nvrtcLocation();
  const nvrtc = `${version.join('.')} ${statSync(library).size}`;
  const hash = createHash('sha256');
  for (const part of [buildId(), nvrtc, nvrtcOptions(arch, version).join(' '), program])
    hash.update(`${part.length}\0${part}`);
  return hash.digest('hex').slice(0, 40);
}

/** The entry of that name, if there is a sound one. */
export function readCache(key: string): Entry | undefined {
  const path = pathOf(key);
  try {
    const entry = decodeEntry(key, readFileSync(path));
    if (entry) markUsed(path);
    else rmSync(path, { force: true });
    return entry;
  } catch {
    return undefined;
  }
}

export function writeCache(key: string, entry: Entry): void {
  const folder = cacheFolder();
  const temporary = join(folder, `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, encodeEntry(key, entry));
    renameSync(temporary, pathOf(key));
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // There is not even a folder.
    }
  }
}

const pathOf = (key: string): string => join(cacheFolder(), `${key}${SUFFIX}`);

export interface CachedKernel {
  readonly path: string;
  readonly bytes: number;
  readonly name: string;
  readonly arch: Arch;
}

/** What the cache holds, by the kernels' names; unreadable files are left out. For `tilec doctor`. */
export function listCache(): CachedKernel[] {
  const found: CachedKernel[] = [];
  for (const path of cacheFiles()) {
    try {
      const key = path.slice(-SUFFIX.length - 40, -SUFFIX.length);
      const entry = decodeEntry(key, readFileSync(path));
      if (entry)
        found.push({ path, bytes: statSync(path).size, name: entry.record.signature.name, arch: entry.record.arch });
    } catch {
      // Removed or replaced meanwhile.
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function cacheFiles(): string[] {
  const folder = cacheFolder();
  try {
    return readdirSync(folder)
      .filter((n) => n.endsWith(SUFFIX))
      .map((n) => join(folder, n));
  } catch {
    return [];
  }
}
