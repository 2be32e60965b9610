/** The memory behind tensors; views share it, and the last one to be disposed of gives it back. */
import type { Block } from './allocator.ts';
import type { Device } from './device.ts';
import { Resource } from './resource.ts';
import type { Stream } from './stream.ts';

interface Owned {
  readonly block: Block;
  readonly usedOn: Set<Stream>;
}

export class DeviceStorage {
  readonly device: Device;
  readonly home: Stream;
  readonly address: bigint;
  readonly #memory: Resource<Owned>;
  readonly #usedOn: Set<Stream>;
  #views = 0;

  /** Throws `CudaError` if there is no memory left. */
  constructor(device: Device, bytes: number, stream: Stream) {
    const block = device.allocator.allocate(bytes, stream);
    const { allocator } = device;
    this.device = device;
    this.home = stream;
    this.address = block.address;
    this.#usedOn = new Set();
    this.#memory = new Resource<Owned>(this, 'tensor', { block, usedOn: this.#usedOn }, ({ block: b, usedOn }) =>
      allocator.free(b, usedOn),
    );
  }

  retain(): this {
    this.#views++;
    return this;
  }
  release(): void {
    if (--this.#views === 0) this.#memory.dispose();
  }

  /** The memory is used by work queued on `stream`; it is not reused before that is done. */
  usedOn(stream: Stream): void {
    if (stream !== this.home) this.#usedOn.add(stream);
  }
}
