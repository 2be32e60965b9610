/** Copies between host and device, in chunks through page-locked memory: no step holds the event loop for long. */
import type { Device } from './device.ts';
import type { Event } from './event.ts';
import { check, driver } from './ffi/driver.ts';
import { CHUNK_BYTES, givePinned, type Pinned, takePinned } from './pinned.ts';
import type { Stream } from './stream.ts';

/** One chunk is filled while the other one travels. */
const IN_FLIGHT = 2;

interface Flight {
  readonly buffer: Pinned;
  readonly event: Event;
  readonly offset: number;
  readonly length: number;
}

/** Resolves when `source` has arrived at `address`; it must not change before. */
export async function toDevice(device: Device, stream: Stream, address: bigint, source: Uint8Array): Promise<void> {
  await chunks(device, stream, source.length, {
    send({ buffer, offset, length }) {
      buffer.bytes.set(source.subarray(offset, offset + length));
      check(
        driver().cuMemcpyHtoDAsync_v2(address + BigInt(offset), buffer.address, length, stream.handle),
        'cuMemcpyHtoDAsync',
      );
    },
    land() {},
  });
}

/** Resolves when `target` holds what was at `address` after the work queued on `stream` so far. */
export async function toHost(device: Device, stream: Stream, address: bigint, target: Uint8Array): Promise<void> {
  await chunks(device, stream, target.length, {
    send({ buffer, offset, length }) {
      check(
        driver().cuMemcpyDtoHAsync_v2(buffer.address, address + BigInt(offset), length, stream.handle),
        'cuMemcpyDtoHAsync',
      );
    },
    land({ buffer, offset, length }) {
      target.set(buffer.bytes.subarray(0, length), offset);
    },
  });
}

interface Steps {
  send(part: Omit<Flight, 'event'>): void;
  land(part: Flight): void;
}

async function chunks(device: Device, stream: Stream, total: number, steps: Steps): Promise<void> {
  const flying: Flight[] = [];
  const land = async (): Promise<void> => {
    const flight = flying[0]!;
    await flight.event.wait();
    steps.land(flight);
    flying.shift();
    flight.event.dispose();
    givePinned(device, flight.buffer);
  };
  try {
    for (let offset = 0; offset < total; offset += CHUNK_BYTES) {
      if (flying.length === IN_FLIGHT) await land();
      const length = Math.min(CHUNK_BYTES, total - offset);
      const buffer = takePinned(device);
      device.activate();
      try {
        steps.send({ buffer, offset, length });
      } catch (e) {
        givePinned(device, buffer);
        throw e;
      }
      flying.push({ buffer, offset, length, event: stream.mark() });
    }
    while (flying.length > 0) await land();
  } finally {
    // After a failure the GPU may still write to them: they are left to the process's end.
    for (const { event } of flying) event.dispose();
  }
}
