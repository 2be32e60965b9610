import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import { benchWorkload } from '../../src/bench/run.ts';
import { timerOn } from '../../src/bench/timer.ts';
import { resolved } from '../../src/bench/workload.ts';
import { bf16 } from '../../src/dsl/dtypes.ts';
import { AddRmsNorm } from '../../src/ops/index.ts';
import { compileCount } from '../../src/ops/kernels.ts';
import { Device } from '../../src/runtime/device.ts';
import { Tensor } from '../../src/runtime/tensor.ts';
import type { TuneRecord } from '../../src/tune/record.ts';
import { SMALL } from '../bench/small.ts';
import { Bench, ROOT } from '../cli/tilec.ts';
import { onGpu } from './gpu.ts';

onGpu('tuning', () => {
  const cache = mkdtempSync(join(tmpdir(), 'tilec-tune-gpu-'));
  vi.stubEnv('TILEC_CACHE_DIR', cache);
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
  });
  const device = Device.available() ? Device.get(0) : undefined;

  test('an operator searches once for calls of a kind, leaves the tensors as one call does, and keeps the result', async () => {
    const params = { n: 1024, dtype: 'bf16' } as const;
    const make = async () => ({
      x: await Tensor.random([64, 1024], bf16, { seed: 1 }).to(device!),
      residual: await Tensor.random([64, 1024], bf16, { seed: 2 }).to(device!),
      weight: await Tensor.random([1024], bf16, { seed: 3 }).to(device!),
      out: Tensor.full([64, 1024], Number.NaN, bf16, { device }),
    });
    const [tuned, plain] = [await make(), await make()];
    const op = new AddRmsNorm(params, { tune: true });
    await op.run(tuned);
    await new AddRmsNorm(params).run(plain);
    // The residual was added once, however often the search ran the kernels.
    expect(await tuned.residual.toRaw()).toEqual(await plain.residual.toRaw());
    const [got, want] = [await tuned.out.toFloat64Array(), await plain.out.toFloat64Array()];
    for (let i = 0; i < got.length; i++)
      expect(Math.abs(got[i]! - want[i]!)).toBeLessThanOrEqual(0.02 + 0.01 * Math.abs(want[i]!));

    expect(readdirSync(join(cache, 'tune'))).toHaveLength(1);
    const compiles = compileCount();
    await new AddRmsNorm(params, { tune: true }).run(tuned);
    op.launch(tuned);
    expect(compileCount()).toBe(compiles);
  });
});

onGpu('tilec tune', () => {
  const bench = new Bench();
  const folder = bench.path('interrupted');
  // Compiled one after the other, so that most of the search is still to come when the first time is there.
  const args = ['tune', 'softmax', '-w', '8192x8192', '-D', 'rows=512', '-D', 'n=2048', '--parallel', '1', '--json'];

  /** The one record in the cache; undefined until there is one with a time. */
  const recorded = (): TuneRecord | undefined => {
    const tune = join(folder, 'tune');
    const name = existsSync(tune) ? readdirSync(tune).find((n) => n.endsWith('.json')) : undefined;
    const record = name && (JSON.parse(readFileSync(join(tune, name), 'utf8')) as TuneRecord);
    return record && record.measured.length > 0 ? record : undefined;
  };

  test('Ctrl-C keeps what was measured, and the same command goes on from there', async () => {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'bin', 'tilec.js'), ...args], {
      env: { ...process.env, TILEC_CACHE_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    while (!recorded() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill('SIGINT');
    // A shell shows the signal as 130.
    expect(await ended, stderr).toEqual([null, 'SIGINT']);
    expect(stderr).toContain('the same command goes on from there');
    const before = recorded()!;
    expect(before.complete).toBe(false);
    expect(JSON.parse(stdout)).toEqual([before]);

    const done = await bench.tilec(args, { TILEC_CACHE_DIR: folder });
    expect([done.code, done.stderr]).toEqual([0, '']);
    const after = recorded()!;
    expect(after.complete).toBe(true);
    expect(after.measured.length).toBeGreaterThan(before.measured.length);
    // The same to the last digit: nothing was timed again.
    expect(after.measured).toEqual(expect.arrayContaining([...before.measured]));
    expect(JSON.parse(done.stdout)).toEqual([after]);
  });
});

onGpu('benchmark', () => {
  test.each(Object.entries(SMALL))('%s', async (_, { entry, workload }) => {
    const device = Device.get(0);
    const result = await benchWorkload(entry, workload, { device, timer: timerOn(device), iterations: 3, warmup: 1 });
    expect(result.badElements).toBe(0);
    expect(result.ms.median).toBeGreaterThan(0.0005);
    expect(result.kernels[0]!.resources!.registers).toBeGreaterThan(8);
  });

  test('inputs of a gigabyte are there at once', async () => {
    const entry = MANIFEST.rmsNorm;
    const w = resolved(entry, entry.workloads[0]!, { rows: 65536, n: 4096 });
    const device = Device.get(0);
    const start = performance.now();
    const result = await benchWorkload(entry, w, { device, timer: timerOn(device), iterations: 3, warmup: 1 });
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(result.badElements).toBe(0);
  });
});
