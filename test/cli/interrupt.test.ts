import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/bench/result.ts';
import { FileStore } from '../../src/tune/store.ts';
import { Bench, ROOT } from './tilec.ts';

const bench = new Bench();
const dist = join(ROOT, 'dist');
// Found by name; nothing is compiled.
mkdirSync(bench.path('nvrtc'));
for (const name of ['libnvrtc.so.12', 'libnvrtc-builtins.so.12.4']) writeFileSync(bench.path(`nvrtc/${name}`), '');

interface Ended {
  /** Of the signal that ended it, where there was one, as a shell has it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Presses Ctrl-C after so many measurements, and if it is to be twice, again when that was heard. */
function interrupted(command: 'tune' | 'bench', cache: string, at: number, times: 1 | 2 = 1): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      pathToFileURL(join(dist, 'src', 'dsl', 'capture', 'register.js')).href,
      join(ROOT, 'test', 'cli', 'interrupted.ts'),
      command,
      dist,
    ],
    {
      cwd: bench.folder,
      env: { ...process.env, TILEC_CACHE_DIR: bench.path(cache), TILEC_NVRTC: bench.path('nvrtc') },
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  let pressed = 0;
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    const due = stderr.includes('Ctrl-C again') ? times : stderr.includes(`measured ${at}\n`) ? 1 : 0;
    for (; pressed < due; pressed++) child.kill('SIGINT');
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) =>
      resolve({ code: signal ? 128 + constants.signals[signal] : code!, stdout, stderr }),
    );
  });
}

describe('Ctrl-C', () => {
  const key = { op: 'softmax', shapeClass: 'n=64', gpu: 'Simulated GPU 0' };
  const recorded = (cache: string) => new FileStore(bench.path(join(cache, 'tune'))).read(key)!;

  test('ends tuning after what is under way, with all of it kept, and the same command goes on', async () => {
    const { code, stdout, stderr } = await interrupted('tune', 'a', 3);
    expect(code).toBe(130);
    expect(stderr).toContain('Ctrl-C again ends at once');
    expect(stderr).toContain('the same command goes on from there');
    expect(stdout).toContain('softmax 8192x8192 (not finished): 4 timed');
    const before = recorded('a');
    expect(before.complete).toBe(false);
    // The one under way was finished.
    expect(before.measured.map((m) => m.ms)).toEqual([1, 2, 3, 4]);

    const again = await interrupted('tune', 'a', Number.POSITIVE_INFINITY);
    expect(again.code).toBe(0);
    const after = recorded('a');
    expect(after.complete).toBe(true);
    expect(after.measured).toHaveLength(8);
    expect(after.measured).toEqual(expect.arrayContaining([...before.measured]));
    expect(again.stderr.match(/^measured/gm)).toHaveLength(4);
  });

  test('twice ends tuning at once, with what was finished kept', async () => {
    const { code, stdout, stderr } = await interrupted('tune', 'b', 2, 2);
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).not.toContain('measured 4');
    const { measured, complete } = recorded('b');
    expect(complete).toBe(false);
    expect(measured.length).toBeGreaterThanOrEqual(1);
  });

  test('ends a benchmark with its report', async () => {
    const { code, stdout } = await interrupted('bench', 'c', 2);
    expect(code).toBe(130);
    const report = JSON.parse(readFileSync(bench.path('report.json'), 'utf8')) as Report;
    expect(report.results.map((r) => r.op)).toEqual(['softmax', 'rms-norm', 'add-rms-norm']);
    expect(report.failures).toEqual([{ op: 'silu-and-mul', workload: '8192x8192', error: 'interrupted' }]);
    expect(report).not.toHaveProperty('interrupted');
    expect(stdout).toContain('silu-and-mul 8192x8192: interrupted');
  });

  test('twice ends a benchmark at once', async () => {
    const { code, stdout, stderr } = await interrupted('bench', 'd', 1, 2);
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).not.toContain('measured 3');
  });
});
