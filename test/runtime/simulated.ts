/** A simulated GPU for each test of a file. */
import { afterEach, beforeEach } from 'vitest';
import { Device, forgetDevices } from '../../src/runtime/device.ts';
import { replaceDriver } from '../../src/runtime/ffi/driver.ts';
import { forgetPinned } from '../../src/runtime/pinned.ts';
import { FakeGpu } from './fake-driver.ts';

export interface Simulated {
  gpu: FakeGpu;
  /** The first device, on it. */
  device: Device;
}

/**
 * Calls `use` with a new one before each test. The last stays when the file is done: what is collected later is given back to the
 * driver of that moment, and a real one would take the handles for its own.
 */
export function withSimulatedGpu(use: (now: Simulated) => void): void {
  beforeEach(() => {
    forgetDevices();
    forgetPinned();
    const gpu = new FakeGpu();
    replaceDriver(gpu.driver());
    use({ gpu, device: Device.get(0) });
  });
  afterEach(forgetDevices);
}
