/** Launches and their times. */

import type { DeviceName } from '../../dsl/kernel.ts';
import { Device } from '../../runtime/device.ts';
import { Event } from '../../runtime/event.ts';
import type { Executable } from '../../runtime/executable.ts';
import { deviceOf } from '../../runtime/tensor.ts';

const REPEATS = 10;

type Args = Readonly<Record<string, unknown>>;

/** One launch, waited for; milliseconds as the host sees them. */
export async function launchOnce(executable: Executable, args: Args): Promise<number> {
  const start = performance.now();
  executable.launch(args);
  const device = deviceOf(executable.device as DeviceName);
  if (device instanceof Device) await device.stream.synchronize();
  return performance.now() - start;
}

/** The median of ten more launches by the GPU's clock, in milliseconds; undefined on the CPU. */
export async function timeOnGpu(executable: Executable, args: Args): Promise<number | undefined> {
  const device = deviceOf(executable.device as DeviceName);
  if (!(device instanceof Device)) return undefined;
  const marks = Array.from({ length: REPEATS + 1 }, () => new Event(device));
  marks[0]!.record();
  for (const mark of marks.slice(1)) {
    executable.launch(args);
    mark.record();
  }
  await marks.at(-1)!.wait();
  const times = marks.slice(1).map((m, i) => m.since(marks[i]!));
  for (const m of marks) m.dispose();
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)];
}
