import type { Device } from './device.ts';
import { check, driver } from './ffi/driver.ts';
import type { Stream } from './stream.ts';

/** Copies between two places in GPU memory, on the stream of the source. Resolves when queued; between GPUs, when done. */
export async function copyOnDevice(
  target: bigint,
  device: Device,
  source: bigint,
  stream: Stream,
  bytes: number,
): Promise<void> {
  stream.device.activate();
  if (device === stream.device) {
    check(driver().cuMemcpyDtoDAsync_v2(target, source, bytes, stream.handle), 'cuMemcpyDtoDAsync');
    return;
  }
  // The target's own stream may still be working on what was there.
  stream.waitFor(device.stream);
  stream.device.activate();
  check(
    driver().cuMemcpyPeerAsync(target, device.context, source, stream.device.context, bytes, stream.handle),
    'cuMemcpyPeerAsync',
  );
  await stream.synchronize();
}
