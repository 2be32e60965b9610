/** The search for one operator at one workload: its own steps, put together. */
import type { Inputs } from '../bench/inputs.ts';
import { makeOperator, preparedWork } from '../bench/operators.ts';
import type { Timer } from '../bench/timer.ts';
import type { Arch } from '../ir/target.ts';
import type { KernelConfig } from '../ops/kernels.ts';
import type { CompilePool } from './pool.ts';
import { emptyRecord, type TuneRecord } from './record.ts';
import { type SearchOptions, search, type Timed } from './search.ts';
import { choicesOf } from './space.ts';
import type { Store } from './store.ts';
import { keyOf, type Tunable } from './tunable.ts';

export interface TuneOptions extends Omit<SearchOptions, 'parallel'> {
  /** Tensors of the call, where it will run. What it writes is overwritten, again and again. */
  readonly inputs: Inputs;
  readonly arch: Arch;
  readonly timer: Timer;
  readonly store: Store;
  readonly pool: Pick<CompilePool, 'size' | 'compile'>;
  /** Runs that count, of a configuration that may be the best. */
  readonly iterations: number;
}

const QUICK = { iterations: 3, warmup: 1 } as const;
const WARMUP = 2;
/** What is slower than this times the best in a quick timing is not timed again. */
const CLEARLY_SLOWER = 1.2;

/** Goes on from what the store holds. Throws what makes all of it impossible: no NVRTC, a GPU that failed, a full disk. */
export async function tune(
  what: Tunable,
  { inputs, arch, timer, store, pool, iterations, ...options }: TuneOptions,
): Promise<TuneRecord> {
  const { entry, space, params } = what;
  const key = keyOf(what);
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
  );
  return search(
    choicesOf(space, params),
    store.read(key) ?? emptyRecord(key),
    {
      compile: (config) => pool.compile({ op: entry.name, params, config, tensors, arch }),
      time: (config, best) => attempt(() => timeConfig(what, config, inputs, timer, iterations, best)),
      save: (record) => store.write(record),
    },
    { ...options, parallel: pool.size },
  );
}

async function timeConfig(
  { entry, params }: Tunable,
  config: KernelConfig,
  inputs: Inputs,
  timer: Timer,
  iterations: number,
  best: number,
): Promise<number> {
  const work = await preparedWork(makeOperator(entry, params, { config }), inputs);
  try {
    const quick = await timer(work.run, QUICK);
    if (quick.median > best * CLEARLY_SLOWER) return quick.median;
    return (await timer(work.run, { iterations, warmup: WARMUP })).median;
  } finally {
    work.dispose();
  }
}

/** Errors of the driver after which others can still be tried. */
const HARMLESS: ReadonlySet<string> = new Set([
  'CUDA_ERROR_INVALID_VALUE',
  'CUDA_ERROR_OUT_OF_MEMORY',
  'CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES',
]);

async function attempt(work: () => Promise<number>): Promise<Timed> {
  try {
    return { ms: await work() };
  } catch (e) {
    if (e instanceof Error && 'code' in e && HARMLESS.has(String(e.code))) return { failed: e.message };
    throw e;
  }
}
