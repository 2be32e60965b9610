/** The cache as several processes see it: the built compiler, run again and again over one folder. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findNvrtc } from '../../../src/runtime/ffi/discover.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = join(root, 'dist');
let folder = '';

interface Outcome {
  readonly cached: boolean;
  readonly hash: string;
  readonly ms: number;
  readonly stages: readonly string[];
  readonly loaded: readonly string[];
}

function compile(bias: number): Promise<Outcome> {
  const args = [
    '--import',
    join(dist, 'src/dsl/capture/register.js'),
    fileURLToPath(new URL('./child.mjs', import.meta.url)),
    dist,
    String(bias),
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TILEC_CACHE_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (x) => (out += x));
  child.stderr.on('data', (x) => (err += x));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error(err))));
  });
}

const entries = (): string[] => readdirSync(folder).map((n) => join(folder, n));

describe.skipIf(findNvrtc().length === 0)('the cache between processes', () => {
  beforeAll(() => {
    const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
  });
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), 'tilec-cache-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a second process gets the same cubin and loads neither parser nor passes', async () => {
    const cold = await compile(1);
    const warm = await compile(1);
    expect(cold.cached).toBe(false);
    expect(warm.cached).toBe(true);
    expect(warm.hash).toBe(cold.hash);
    expect(warm.stages).toEqual(['cache']);
    const heavy = /ts-morph|chevrotain|\/passes\/|\/frontend\/|\/codegen\/cuda\/|koffi/;
    expect(cold.loaded.filter((m) => heavy.test(m)).length).toBeGreaterThan(10);
    expect(warm.loaded.filter((m) => heavy.test(m))).toEqual([]);
  });

  test('another closure value is another entry', async () => {
    const one = await compile(1);
    const two = await compile(2);
    expect(two.cached).toBe(false);
    expect(two.hash).not.toBe(one.hash);
    expect(entries()).toHaveLength(2);
  });

  test('a damaged file is made again', async () => {
    const cold = await compile(1);
    const [path] = entries();
    truncateSync(path!, readFileSync(path!).length - 100);
    const again = await compile(1);
    expect(again.cached).toBe(false);
    expect(again.hash).toBe(cold.hash);
  });

  test('processes at once do not disturb each other', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, (_, i) => compile(i % 2)));
    expect(new Set(all.map((o) => o.hash)).size).toBe(2);
    expect(all[0]!.hash).toBe(all[2]!.hash);
    // No temporary file stays behind.
    expect(entries().map((p) => p.slice(-4))).toEqual(['.tlc', '.tlc']);
    expect((await compile(1)).cached).toBe(true);
  });
});
