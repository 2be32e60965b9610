import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench, json, ROOT } from '../cli/tilec.ts';
import { onGpu } from './gpu.ts';

onGpu('the command line on a GPU', () => {
  const bench = new Bench();

  test('the quickstart runs there, with right results', async () => {
    const { code, stdout } = await bench.node([join(ROOT, 'dist', 'examples', 'quickstart.js')]);
    expect(stdout).toMatch(/run \((?!CPU).+\) +[\d.]+ ms +[\d.]+ ms/);
    expect(stdout).toContain('output: right: all 82944 elements');
    expect(stdout).toContain('cache:  right: 41472 bytes appended, no other changed');
    expect(code).toBe(0);
  });

  test('run gives what the CPU gives, and the time by the GPU clock', async () => {
    const run = async (device: string) => {
      const done = await bench.tilec([
        'run',
        join(ROOT, 'kernels', 'vectorAdd.ts'),
        '--device',
        device,
        '--shape',
        'n=5000',
        '--json',
      ]);
      expect(done.stderr).toBe('');
      return json(done);
    };
    const gpu = await run('cuda');
    expect(gpu.outputs).toHaveLength(1);
    expect(gpu.outputs).toEqual((await run('cpu')).outputs);
    expect(gpu.gpu).toBeGreaterThan(0);
    expect(gpu.gpu).toBeLessThan(1);
  });

  test('doctor names the GPU and what kernels are compiled for', async () => {
    const found = json(await bench.tilec(['doctor', '--json']));
    expect(found.gpus[0]).toMatchObject({ arch: expect.stringMatching(/^sm_/), memory: expect.any(Number) });
    expect(found.missing.map((m) => m.code)).not.toContain('NO_GPU');
  });
});
