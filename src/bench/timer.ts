/** How work is timed: by the GPU's events, or on the CPU by the clock. */
import type { CpuDevice } from '../runtime/cpu-device.ts';
import { Device } from '../runtime/device.ts';
import { type Profile, profile, summary } from '../runtime/profiler.ts';

export interface TimerOptions {
  /** Runs that count. */
  readonly iterations: number;
  /** Runs before them. */
  readonly warmup: number;
  /** Replays of a CUDA graph instead of launches. */
  readonly graph?: boolean;
}

/** Milliseconds that `work` takes, with nothing of it in the L2 cache beforehand. */
export type Timer = (work: () => void | Promise<void>, options: TimerOptions) => Promise<Profile>;

export function timerOn(device: Device | CpuDevice): Timer {
  return device instanceof Device ? (work, options) => profile(work, { ...options, device }) : clock;
}

async function clock(work: () => void | Promise<void>, { iterations, warmup }: TimerOptions): Promise<Profile> {
  for (let i = 0; i < warmup; i++) await work();
  const all: number[] = [];
  for (let i = 0; i < iterations; i++) {
    const start = performance.now();
    await work();
    all.push(performance.now() - start);
  }
  return summary(all);
}
