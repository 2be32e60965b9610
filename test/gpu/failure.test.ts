/** A kernel that fails takes the GPU's context with it, so that happens in a process of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../cli/tilec.ts';
import { onGpu } from './gpu.ts';

onGpu('a kernel that fails', () => {
  test('is reported to whoever waits for it, and to every later call; the process ends as it should', async () => {
    const register = join(ROOT, 'dist', 'src', 'dsl', 'capture', 'register.js');
    const program = join(ROOT, 'test', 'gpu', 'failing.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', register, program], { cwd: ROOT });
    const lines = stdout.trim().split('\n');
    expect(lines).toContain('n is 4');
    expect(lines.filter((l) => /failing\.ts:8: n is too large/.test(l))).toHaveLength(32);
    const failed = expect.stringMatching(/^CUDA_ERROR_(ASSERT|LAUNCH_FAILED|ILLEGAL_INSTRUCTION)$/);
    expect(JSON.parse(lines.at(-1)!)).toEqual({ before: [1, 0, 0, 0], waiting: failed, later: failed });
  });
});
