import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { makeInputs } from '../../src/bench/inputs.ts';
import type { Timer } from '../../src/bench/timer.ts';
import { tuneCommand } from '../../src/cli/tune/command.ts';
import { progressText, recordText } from '../../src/cli/tune/text.ts';
import type { Call } from '../../src/ops/operator.ts';
import { cpu } from '../../src/runtime/cpu-device.ts';
import { Device } from '../../src/runtime/device.ts';
import { CudaError } from '../../src/runtime/errors.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { summary } from '../../src/runtime/profiler.ts';
import { tunedConfig } from '../../src/tune/lookup.ts';
import { CompilePool } from '../../src/tune/pool.ts';
import { bestOf, configKey, type RecordKey, type TuneRecord } from '../../src/tune/record.ts';
import { Serving } from '../../src/tune/serving.ts';
import { SPACES } from '../../src/tune/spaces.ts';
import type { Store } from '../../src/tune/store.ts';
import type { CompileTask } from '../../src/tune/task.ts';
import { keyOf, type Tunable } from '../../src/tune/tunable.ts';
import { type TuneOptions, tune } from '../../src/tune/tune.ts';
import { SMALL } from '../bench/small.ts';

class MemoryStore implements Store {
  readonly records = new Map<string, TuneRecord>();
  reads = 0;
  static #name = ({ op, shapeClass, gpu }: RecordKey): string => [op, shapeClass, gpu].join('|');
  read(key: RecordKey): TuneRecord | undefined {
    this.reads++;
    return this.records.get(MemoryStore.#name(key));
  }
  write(record: TuneRecord): void {
    this.records.set(MemoryStore.#name(record), record);
  }
}

const { entry, workload } = SMALL.softmax!;
const params = { ...workload.params, n: 1024 };
const what: Tunable = {
  entry,
  space: SPACES.softmax!,
  params,
  sizeOf: (n) => Number(workload.env[n]),
  gpu: 'Some GPU',
};
/** Every configuration compiles, each to another program. */
const pool = {
  size: 2,
  compile: async ({ config }: CompileTask) => ({ ok: true as const, program: configKey(config), spillBytes: 0 }),
};

describe('one search, on the CPU and with times that are made up', () => {
  const run = async (timer: Timer, store: Store, more: Partial<TuneOptions> = {}): Promise<TuneRecord> => {
    const small = { ...workload, params, env: { ...workload.env, n: 1024 } };
    const inputs = await makeInputs(
      { ...small, tensors: workload.tensors.map((t) => ({ ...t, shape: [3, 1024] })) },
      cpu,
    );
    return tune(what, { inputs, arch: 'sm_90a', timer, store, pool, iterations: 10, ...more });
  };

  test('runs each configuration, keeps the fastest, and only looks twice at what may be it', async () => {
    const store = new MemoryStore();
    const long: number[] = [];
    let asked = 0;
    // The third is the fastest; from then on all others are clearly slower.
    const timer: Timer = async (work, { iterations }) => {
      work();
      if (iterations === 10) long.push(asked);
      else asked++;
      return summary([asked === 3 ? 1 : asked < 3 ? 4 - asked : 2]);
    };
    const record = await run(timer, store);
    expect(record.complete).toBe(true);
    expect(record.rejected).toEqual([]);
    expect(long).toEqual([1, 2, 3]);
    const best = bestOf(record)!;
    expect(best.ms).toBe(1);
    expect(tunedConfig(what, store)).toEqual(best.config);
    expect(Object.keys(best.config)).toEqual(['BM', 'threads']);
    // A call of the same kind finds it; one with another GPU or many more rows does not.
    expect(tunedConfig({ ...what, sizeOf: () => 4 }, store)).toEqual(best.config);
    expect(tunedConfig({ ...what, sizeOf: () => 4000 }, store)).toBeUndefined();
    expect(tunedConfig({ ...what, gpu: 'Other' }, store)).toBeUndefined();
  });

  test('a configuration that cannot be launched is left out, a GPU that failed is not', async () => {
    const failing =
      (code: string): Timer =>
      async () => {
        throw new CudaError('cuLaunchKernel', 1, code, 'text');
      };
    const record = await run(failing('CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES'), new MemoryStore());
    expect(record.measured).toEqual([]);
    expect(record.rejected.every((r) => r.reason === 'fails')).toBe(true);
    await expect(run(failing('CUDA_ERROR_ILLEGAL_ADDRESS'), new MemoryStore())).rejects.toThrow('ILLEGAL_ADDRESS');
  });
});

describe('an operator with tune: true', () => {
  const device = Object.create(Device.prototype, { name: { value: 'Some GPU' } }) as Device;
  const call = (rows: number, on: Call['device'] = device): Call => ({
    args: {},
    sizes: { get: () => rows },
    device: on,
    stream: undefined,
  });
  const serving = (store: Store, name = 'softmax') => {
    const make = vi.fn((config: object) => config);
    return { make, serving: new Serving({ entry: { ...entry, name }, params, make, store }) };
  };
  const stored = (config: Readonly<Record<string, number>>): MemoryStore => {
    const store = new MemoryStore();
    const measured = [
      { config: {}, ms: 2, program: 'a' },
      { config, ms: 1, program: 'b' },
    ];
    store.write({ format: 1, ...keyOf({ ...what, sizeOf: () => 8192 }), measured, rejected: [], complete: true });
    return store;
  };

  test('takes what was stored for calls of its kind, and looks that up once', () => {
    const store = stored({ BM: 2, threads: 256 });
    const { serving: s, make } = serving(store);
    expect(s.known(call(8192))).toEqual({ BM: 2, threads: 256 });
    expect(s.known(call(8000))).toBe(s.known(call(8192)));
    expect(make).toHaveBeenCalledTimes(1);
    expect(store.reads).toBe(1);
    expect(s.known(call(16))).toBeUndefined();
  });

  test('takes nothing that its space no longer has', () => {
    expect(serving(stored({ BM: 3, threads: 256 })).serving.known(call(8192))).toEqual({});
  });

  test('is as others are on the CPU, and where nothing is declared', async () => {
    const store = stored({ BM: 2, threads: 256 });
    expect(await serving(store).serving.find(call(8192, cpu))).toBeUndefined();
    expect(await serving(store, 'no-such').serving.find(call(8192))).toBeUndefined();
  });
});

describe('compiling threads', () => {
  const WORKER = fileURLToPath(new URL('../../dist/src/tune/worker.js', import.meta.url));
  const cache = mkdtempSync(join(tmpdir(), 'tilec-tune-pool-'));
  afterAll(() => rmSync(cache, { recursive: true }));
  const task = (config: CompileTask['config'], op = 'softmax'): CompileTask => ({
    op,
    params,
    config,
    tensors: { x: { dtype: 'bf16', shape: [3, 1024] }, out: { dtype: 'bf16', shape: [3, 1024] } },
    arch: 'sm_80',
  });

  test('the build has their module', () => {
    expect(existsSync(WORKER), '`npm run build` makes it').toBe(true);
  });

  test.runIf(findNvrtc().length > 0)('compile, refuse what does not fit, and end', async () => {
    vi.stubEnv('TILEC_CACHE_DIR', cache);
    const threads = new CompilePool(2);
    const params = {
      dtype: 'f16',
      outDtype: 'f16',
      transposeA: false,
      transposeB: false,
      hasBias: false,
      activation: 'none',
    };
    const matrix = { dtype: 'f16', shape: [64, 64] } as const;
    const large: CompileTask = {
      op: 'gemm',
      params,
      config: { BM: 256, BN: 256, BK: 64, threads: 256, numStages: 5 },
      tensors: { a: matrix, b: matrix, out: matrix },
      arch: 'sm_80',
    };
    const [one, other, refused] = await Promise.all(
      [task({}), task({ BM: 2, threads: 256 }), large].map((t) => threads.compile(t)),
    );
    expect(one).toMatchObject({ ok: true, spillBytes: 0, program: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(other).toMatchObject({ ok: true });
    expect(other).not.toEqual(one);
    expect(refused).toMatchObject({ ok: false, detail: expect.stringContaining('shared memory') });
    await expect(threads.compile(task({}, 'no-such'))).rejects.toThrow('no-such');
    const pending = [task({ BM: 1, threads: 128 }), task({ BM: 4, threads: 256 }), task({})].map((t) =>
      threads.compile(t),
    );
    await threads.dispose();
    expect((await Promise.all(pending)).every((c) => !c.ok)).toBe(true);
    vi.unstubAllEnvs();
  });

  test('a thread that dies refuses its configuration', async () => {
    const broken = new CompilePool(1, new URL('data:text/javascript,throw new Error("broken")'));
    expect(await broken.compile(task({}))).toEqual({ ok: false, detail: 'the compiling thread died: broken' });
    await broken.dispose();
  });
});

describe('tilec tune', () => {
  const flags = { workload: 'all', device: 'cpu', repeat: 20 } as const;

  test('without a GPU says so, and ends with the code of a missing thing', async () => {
    await expect(tuneCommand('gemm', flags)).rejects.toMatchObject({ name: 'EnvironmentError', code: 'NO_GPU' });
  });

  test('refuses what cannot be tuned', async () => {
    await expect(tuneCommand('gem', flags)).rejects.toMatchObject({ name: 'UsageError' });
    await expect(tuneCommand('gemm', { ...flags, workload: 'x' })).rejects.toThrow(/no workload 'x'/);
  });

  test('says what it found', () => {
    const measured = [
      { config: {}, ms: 3, program: 'a' },
      { config: { BM: 64, numStages: 2 }, ms: 1.5, program: 'b' },
    ];
    const rejected = [{ config: { BM: 1 }, reason: 'spills', detail: '' } as const];
    const record: TuneRecord = { format: 1, op: 'gemm', shapeClass: '', gpu: '', measured, rejected, complete: false };
    expect(recordText('square-4k', record)).toBe(
      [
        "gemm square-4k (not finished): 2 timed, 1 spill; 2.00 times as fast as the kernels' own choice",
        '  BM=64 numStages=2        1.5000 ms  ×2.00',
        "  the kernels' own choice  3.0000 ms  ×1.00",
      ].join('\n'),
    );
    expect(progressText({ candidates: 9, compiled: 4, measured: 2, rejected: 1, best: measured[1] })).toBe(
      '4 of 9 compiled, 2 timed, 1 left out; best 1.5000 ms, BM=64 numStages=2',
    );
  });
});
