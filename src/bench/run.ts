/** One workload of one operator: made, checked, timed. */
import type { OperatorEntry } from '../../manifest/schema.ts';
import type { ResolvedWorkload } from '../../manifest/workload.ts';
import type { KernelConfig } from '../ops/kernels.ts';
import type { CpuDevice } from '../runtime/cpu-device.ts';
import type { Device } from '../runtime/device.ts';
import { badElements } from './check.ts';
import { disposeInputs, makeInputs } from './inputs.ts';
import { makeOperator, preparedWork } from './operators.ts';
import type { KernelUse, WorkloadResult } from './result.ts';
import { type Ceilings, ratesOf, shareOf } from './roofline.ts';
import type { Timer, TimerOptions } from './timer.ts';

export interface BenchOptions extends TimerOptions {
  readonly device: Device | CpuDevice;
  readonly timer: Timer;
  readonly ceilings?: Ceilings;
  readonly config?: KernelConfig;
}

/**
 * The first run is checked: all of the outputs written and finite. Throws what the operator throws, and `CudaError` where
 * the GPU has not enough memory.
 */
export async function benchWorkload(
  entry: OperatorEntry,
  w: ResolvedWorkload,
  { device, timer, ceilings, config, ...options }: BenchOptions,
): Promise<WorkloadResult> {
  const op = makeOperator(entry, w.params, { config });
  const inputs = await makeInputs(w, device);
  try {
    const work = await preparedWork(op, inputs);
    try {
      work.run();
      const bad = await badElements(w, inputs);
      const { median, min, max } = await timer(work.run, options);
      return {
        op: entry.name,
        workload: w.name,
        params: w.params,
        config,
        ms: { median, min, max },
        flops: w.flops,
        bytes: w.bytes,
        ...ratesOf(w.flops, w.bytes, median),
        roofline: ceilings && shareOf(w.flops, w.bytes, median, ceilings),
        kernels: kernelsOf(op.kernels(inputs as never), device),
        badElements: Object.values(bad).reduce((a, b) => a + b, 0),
        peers: [],
      };
    } finally {
      work.dispose();
    }
  } finally {
    disposeInputs(inputs);
  }
}

function kernelsOf(
  kernels: ReturnType<ReturnType<typeof makeOperator>['kernels']>,
  device: Device | CpuDevice,
): readonly KernelUse[] {
  return kernels.flatMap((k) => {
    const info = k.on(String(device))?.info;
    return info
      ? [{ name: info.name, threads: info.threads, sharedBytes: info.sharedBytes, resources: info.resources }]
      : [];
  });
}
