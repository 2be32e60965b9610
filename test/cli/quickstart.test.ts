import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench, hasNvrtc, NO_NVRTC, ROOT } from './tilec.ts';

const bench = new Bench();
const quickstart = (env: NodeJS.ProcessEnv = {}) => bench.node([join(ROOT, 'dist', 'examples', 'quickstart.js')], env);

test('the quickstart without NVRTC: CUDA C, right results on the CPU', async () => {
  const { code, stdout, stderr } = await quickstart(NO_NVRTC);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/TypeScript to Tile IR +[\d.]+ ms +[\d.]+ ms/);
  expect(stdout).toMatch(/CUDA C to cubin +– +–/);
  expect(stdout).toMatch(/output: right: all 82944 elements, largest error [\d.]+e-[45]/);
  expect(stdout).toContain('cache:  right: 41472 bytes appended, no other changed');
  expect(stdout).toContain('cubins: none. NVRTC');
  const cuda = readFileSync(bench.path('tilec-out/gqaPagedPrefill.sm_90a.cu'), 'utf8');
  expect(cuda).toMatch(/^\/\/ gqaPagedPrefill for sm_90a, from gqaPagedPrefill\.ts:\d+/);
  expect(code).toBe(0);
});

test.runIf(hasNvrtc)('with NVRTC: cubins, registers, no spills', async () => {
  const { code, stdout } = await quickstart();
  expect(stdout).toMatch(/bytes of spills +0 +0/);
  expect(readFileSync(bench.path('tilec-out/appendPagedKv.sm_90a.cubin')).subarray(1, 4).toString()).toBe('ELF');
  expect(code).toBe(0);
});
