/**
 * Device memory that is reused in stream order: a block that was given back may be had again at once by the stream it
 * belongs to, since that stream's work on it comes first. Other streams' work on it is waited for by events.
 */
import type { Device } from './device.ts';
import type { Event } from './event.ts';
import { CUDA_ERROR_OUT_OF_MEMORY, check, driver } from './ffi/driver.ts';
import type { Stream } from './stream.ts';

export interface Block {
  readonly address: bigint;
  /** As it was rounded up. */
  readonly bytes: number;
  readonly stream: Stream;
  /** The graph that was being captured when it was handed out: replays use the block as long as the graph lives. */
  readonly hold: Hold | undefined;
}

/** Blocks that a graph keeps from being reused. */
export interface Hold {
  readonly stream: Stream;
  readonly blocks: Block[];
  released: boolean;
}

interface Pending {
  readonly block: Block;
  readonly events: readonly Event[];
}

const SMALLEST = 512;
/** Sizes step by an eighth of their power of two, so that at most an eighth is wasted. */
const STEPS = 8;

export function roundUp(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = Math.max(2 ** Math.floor(Math.log2(bytes - 1)) / STEPS, SMALLEST);
  return Math.ceil(bytes / step) * step;
}

export class Allocator {
  readonly #device: Device;
  /** Free blocks by stream, then by size. */
  readonly #free = new Map<Stream, Map<number, Block[]>>();
  #pending: Pending[] = [];
  #hold: Hold | undefined;
  #reserved = 0;
  #cached = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Bytes taken from the driver, and those of them that nobody uses now. */
  get stats(): { readonly reserved: number; readonly cached: number } {
    return { reserved: this.#reserved, cached: this.#cached };
  }

  /** At least `bytes` bytes, aligned to 256, for use on `stream`. Throws `CudaError` if there is no memory left. */
  allocate(bytes: number, stream: Stream): Block {
    const size = roundUp(bytes);
    this.#collect();
    const hold = this.#hold?.stream === stream ? this.#hold : undefined;
    const known = this.#free.get(stream)?.get(size)?.pop();
    if (known) {
      this.#cached -= size;
      return hold ? { ...known, hold } : known;
    }
    return { address: this.#take(size), bytes: size, stream, hold };
  }

  /** Gives a block back. `usedOn`: streams other than its own that have used it. */
  free(block: Block, usedOn: Iterable<Stream> = []): void {
    const streams = [...usedOn].filter((s) => !s.disposed);
    // Every replay of a graph works on the blocks that it was recorded with.
    const recording = this.#hold && streams.includes(this.#hold.stream) ? this.#hold : undefined;
    const hold = block.hold && !block.hold.released ? block.hold : recording;
    if (hold) {
      hold.blocks.push(block);
      return;
    }
    this.#cached += block.bytes;
    const events = streams.map((s) => s.mark());
    if (events.length > 0) this.#pending.push({ block, events });
    else this.#put(block);
  }

  /** From now until `endHold`, blocks handed out on `stream` stay with the hold. */
  beginHold(stream: Stream): Hold {
    this.#hold = { stream, blocks: [], released: false };
    return this.#hold;
  }
  endHold(): void {
    this.#hold = undefined;
  }
  /** The graph is gone; its last replay was on `stream`. */
  release(hold: Hold, usedOn: Iterable<Stream>): void {
    if (hold.released) return;
    hold.released = true;
    const streams = [...usedOn];
    for (const block of hold.blocks.splice(0)) this.free({ ...block, hold: undefined }, streams);
  }

  /** The stream is about to be destroyed: its free blocks go to the device's own stream once its work is done. */
  leave(stream: Stream): void {
    const sizes = this.#free.get(stream);
    this.#free.delete(stream);
    if (!sizes) return;
    for (const blocks of sizes.values())
      for (const block of blocks) this.#pending.push({ block: this.#home(block), events: [stream.mark()] });
  }

  /** Gives all unused memory back to the driver. Waits for the GPU. */
  trim(): void {
    this.#device.activate();
    for (const { block, events } of this.#pending) {
      for (const e of events) e.dispose();
      this.#put(block);
    }
    this.#pending = [];
    for (const sizes of this.#free.values())
      for (const blocks of sizes.values())
        for (const block of blocks) {
          check(driver().cuMemFree_v2(block.address), 'cuMemFree');
          this.#reserved -= block.bytes;
          this.#cached -= block.bytes;
        }
    this.#free.clear();
  }

  #take(size: number): bigint {
    this.#device.activate();
    const out = new BigUint64Array(1);
    let result = driver().cuMemAlloc_v2(out, size);
    if (result === CUDA_ERROR_OUT_OF_MEMORY && this.#cached > 0) {
      this.trim();
      result = driver().cuMemAlloc_v2(out, size);
    }
    check(result, `cuMemAlloc of ${size} bytes (${this.#reserved} held by this process)`);
    this.#reserved += size;
    return out[0]!;
  }

  /** Blocks whose other streams are done become free. */
  #collect(): void {
    if (this.#pending.length === 0) return;
    this.#pending = this.#pending.filter(({ block, events }) => {
      if (!events.every((e) => e.done)) return true;
      for (const e of events) e.dispose();
      this.#put(block);
      return false;
    });
  }

  #put(given: Block): void {
    const block = this.#home(given);
    let sizes = this.#free.get(block.stream);
    if (!sizes) {
      sizes = new Map();
      this.#free.set(block.stream, sizes);
    }
    const blocks = sizes.get(block.bytes);
    if (blocks) blocks.push(block);
    else sizes.set(block.bytes, [block]);
  }

  /** A block whose stream is gone, or that a graph held, belongs to the device's own stream, to anybody. */
  #home(block: Block): Block {
    const stream = block.stream.disposed ? this.#device.stream : block.stream;
    return stream === block.stream && block.hold === undefined ? block : { ...block, stream, hold: undefined };
  }
}
