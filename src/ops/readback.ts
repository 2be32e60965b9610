/** Small index tensors, from the GPU to the host in one synchronisation. */
import { Device } from '../runtime/device.ts';
import { type Raw, rawArray } from '../runtime/elements.ts';
import { check, driver } from '../runtime/ffi/driver.ts';
import { CHUNK_BYTES, givePinned, type Pinned, takePinned } from '../runtime/pinned.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Tensor } from '../runtime/tensor.ts';

const ALIGNMENT = 16;

/** Bytes `from` … `from + length − 1` of tensor `tensor`, which pass through page-locked buffer `buffer` from `at` on. */
interface Piece {
  readonly tensor: number;
  readonly from: number;
  readonly length: number;
  readonly buffer: number;
  readonly at: number;
}

/** The elements of all of them, as they are once the work queued on `stream` so far is done. One wait in all. */
export async function readBack(tensors: readonly Tensor[], stream?: Stream): Promise<readonly Raw[]> {
  const device = tensors.find((t) => t.device instanceof Device)?.device as Device | undefined;
  if (!device) return tensors.map((t) => t.data);
  const on = stream ?? device.currentStream;
  const pieces = piecesOf(tensors.map((t) => t.bytes));
  const pinned: Pinned[] = [];
  while (pinned.length <= (pieces.at(-1)?.buffer ?? -1)) pinned.push(takePinned(device));
  device.activate();
  for (const t of tensors) t.usedOn(on);
  for (const { tensor, from, length, buffer, at } of pieces)
    check(
      driver().cuMemcpyDtoHAsync_v2(
        pinned[buffer]!.address + BigInt(at),
        tensors[tensor]!.address + BigInt(from),
        length,
        on.handle,
      ),
      'cuMemcpyDtoHAsync',
    );
  const mark = on.mark();
  try {
    // After a failure the GPU may still write to the buffers: they are left to the process's end.
    await mark.wait();
  } finally {
    mark.dispose();
  }
  const raws = tensors.map((t): Raw => rawArray(t.dtype, t.size));
  for (const { tensor, from, length, buffer, at } of pieces)
    new Uint8Array(raws[tensor]!.buffer, from, length).set(pinned[buffer]!.bytes.subarray(at, at + length));
  for (const p of pinned) givePinned(device, p);
  return raws;
}

/** Lays tensors of these sizes one behind the other, over as many buffers as it takes. */
function piecesOf(sizes: readonly number[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  sizes.forEach((bytes, tensor) => {
    for (let from = 0; from < bytes; ) {
      const at = end % CHUNK_BYTES;
      const length = Math.min(bytes - from, CHUNK_BYTES - at);
      pieces.push({ tensor, from, length, buffer: Math.floor(end / CHUNK_BYTES), at });
      from += length;
      end += length;
    }
    end = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
  });
  return pieces;
}
