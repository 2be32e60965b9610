import type { DeviceName } from '../../dsl/kernel.ts';
import type { CpuDevice } from '../../runtime/cpu-device.ts';
import type { Device } from '../../runtime/device.ts';
import { deviceOf } from '../../runtime/tensor.ts';
import { UsageError } from '../exit.ts';
import { advised } from '../without-gpu.ts';

/** Throws `UsageError` for no name of a device, `EnvironmentError` with that advice for a GPU that is not there. */
export function deviceNamed(name: string, advice: string): Device | CpuDevice {
  try {
    return deviceOf(name as DeviceName);
  } catch (e) {
    if (e instanceof RangeError) throw new UsageError(e.message);
    throw advised(e, advice);
  }
}
