import { expect, test } from 'vitest';
import { Bench, fill, hasNvrtc, json, NO_NVRTC } from './tilec.ts';

const bench = new Bench();

test('Node, the cache and what is missing', async () => {
  const done = await bench.tilec(['doctor', '--json'], NO_NVRTC);
  expect(done.code).toBe(0);
  const found = json(done);
  expect(found.node).toMatchObject({ version: process.versions.node, path: process.execPath });
  expect(found.cache).toMatchObject({ folder: bench.path('cache'), kernels: 0, bytes: 0 });
  expect(found.nvrtc).toEqual([]);
  const missing = found.missing.find((m) => m.code === 'NO_NVRTC');
  expect(missing!.message).toContain('pip install nvidia-cuda-nvrtc-cu12');
});

test('as text, each on a line', async () => {
  const { code, stdout } = await bench.tilec(['doctor'], NO_NVRTC);
  expect(code).toBe(0);
  for (const what of ['tilec', 'Node', 'driver', 'GPU', 'NVRTC', 'cache'])
    expect(stdout).toMatch(new RegExp(`^\\S ${what} +\\S`, 'm'));
  expect(stdout).toContain('– NVRTC   none');
});

test.runIf(hasNvrtc)('NVRTC by version and place; kernels in the cache', async () => {
  bench.write('one.ts', fill('one', '1'));
  expect((await bench.tilec(['compile', 'one.ts'])).code).toBe(0);
  const found = json(await bench.tilec(['doctor', '--json']));
  expect(found.nvrtc[0]).toMatchObject({ works: true, version: expect.stringMatching(/^1[23]\.\d+$/) });
  expect(found.cache.kernels).toBe(1);
  expect(found.cache.bytes).toBeGreaterThan(1000);
});
