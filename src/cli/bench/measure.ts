/** The measuring of `tilec bench`: one thing after the other, none of whose failures ends it. */
import { measureCeilings } from '../../bench/ceilings.ts';
import { measureProcesses, measureStages } from '../../bench/compile-times.ts';
import { measureOverhead } from '../../bench/overhead.ts';
import type { Failure, Measurement, Report, WorkloadResult } from '../../bench/result.ts';
import { benchWorkload } from '../../bench/run.ts';
import { timerOn } from '../../bench/timer.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import type { KernelConfig } from '../../ops/kernels.ts';
import type { CpuDevice } from '../../runtime/cpu-device.ts';
import { Device } from '../../runtime/device.ts';
import { tunedConfig } from '../../tune/lookup.ts';
import { CompilePool } from '../../tune/pool.ts';
import { SPACES } from '../../tune/spaces.ts';
import { FileStore } from '../../tune/store.ts';
import { interruptible } from '../interrupt.ts';
import { progress } from '../terminal.ts';
import type { Target } from './targets.ts';

const WARMUP = 3;
/** Calls of which the overhead is the median. */
const CALLS = 10_000;
const CALLS_CPU = 10;

export const SPECIAL = ['overhead', 'compile'] as const;
export type Special = (typeof SPECIAL)[number];

export interface Plan {
  readonly targets: readonly Target[];
  readonly special: ReadonlySet<Special>;
  /** Absent where nothing of it needs one. */
  readonly device: Device | CpuDevice | undefined;
  readonly repeat: number;
  readonly graph?: boolean;
  readonly tuned?: boolean;
  readonly cublasTflops?: number;
}

export interface Measured extends Pick<Report, 'ceilings' | 'results' | 'failures' | 'measurements'> {
  /** By Ctrl-C: what was not measured for it is among the failures. */
  readonly interrupted: boolean;
}

/** What takes time, to be replaced where there is no GPU to spend it on. */
export interface Steps {
  readonly ceilings: typeof measureCeilings;
  readonly compile: typeof compileAll;
  readonly workload: typeof benchWorkload;
}
export const STEPS: Steps = { ceilings: measureCeilings, compile: compileAll, workload: benchWorkload };

/** Ctrl-C ends it with what was measured until then; a second one ends the process. */
export async function measure(plan: Plan, steps: Steps = STEPS): Promise<Measured> {
  // On the CPU kernels run on this very thread, which hears of no signal meanwhile: there Ctrl-C ends the process as ever.
  if (plan.device && !(plan.device instanceof Device)) return measureAll(plan, steps, new AbortController().signal);
  return interruptible((signal) => measureAll(plan, steps, signal));
}

async function measureAll(plan: Plan, steps: Steps, signal: AbortSignal): Promise<Measured> {
  const { targets, special, device, repeat, graph } = plan;
  const results: WorkloadResult[] = [];
  const failures: Failure[] = [];
  const measurements: Measurement[] = [];
  let ceilings: Report['ceilings'];
  const attempt = async (op: string, workload: string, work: () => Promise<void>): Promise<void> => {
    if (signal.aborted) {
      failures.push({ op, workload, error: M.interrupted });
      return;
    }
    progress(`${op} ${workload}`.trim());
    try {
      await work();
    } catch (e) {
      failures.push({ op, workload, error: e instanceof Error ? `${e.name}: ${e.message}` : String(e) });
    }
  };

  try {
    if (device) {
      const configs = targets.map((t) => (plan.tuned ? tunedFor(t, device) : undefined));
      if (device instanceof Device && targets.length > 0) {
        await attempt('ceilings', '', async () => {
          ceilings = { ...(await steps.ceilings(device)), cublasTflops: plan.cublasTflops };
        });
        await attempt('compiling', '', () => steps.compile(targets, configs, device));
      }
      const common = { device, timer: timerOn(device), ceilings, iterations: repeat, warmup: WARMUP, graph };
      for (const [i, { entry, workload }] of targets.entries())
        await attempt(entry.name, workload.name, async () => {
          results.push(await steps.workload(entry, workload, { ...common, config: configs[i] }));
        });
      if (special.has('overhead'))
        await attempt('overhead', '', async () => {
          measurements.push(...(await measureOverhead(device, device instanceof Device ? CALLS : CALLS_CPU)));
        });
    }
    if (special.has('compile')) {
      await attempt('compile', 'stages', async () => void measurements.push(...(await measureStages())));
      await attempt('compile', 'processes', async () => void measurements.push(...measureProcesses()));
    }
  } finally {
    progress(undefined);
  }
  return { ceilings, results, failures, measurements, interrupted: signal.aborted };
}

function tunedFor({ entry, workload }: Target, device: Device | CpuDevice): KernelConfig | undefined {
  const space = SPACES[entry.name];
  if (!space || !(device instanceof Device)) return undefined;
  const sizeOf = (name: string): number => Number(workload.env[name]);
  return tunedConfig({ entry, space, params: workload.params, sizeOf, gpu: device.name }, new FileStore());
}

/** Into the cache on disk, all at once: the GPU is not kept waiting for the compiler. What is refused shows when it is run. */
async function compileAll(
  targets: readonly Target[],
  configs: readonly (KernelConfig | undefined)[],
  { arch }: Device,
): Promise<void> {
  const pool = new CompilePool();
  try {
    await Promise.all(
      targets.map(({ entry, workload: { params, tensors: all } }, i) => {
        const tensors = Object.fromEntries(all.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
        return pool.compile({ op: entry.name, params, config: configs[i] ?? {}, tensors, arch });
      }),
    );
  } finally {
    await pool.dispose();
  }
}
