/** Small index tensors, from the GPU to the host in one synchronisation. */
import { Device } from '../runtime/device.ts';
import type { Raw } from '../runtime/elements.ts';
import { check, driver } from '../runtime/ffi/driver.ts';
import { CHUNK_BYTES, givePinned, takePinned } from '../runtime/pinned.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Tensor } from '../runtime/tensor.ts';

const ALIGNMENT = 16;

/**
 * The elements of all of them, as they are once the work queued on `stream` so far is done. One wait in all, unless they
 * exceed 4 MiB together.
 */
export async function readBack(tensors: readonly Tensor[], stream?: Stream): Promise<readonly Raw[]> {
  const device = tensors.find((t) => t.device instanceof Device)?.device as Device | undefined;
  if (!device) return tensors.map((t) => t.data);
  const on = stream ?? device.currentStream;
  const offsets: number[] = [];
  let total = 0;
  for (const t of tensors) {
    offsets.push(total);
    total += Math.ceil(t.bytes / ALIGNMENT) * ALIGNMENT;
  }
  if (total > CHUNK_BYTES) return Promise.all(tensors.map((t) => t.toRaw()));
  const pinned = takePinned(device);
  device.activate();
  tensors.forEach((t, i) => {
    if (t.size === 0) return;
    t.usedOn(on);
    check(
      driver().cuMemcpyDtoHAsync_v2(pinned.address + BigInt(offsets[i]!), t.address, t.bytes, on.handle),
      'cuMemcpyDtoHAsync',
    );
  });
  const mark = on.mark();
  try {
    await mark.wait();
  } finally {
    mark.dispose();
  }
  const { buffer, byteOffset } = pinned.bytes;
  const raws = tensors.map((t, i): Raw => {
    const bytes = buffer.slice(byteOffset + offsets[i]!, byteOffset + offsets[i]! + t.bytes) as ArrayBuffer;
    return t.dtype === 'f32' ? new Float32Array(bytes) : new Int32Array(bytes);
  });
  givePinned(device, pinned);
  return raws;
}
