import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheFolder, listCache, readCache, writeCache } from '../../../src/runtime/cache/cache.ts';
import { markUsed } from '../../../src/runtime/cache/used.ts';
import { ENTRY as entry } from './an-entry.ts';

const KEY = 'a'.repeat(40);
let folder = '';
const path = (): string => join(folder, `${KEY}.tlc`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tilec-cache-'));
  vi.stubEnv('TILEC_CACHE_DIR', folder);
  writeCache(KEY, entry);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

describe('the cache', () => {
  test('gives back what was kept', () => {
    const found = readCache(KEY);
    expect(found).toEqual({ ...entry, cubin: Buffer.from(entry.cubin) });
    expect(readdirSync(folder)).toEqual([`${KEY}.tlc`]);
  });

  test('remembers when an entry was last used', () => {
    utimesSync(path(), 1000, 1000);
    expect(readCache('b'.repeat(40))).toBeUndefined();
    expect(statSync(path()).mtimeMs).toBe(1_000_000);
    readCache(KEY);
    expect(Date.now() - statSync(path()).mtimeMs).toBeLessThan(60_000);
    expect(() => markUsed(join(folder, 'gone'))).not.toThrow();
  });

  test.each([
    ['cut short', () => truncateSync(path(), 300)],
    ['empty', () => truncateSync(path(), 0)],
    ['of other bytes', () => writeFileSync(path(), 'x'.repeat(700))],
  ])('a file %s is not used, and removed', (_, damage) => {
    damage();
    expect(readCache(KEY)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('any single altered byte is noticed', () => {
    const whole = readFileSync(path());
    for (let at = 0; at < whole.length; at += 7) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 1;
      writeFileSync(path(), bytes);
      expect(readCache(KEY), `byte ${at}`).toBeUndefined();
    }
  });

  test('an entry under another name is not used', () => {
    const other = 'b'.repeat(40);
    writeFileSync(join(folder, `${other}.tlc`), readFileSync(path()));
    expect(readCache(other)).toBeUndefined();
  });

  test('a folder that cannot be made costs nothing but time', () => {
    vi.stubEnv('TILEC_CACHE_DIR', join(path(), 'below-a-file'));
    expect(() => writeCache(KEY, entry)).not.toThrow();
    expect(readCache(KEY)).toBeUndefined();
    expect(listCache()).toEqual([]);
  });

  test('lists kernels by name', () => {
    expect(listCache()).toEqual([{ path: path(), bytes: expect.any(Number), name: 'scan', arch: 'sm_80' }]);
  });

  test('stands in the user’s cache folder unless told otherwise', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/tilec');
    expect(cacheFolder({ XDG_CACHE_HOME: '/x', TILEC_CACHE_DIR: '/y' })).toBe('/y');
    expect(cacheFolder({})).toMatch(/\.cache\/tilec$/);
  });
});
