/**
 * A CUDA driver without a GPU: real memory behind device addresses, streams as queues whose work is done only when somebody
 * asks after it, one step a question. It notices the use of what was freed, and what is never freed.
 */
import type { Driver } from '../../src/runtime/ffi/driver.ts';
import { type Foreign, koffi } from '../../src/runtime/ffi/library.ts';

export interface Launch {
  readonly symbol: string;
  readonly grid: readonly number[];
  readonly threads: number;
  readonly sharedBytes: number;
  readonly stream: bigint;
  /** Reads parameter `i` as that C type. */
  param(i: number, type: 'uint64_t' | 'int32_t' | 'float' | 'uint16_t'): bigint | number;
}
export type FakeKernel = (launch: Launch, gpu: FakeGpu) => void;

interface FakeStream {
  readonly queue: (() => boolean)[];
  capture: (() => boolean)[] | undefined;
}
interface FakeEvent {
  recorded: boolean;
  done: boolean;
  at: number;
  captured: boolean;
}

const OK = 0;
const INVALID = 1;
const OUT_OF_MEMORY = 2;
const NOT_READY = 600;
const ILLEGAL_ADDRESS = 700;
const NAMES: Readonly<Record<number, readonly [string, string]>> = {
  [INVALID]: ['CUDA_ERROR_INVALID_VALUE', 'invalid argument'],
  [OUT_OF_MEMORY]: ['CUDA_ERROR_OUT_OF_MEMORY', 'out of memory'],
  [ILLEGAL_ADDRESS]: ['CUDA_ERROR_ILLEGAL_ADDRESS', 'an illegal memory access was encountered'],
  218: ['CUDA_ERROR_INVALID_PTX', 'a PTX JIT compilation failed'],
  907: ['CUDA_ERROR_CAPTURED_EVENT', 'operation not permitted on an event last recorded in a capturing stream'],
};

/** Handles are unique over all simulated GPUs: what one made and another was asked to destroy is noticed. */
let lastHandle = 0x1000n;

type Out = BigUint64Array & Int32Array;

export class FakeGpu {
  readonly kernels = new Map<string, FakeKernel>();
  readonly launches: Launch[] = [];
  readonly calls = new Map<string, number>();
  readonly functionAttributes: (readonly [number, number])[] = [];
  /** Bytes that the GPU has. */
  capacity = 2 ** 30;
  /** An error that every question after work answers from now on. */
  failure = OK;
  readonly #memory = new Map<bigint, { readonly bytes: number; readonly buffer: ArrayBuffer }>();
  readonly #pinned = new Map<bigint, ArrayBuffer>();
  readonly #streams = new Map<bigint, FakeStream>();
  readonly #events = new Map<bigint, FakeEvent>();
  readonly #graphs = new Map<bigint, (() => boolean)[]>();
  readonly #modules = new Set<bigint>();
  readonly #functions = new Map<bigint, string>();
  readonly #texts = new Map<string, ArrayBuffer>();
  #clock = 0;

