/** How long work takes on the GPU, as CUDA events see it. */
import { Device } from './device.ts';
import { Event } from './event.ts';
import { check, driver } from './ffi/driver.ts';
import { Graph } from './graph.ts';

export interface ProfileOptions {
  /** Default: the first GPU. */
  readonly device?: Device;
  /** Runs that count; default 20. */
  readonly iterations?: number;
  /** Runs before them; default 3. */
  readonly warmup?: number;
  /** Write over 256 MiB before each run, so that it finds nothing of its own in the L2 cache; default true. */
  readonly flush?: boolean;
  /** Record the work once and replay it: for work of many launches, which the host would queue more slowly than they run. */
  readonly graph?: boolean;
}

/** Milliseconds. */
export interface Profile {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** In the order of the runs. */
  readonly all: readonly number[];
}

const FLUSH_BYTES = 256 * 2 ** 20;

/**
 * Times `work`, which queues it on the device's current stream and does not wait for it. The flush keeps the GPU busy while
 * the host queues what follows, so that launch latency is not counted.
 */
export async function profile(work: () => void | Promise<void>, options: ProfileOptions = {}): Promise<Profile> {
  const { device = Device.get(0), iterations = 20, warmup = 3, flush = true, graph = false } = options;
  const stream = device.currentStream;
  const scratch = device.allocator.allocate(FLUSH_BYTES, stream);
  const events = Array.from({ length: iterations }, () => [new Event(device), new Event(device)] as const);
  let recorded: Graph | undefined;
  try {
    // Compiles what is not yet compiled.
    await work();
    recorded = graph ? await Graph.capture(device, work) : undefined;
    const run = (): void | Promise<void> => (recorded ? recorded.launch(stream) : work());
    for (let i = 0; i < warmup; i++) await run();
    for (const [start, end] of events) {
      device.activate();
      if (flush) check(driver().cuMemsetD8Async(scratch.address, 0, FLUSH_BYTES, stream.handle), 'cuMemsetD8Async');
      start.record(stream);
      await run();
      end.record(stream);
    }
    await stream.synchronize();
    return summary(events.map(([start, end]) => end.since(start)));
  } finally {
    for (const pair of events) for (const e of pair) e.dispose();
    recorded?.dispose();
    device.allocator.free(scratch);
  }
}

export function summary(all: readonly number[]): Profile {
  const sorted = [...all].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, mean: all.reduce((a, b) => a + b, 0) / all.length, all };
}
