import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeCache } from '../../src/runtime/cache/cache.ts';
import { emptyRecord } from '../../src/tune/record.ts';
import { FileStore } from '../../src/tune/store.ts';
import { ENTRY } from '../runtime/cache/an-entry.ts';
import { Bench, type Done, fill, ROOT } from './tilec.ts';

const bench = new Bench();
const cache = bench.path('cache');
const KEYS = ['a', 'b'].map((c) => c.repeat(40)) as [string, string];
const tuned = { op: 'softmax', shapeClass: 'n=64', gpu: 'NVIDIA H100' };
/** Not of tilec, though some look like it. */
const FOREIGN = [
  'notes.txt',
  'abc.tlc',
  `modules/${'a'.repeat(39)}`,
  'modules/package.json',
  'tune/mine.json',
  'nvrtc/x.so',
];
const DAYS = 24 * 60 * 60 * 1000;

const age = (path: string, days: number): void => {
  const then = (Date.now() - days * DAYS) / 1000;
  utimesSync(path, then, then);
};
const inCache = (name: string): string => join(cache, name);
const kernel = (key: string): string => inCache(`${key}.tlc`);
const sizes = (done: Done) =>
  JSON.parse(done.stdout) as Record<string, { entries: number; bytes: number }> & {
    removed?: Record<string, { entries: number }>;
  };
const counts = (done: Done): readonly number[] =>
  ['kernels', 'modules', 'tuned', 'leftovers'].map((k) => sizes(done)[k]!.entries);

beforeEach(async () => {
  vi.stubEnv('TILEC_CACHE_DIR', cache);
  for (const key of KEYS) writeCache(key, { ...ENTRY, source: '', ptx: '', cubin: new Uint8Array(5000) });
  new FileStore().write(emptyRecord(tuned));
  bench.write('one.ts', fill('one', '1'));
  await bench.tilec(['compile', 'one.ts', '--emit', 'cu', '--no-cache']);
  for (const name of FOREIGN) {
    mkdirSync(dirname(inCache(name)), { recursive: true });
    writeFileSync(inCache(name), 'mine');
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const foreignIsThere = (): void => {
  for (const name of FOREIGN) expect(existsSync(inCache(name)), name).toBe(true);
};

describe('tilec cache', () => {
  test('says what there is', async () => {
    const done = await bench.tilec(['cache', '--json']);
    expect(done.code).toBe(0);
    expect(counts(done)).toEqual([2, 1, 1, 0]);
    expect(sizes(done).kernels!.bytes).toBe(2 * statSync(kernel(KEYS[0])).size);
    // The modules are counted with their index.
    expect(sizes(done).modules!.bytes).toBeGreaterThan(500);
    const { stdout } = await bench.tilec(['cache']);
    expect(stdout).toMatch(
      /^\S+\/cache\n +compiled kernels +2 +\d+\.\d KiB\n +prepared files +1 .*\n +tuning records +1 /,
    );
  });

  test('--prune removes what was not used for so many days, and no tuning record', async () => {
    age(kernel(KEYS[0]), 31);
    age(kernel(KEYS[1]), 29);
    age(new FileStore().pathOf(tuned), 100);
    const done = await bench.tilec(['cache', '--prune', '30', '--json']);
    expect(done.code).toBe(0);
    expect(sizes(done).removed).toMatchObject({
      kernels: { entries: 1 },
      modules: { entries: 0 },
      tuned: { entries: 0 },
    });
    expect(counts(done)).toEqual([1, 1, 1, 0]);
    expect(existsSync(kernel(KEYS[1]))).toBe(true);
    foreignIsThere();
    expect(counts(await bench.tilec(['cache', '--prune', '30', '--tuned', '--json']))).toEqual([1, 1, 0, 0]);
  });

  test('a file that is compiled again is used, and stays', async () => {
    for (const name of readdirSync(inCache('modules'))) age(inCache(`modules/${name}`), 50);
    await bench.tilec(['compile', 'one.ts', '--emit', 'cu', '--no-cache']);
    expect(counts(await bench.tilec(['cache', '--prune', '30', '--json']))).toEqual([2, 1, 1, 0]);
    expect(readdirSync(inCache('modules')).filter((n) => /^[\da-f]{40}$/.test(n))).toHaveLength(1);
    for (const name of readdirSync(inCache('modules'))) age(inCache(`modules/${name}`), 50);
    expect(counts(await bench.tilec(['cache', '--prune', '30', '--json']))).toEqual([2, 0, 1, 0]);
    expect(readdirSync(inCache('modules')).sort()).toEqual(['a'.repeat(39), 'package.json']);
  });

  test('--clear removes all of its own and nothing else; tuning records only when asked', async () => {
    const done = await bench.tilec(['cache', '--clear']);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/^removed 3 entries, [\d.]+ KiB\n/);
    expect(done.stdout).toContain('--clear --tuned removes them as well');
    expect(new FileStore().read(tuned)).toBeDefined();
    foreignIsThere();
    expect(counts(await bench.tilec(['cache', '--clear', '--tuned', '--json']))).toEqual([0, 0, 0, 0]);
    expect(new FileStore().read(tuned)).toBeUndefined();
    foreignIsThere();
    expect((await bench.tilec(['compile', 'one.ts', '--emit', 'cu'])).code).toBe(0);
  });

  test('leaves alone what another process is writing, and takes what one left behind', async () => {
    const names = ['.123-0123456789ab.tmp', `modules/${'c'.repeat(40)}.123-0123456789ab.tmp`];
    writeFileSync(inCache(names[0]!), '');
    mkdirSync(inCache(names[1]!));
    await bench.tilec(['cache', '--clear']);
    for (const name of names) expect(existsSync(inCache(name))).toBe(true);
    for (const name of names) age(inCache(name), 1);
    expect(counts(await bench.tilec(['cache', '--json']))).toEqual([0, 0, 1, 2]);
    await bench.tilec(['cache', '--clear']);
    for (const name of names) expect(existsSync(inCache(name))).toBe(false);
  });

  test.each([
    [['--prune', '1', '--clear'], 'one of them is enough'],
    [['--tuned'], '--tuned says what else'],
    [['--prune', 'x'], "--prune: 'x' is not a whole number from 1"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await bench.tilec(['cache', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

test('a cache folder that cannot be made costs nothing but time', async () => {
  bench.write('file', '');
  const { code, stderr } = await bench.tilec(['compile', 'one.ts', '--emit', 'cu'], {
    TILEC_CACHE_DIR: bench.path('file/cache'),
  });
  expect([code, stderr]).toEqual([0, '']);
});

test('a file whose modules are removed just before they are loaded is loaded nevertheless', async () => {
  // Another process empties the cache as soon as this one has seen that the modules are there.
  bench.write(
    'emptied.mjs',
    `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { existsSync } = fs;
fs.existsSync = (path) => {
  const there = existsSync(path);
  if (there && path.endsWith('0.mjs')) {
    fs.rmSync(${JSON.stringify(inCache('modules'))}, { recursive: true });
    console.error('emptied');
  }
  return there;
};
syncBuiltinESMExports();
`,
  );
  const { code, stdout, stderr } = await bench.node([
    '--import',
    bench.path('emptied.mjs'),
    join(ROOT, 'dist', 'bin', 'tilec.js'),
    ...['compile', 'one.ts', '--emit', 'cu', '--no-cache'],
  ]);
  expect(stderr).toMatch(/^emptied\n/);
  expect(stdout).toMatch(/^one +sm_90a/);
  expect(code).toBe(0);
});
