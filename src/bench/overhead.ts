/** What a call costs on the host, beside the work itself. */
import { MANIFEST } from '../../manifest/index.ts';
import { resolveWorkload } from '../../manifest/workload.ts';
import type { CpuDevice } from '../runtime/cpu-device.ts';
import { Device } from '../runtime/device.ts';
import { measureContentChecks } from './contentChecks.ts';
import { disposeInputs, makeInputs } from './inputs.ts';
import { makeOperator } from './operators.ts';
import type { Measurement } from './result.ts';

/** So few that the GPU's queue never fills, since a full one makes the host wait. */
const BETWEEN_WAITS = 25;

/** The flagship with one new token and an empty cache: two launches that take the GPU as little time as can be. */
const SMALL = {
  name: 'one token',
  params: { heads: 8, headsKv: 2, dim: 64, pageSize: 64, dtype: 'f16', cacheDtype: 'f8e4m3' },
  sizes: { batch: 1 },
  lists: { newLens: 1, oldLens: 0 },
} as const;

/** Medians over `calls` calls, in microseconds. */
export async function measureOverhead(device: Device | CpuDevice, calls = 10_000): Promise<readonly Measurement[]> {
  const entry = MANIFEST.gqaPagedPrefill;
  const w = resolveWorkload(entry, SMALL);
  const op = makeOperator(entry, w.params);
  const inputs = await makeInputs(w, device);
  const args = inputs as never;
  const host = {
    cuSeqlensQ: [0, 1],
    cacheSeqlens: [0],
    blockTable: new Int32Array(inputs.blockTable!.size),
    kScale: [0.02],
    vScale: [0.02],
  };
  try {
    await op.prepare(args);
    const [kernel] = op.kernels(args);
    const executable = kernel!.on(String(device))!;
    const [none, known, full, launch] = await mediansOf(device, calls, [
      () => op.launch(args, { validate: 'none' }),
      () => op.launch(args, { validate: 'host' }),
      () => op.launch(args, { host }),
      () => executable.launch(args),
    ]);
    const of = (name: string, value: number): Measurement => ({ group: 'overhead of a call', name, value, unit: 'µs' });
    return [
      of('one kernel: bind and launch', launch),
      of("gqa-paged-prefill, two launches, validate 'none'", none),
      of("gqa-paged-prefill, two launches, validate 'host'", known),
      of('gqa-paged-prefill, two launches, all checks, host copies given', full),
      of('checks of shapes, dtypes and devices', known - none),
      of('all checks, one token, host copies given', full - none),
      ...measureContentChecks(),
    ];
  } finally {
    disposeInputs(inputs);
  }
}

type Numbers<W extends readonly unknown[]> = { -readonly [K in keyof W]: number };

/** Medians of each, taken in turn, so that what the machine does meanwhile falls on all of them and their differences hold. */
async function mediansOf<const W extends readonly (() => void)[]>(
  device: Device | CpuDevice,
  calls: number,
  works: W,
): Promise<Numbers<W>> {
  const times = works.map(() => new Float64Array(calls));
  const settle = async (): Promise<void> => {
    if (device instanceof Device) await device.currentStream.synchronize();
  };
  // The first tenth warms up and does not count.
  for (let i = -Math.ceil(calls / 10); i < calls; i++) {
    works.forEach((work, w) => {
      const start = performance.now();
      work();
      const took = performance.now() - start;
      if (i >= 0) times[w]![i] = took;
    });
    if (i % BETWEEN_WAITS === 0) await settle();
  }
  await settle();
  return times.map((t) => t.sort()[Math.floor(calls / 2)]! * 1000) as Numbers<W>;
}
