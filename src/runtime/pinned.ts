/** Page-locked host memory through which copies pass, so that they run beside everything else. Kept for reuse. */
import type { Device } from './device.ts';
import { check, driver } from './ffi/driver.ts';
import { koffi } from './ffi/library.ts';

export const CHUNK_BYTES = 4 * 2 ** 20;
const KEPT = 8;

export interface Pinned {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

const idle: Pinned[] = [];

/** A buffer of `CHUNK_BYTES`. */
export function takePinned(device: Device): Pinned {
  const known = idle.pop();
  if (known) return known;
  device.activate();
  const out = new BigUint64Array(1);
  check(driver().cuMemAllocHost_v2(out, CHUNK_BYTES), 'cuMemAllocHost');
  const address = out[0]!;
  return { address, bytes: new Uint8Array(koffi().view(address, CHUNK_BYTES)) };
}

/** Gives one back; the GPU must be done with it. */
export function givePinned(device: Device, buffer: Pinned): void {
  if (idle.length < KEPT) {
    idle.push(buffer);
    return;
  }
  device.activate();
  check(driver().cuMemFreeHost(buffer.address), 'cuMemFreeHost');
}

/** Forgets the kept buffers, for tests that replace the driver. */
export function forgetPinned(): void {
  idle.length = 0;
}
