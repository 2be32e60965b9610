import type { Raw } from './elements.ts';
import { check, driver } from './ffi/driver.ts';
import type { Stream } from './stream.ts';

/** Every element of `target` becomes the one of `element`. */
export function fillRaw(target: Raw, element: Raw): void {
  (target as Uint8Array).fill((element as Uint8Array)[0]!);
}

/** Queues the setting of `size` elements from `address` on. */
export function fillDevice(address: bigint, size: number, element: Raw, stream: Stream): void {
  if (size === 0) return;
  stream.device.activate();
  const { buffer, byteLength } = element;
  const cuda = driver();
  const on = stream.handle;
  if (byteLength === 1) check(cuda.cuMemsetD8Async(address, new Uint8Array(buffer)[0]!, size, on), 'cuMemsetD8Async');
  else if (byteLength === 2)
    check(cuda.cuMemsetD16Async(address, new Uint16Array(buffer)[0]!, size, on), 'cuMemsetD16Async');
  else {
    // 64-bit elements: as 32-bit ones where both halves are alike, else one element, doubled until all are set.
    const [low, high = low] = new Uint32Array(buffer);
    if (low === high) {
      check(cuda.cuMemsetD32Async(address, low!, (size * byteLength) / 4, on), 'cuMemsetD32Async');
      return;
    }
    check(cuda.cuMemsetD32Async(address, low!, 1, on), 'cuMemsetD32Async');
    check(cuda.cuMemsetD32Async(address + 4n, high!, 1, on), 'cuMemsetD32Async');
    for (let set = 1; set < size; set *= 2) {
      const more = Math.min(set, size - set);
      check(
        cuda.cuMemcpyDtoDAsync_v2(address + BigInt(set * byteLength), address, more * byteLength, on),
        'cuMemcpyDtoDAsync',
      );
    }
  }
}