  get allocated(): number {
    let bytes = 0;
    for (const m of this.#memory.values()) bytes += m.bytes;
    return bytes;
  }
  /** What was made and not yet given back. */
  get live(): {
    readonly blocks: number;
    readonly streams: number;
    readonly events: number;
    readonly graphs: number;
    readonly modules: number;
  } {
    return {
      blocks: this.#memory.size,
      streams: this.#streams.size,
      events: this.#events.size,
      graphs: this.#graphs.size,
      modules: this.#modules.size,
    };
  }
  /** Steps of work not yet done. */
  get waiting(): number {
    let n = 0;
    for (const s of this.#streams.values()) n += s.queue.length;
    return n;
  }

  /** The bytes at a device address; undefined for an address that nobody was given. */
  bytesAt(address: bigint, length: number): Uint8Array | undefined {
    for (const [base, { bytes, buffer }] of this.#memory)
      if (address >= base && address + BigInt(length) <= base + BigInt(bytes))
        return new Uint8Array(buffer, Number(address - base), length);
    return undefined;
  }

  /** Does the next step of each stream that can go on. */
  step(): void {
    for (const s of this.#streams.values()) if (s.queue[0]?.()) s.queue.shift();
  }

  #new(): bigint {
    lastHandle += 0x10n;
    return lastHandle;
  }
  #queue(stream: bigint, work: () => void): number {
    return this.#push(stream, () => {
      work();
      return true;
    });
  }
  #push(stream: bigint, step: () => boolean): number {
    const s = this.#streams.get(stream);
    if (!s) return INVALID;
    (s.capture ?? s.queue).push(step);
    return OK;
  }
  #copy(to: Uint8Array | undefined, from: Uint8Array | undefined): void {
    if (to && from) to.set(from);
    else this.failure = ILLEGAL_ADDRESS;
  }
  #host(address: bigint, length: number): Uint8Array {
    for (const [base, buffer] of this.#pinned)
      if (address >= base && address + BigInt(length) <= base + BigInt(buffer.byteLength))
        return new Uint8Array(buffer, Number(address - base), length);
    throw new Error('a copy from or to memory that is not page-locked');
  }
  #text(text: string): bigint {
    let buffer = this.#texts.get(text);
    if (!buffer) {
      buffer = Uint8Array.from(Buffer.from(`${text}\0`)).buffer;
      this.#texts.set(text, buffer);
    }
    return koffi().address(buffer);
  }
  #graphWork(graph: bigint, stream: bigint): number {
    const steps = this.#graphs.get(graph);
    if (!steps) return INVALID;
    for (const step of steps) this.#push(stream, step);
    return OK;
  }
  #fill(address: bigint, element: Uint8Array, count: number, stream: bigint): number {
    return this.#queue(stream, () => {
      const target = this.bytesAt(address, count * element.length);
      if (!target) this.failure = ILLEGAL_ADDRESS;
      else if (element.every((b) => b === element[0])) target.fill(element[0]!);
      else for (let i = 0; i < target.length; i++) target[i] = element[i % element.length]!;
    });
  }

  /** As `replaceDriver` takes it. */
  driver(): Driver {
    const attributes: Readonly<Record<number, number>> = {
      13: 1_980_000,
      16: 132,
      38: 50 * 2 ** 20,
      39: 2048,
      75: 9,
      76: 0,
      81: 228 * 1024,
      97: 227 * 1024,
    };
    const text = (which: 0 | 1) => (code: number, out: Out) => {
      const entry = NAMES[code];
      if (!entry) return INVALID;
      out[0] = this.#text(entry[which]) as never;
      return OK;
    };
    const set = (out: Out, value: number | bigint): number => {
      out[0] = value as never;
      return OK;
    };
    const api: Record<string, (...args: never[]) => number> = {
      cuInit: () => OK,
      cuDriverGetVersion: (out: Out) => set(out, 13000),
      cuGetErrorName: text(0),
      cuGetErrorString: text(1),
      cuDeviceGetCount: (out: Out) => set(out, 2),
      cuDeviceGet: (out: Out, ordinal: number) => set(out, ordinal),
      cuDeviceGetName: (out: Buffer, _: number, id: number) => (out.write(`Simulated GPU ${id}\0`) > 0 ? OK : INVALID),
      cuDeviceGetAttribute: (out: Out, which: number) => set(out, attributes[which] ?? 0),
      cuDeviceTotalMem_v2: (out: Out) => set(out, BigInt(this.capacity)),
      cuDevicePrimaryCtxRetain: (out: Out, id: number) => set(out, BigInt(0xc0 + id)),
      cuDevicePrimaryCtxRelease_v2: () => OK,
      cuCtxSetCurrent: () => OK,
      cuCtxSynchronize: () => OK,
      cuMemGetInfo_v2: (free: Out, total: Out) =>
        set(free, BigInt(this.capacity - this.allocated)) || set(total, BigInt(this.capacity)),

      cuModuleLoadData: (out: Out, image: Uint8Array) => {
        if (Buffer.from(image.subarray(1, 4)).toString() !== 'ELF') return 218;
        const handle = this.#new();
        this.#modules.add(handle);
        return set(out, handle);
      },
      cuModuleUnload: (m: bigint) => (this.#modules.delete(m) ? OK : INVALID),
      cuModuleGetFunction: (out: Out, _: bigint, name: string) => {
        const handle = this.#new();
        this.#functions.set(handle, name);
        return set(out, handle);
      },
      cuFuncSetAttribute: (_: bigint, which: number, value: number) =>
        this.functionAttributes.push([which, value]) > 0 ? OK : INVALID,
      cuLaunchKernel: (
        f: bigint,
        x: number,
        y: number,
        z: number,
        tx: number,
        _ty: number,
        _tz: number,
        sharedBytes: number,
        stream: bigint,
        params: bigint,
      ) => {
        const symbol = this.#functions.get(f)!;
        // Parameters are read when the call is made, as the driver does.
        const slots = Array.from({ length: 16 }, (_, i) => {
          const types = ['uint64_t', 'int32_t', 'float', 'uint16_t'] as const;
          const at =
            i < (this.parameterCount.get(symbol) ?? 0)
              ? (koffi().decode(params + BigInt(8 * i), 'uint64_t') as bigint)
              : 0n;
          return Object.fromEntries(types.map((t) => [t, at === 0n ? 0 : koffi().decode(BigInt(at), t)]));
        });
        const launch: Launch = {
          symbol,
          grid: [x, y, z],
          threads: tx,
          sharedBytes,
          stream,
          param: (i, type) => slots[i]![type],
        };
        return this.#queue(stream, () => {
          this.launches.push(launch);
          this.kernels.get(symbol)?.(launch, this);
        });
      },

      cuMemAlloc_v2: (out: Out, size: number) => {
        if (this.allocated + size > this.capacity) return OUT_OF_MEMORY;
        const buffer = new ArrayBuffer(size);
        new Uint8Array(buffer).fill(0xcd);
        const handle = 0x7f00_0000_0000n + this.#new() * 0x100_0000n;
        this.#memory.set(handle, { bytes: size, buffer });
        return set(out, handle);
      },
      cuMemFree_v2: (address: bigint) => {
        while (this.waiting > 0) this.step();
        return this.#memory.delete(address) ? OK : INVALID;
      },
      cuMemAllocHost_v2: (out: Out, size: number) => {
        const buffer = new ArrayBuffer(size);
        const address = koffi().address(buffer);
        this.#pinned.set(address, buffer);
        return set(out, address);
      },
      cuMemFreeHost: (address: bigint) => (this.#pinned.delete(address) ? OK : INVALID),
      cuMemcpyHtoDAsync_v2: (to: bigint, from: bigint, n: number, s: bigint) =>
        this.#queue(s, () => this.#copy(this.bytesAt(to, n), this.#host(from, n))),
      cuMemcpyDtoHAsync_v2: (to: bigint, from: bigint, n: number, s: bigint) =>
        this.#queue(s, () => this.#copy(this.#host(to, n), this.bytesAt(from, n))),
      cuMemcpyDtoDAsync_v2: (to: bigint, from: bigint, n: number, s: bigint) =>
        this.#queue(s, () => this.#copy(this.bytesAt(to, n), this.bytesAt(from, n))),
      cuMemcpyPeerAsync: (to: bigint, _a: bigint, from: bigint, _b: bigint, n: number, s: bigint) =>
        this.#queue(s, () => this.#copy(this.bytesAt(to, n), this.bytesAt(from, n))),
      cuMemsetD8Async: (a: bigint, v: number, n: number, s: bigint) => this.#fill(a, Uint8Array.of(v), n, s),
      cuMemsetD16Async: (a: bigint, v: number, n: number, s: bigint) =>
        this.#fill(a, new Uint8Array(Uint16Array.of(v).buffer), n, s),
      cuMemsetD32Async: (a: bigint, v: number, n: number, s: bigint) =>
        this.#fill(a, new Uint8Array(Uint32Array.of(v).buffer), n, s),

      cuStreamCreate: (out: Out) => {
        const handle = this.#new();
        this.#streams.set(handle, { queue: [], capture: undefined });
        return set(out, handle);
      },
      cuStreamDestroy_v2: (s: bigint) => {
        const stream = this.#streams.get(s);
        while (stream && stream.queue.length > 0) this.step();
        return this.#streams.delete(s) ? OK : INVALID;
      },
      cuStreamQuery: (s: bigint) => {
        this.step();
        if (this.failure) return this.failure;
        return this.#streams.get(s)?.queue.length === 0 ? OK : NOT_READY;
      },
      cuStreamWaitEvent: (s: bigint, e: bigint) => {
        const event = this.#events.get(e);
        if (!event) return INVALID;
        return this.#push(s, () => !event.recorded || event.done || event.captured);
      },
      cuStreamBeginCapture_v2: (s: bigint) => {
        const stream = this.#streams.get(s);
        if (!stream) return INVALID;
        stream.capture = [];
        return OK;
      },
      cuStreamEndCapture: (s: bigint, out: Out) => {
        const stream = this.#streams.get(s);
        if (!stream?.capture) return INVALID;
        const handle = this.#new();
        this.#graphs.set(handle, stream.capture);
        stream.capture = undefined;
        return set(out, handle);
      },
      cuGraphInstantiateWithFlags: (out: Out, graph: bigint) => {
        const handle = this.#new();
        this.#graphs.set(handle, [...this.#graphs.get(graph)!]);
        return set(out, handle);
      },
      cuGraphLaunch: (graph: bigint, s: bigint) => this.#graphWork(graph, s),
      cuGraphExecDestroy: (graph: bigint) => (this.#graphs.delete(graph) ? OK : INVALID),
      cuGraphDestroy: (graph: bigint) => (this.#graphs.delete(graph) ? OK : INVALID),

      cuEventCreate: (out: Out) => {
        const handle = this.#new();
        this.#events.set(handle, { recorded: false, done: false, at: 0, captured: false });
        return set(out, handle);
      },
      cuEventDestroy_v2: (e: bigint) => (this.#events.delete(e) ? OK : INVALID),
      cuEventRecord: (e: bigint, s: bigint) => {
        const event = this.#events.get(e);
        const stream = this.#streams.get(s);
        if (!event || !stream) return INVALID;
        event.recorded = true;
        event.done = false;
        event.captured = stream.capture !== undefined;
        return this.#queue(s, () => {
          event.done = true;
          event.at = this.#clock++;
        });
      },
      cuEventQuery: (e: bigint) => {
        this.step();
        const event = this.#events.get(e);
        if (!event) return INVALID;
        if (event.captured) return 907;
        if (this.failure) return this.failure;
        return event.done || !event.recorded ? OK : NOT_READY;
      },
      cuEventElapsedTime: (out: Float32Array, a: bigint, b: bigint) => {
        out[0] = this.#events.get(b)!.at - this.#events.get(a)!.at;
        return OK;
      },
    };
    const counted = Object.entries(api).map(([name, f]) => {
      const call = (...args: never[]): number => {
        this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
        return f(...args);
      };
      return [name, call as unknown as Foreign<readonly []>];
    });
    return Object.fromEntries(counted) as unknown as Driver;
  }

  /** How many parameters a kernel has, by symbol: the driver knows it from the cubin. */
  readonly parameterCount = new Map<string, number>();
}
