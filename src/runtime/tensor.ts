/** Tensors: dense, row-major, on the CPU or on a GPU. */
import type { DTypeValue } from '../dsl/dtypes.ts';
import type { DeviceName } from '../dsl/kernel.ts';
import type { TensorLike } from '../dsl/tensor-like.ts';
import { bytesOf, type DType } from '../ir/dtype.ts';
import { type CpuDevice, cpu } from './cpu-device.ts';
import { Device } from './device.ts';
import { decodeElements, decodeInto, encodeInto, type Raw, rawArray, type Values } from './elements.ts';
import { fillDevice, fillRaw } from './fill.ts';
import { copyOnDevice } from './peer.ts';
import { checkShape, flatten, type Nested, nest, type Shape, sizeOf } from './shape.ts';
import { DeviceStorage } from './storage.ts';
import type { Stream } from './stream.ts';
import { toDevice, toHost } from './transfer.ts';
import { uniform } from './uniform.ts';

export interface Placement {
  /** Default: `'cpu'`. */
  readonly device?: DeviceName | Device | CpuDevice;
  /** The GPU stream that the memory belongs to; default: the device's own. */
  readonly stream?: Stream;
}
export interface CopyOptions {
  /** The GPU stream on which the copy is queued; default: the device's own. */
  readonly stream?: Stream;
}
/** Numbers in nested arrays, or a typed array of values. */
export type TensorData = Values | Nested<number | bigint | boolean>;

export class Tensor<D extends DType = DType> implements TensorLike<D> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly device: Device | CpuDevice;
  /** How many elements. */
  readonly size: number;
  /** The address of the first element in the GPU's memory; 0n on the CPU. */
  readonly address: bigint;
  readonly #raw: Raw<D> | undefined;
  readonly #storage: DeviceStorage | undefined;
  #disposed = false;

  private constructor(
    dtype: D,
    shape: Shape,
    device: Device | CpuDevice,
    memory: Raw<D> | DeviceStorage,
    address = 0n,
  ) {
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.size = sizeOf(shape);
    this.device = device;
    if (memory instanceof DeviceStorage) this.#storage = memory.retain();
    else this.#raw = memory;
    this.address = address;
  }

  /** Uninitialised on a GPU, zeros on the CPU. Throws RangeError for a shape that is none, `CudaError` without memory. */
  static empty<D extends DType>(
    shape: Shape,
    dtype: DTypeValue<D>,
    { device = cpu, stream }: Placement = {},
  ): Tensor<D> {
    checkShape(shape);
    const on = deviceOf(device);
    const length = sizeOf(shape);
    if (!(on instanceof Device)) return new Tensor(dtype.dtype, shape, on, rawArray(dtype.dtype, length));
    const storage = new DeviceStorage(on, length * bytesOf(dtype.dtype), stream ?? on.currentStream);
    return new Tensor(dtype.dtype, shape, on, storage, storage.address);
  }

  static zeros<D extends DType>(shape: Shape, dtype: DTypeValue<D>, placement: Placement = {}): Tensor<D> {
    return Tensor.full(shape, 0, dtype, placement);
  }

  /** All elements the value, converted to the dtype as a cast would. */
  static full<D extends DType>(
    shape: Shape,
    value: number | bigint | boolean,
    dtype: DTypeValue<D>,
    placement: Placement = {},
  ): Tensor<D> {
    const made = Tensor.empty(shape, dtype, placement);
    made.fill(value, placement);
    return made;
  }

  /**
   * A tensor on the CPU of the values, converted as a cast would (f8 saturates). Nested arrays give the shape; for flat or
   * typed arrays `shape` may say another. Codes of narrow floats go through `fromRaw`.
   */
  static from<D extends DType>(data: TensorData, dtype: DTypeValue<D>, shape?: Shape): Tensor<D> {
    const isNested = Array.isArray(data) && Array.isArray(data[0]);
    const { shape: own, flat } = isNested
      ? flatten(data as Nested<number | bigint | boolean>)
      : { shape: [data.length], flat: data as Values };
    const made = Tensor.empty(shape ?? own, dtype);
    if (made.size !== flat.length) throw new RangeError(`${flat.length} values for shape [${made.shape.join(', ')}]`);
    encodeInto(made.dtype, made.data, flat);
    return made;
  }

  /** A tensor on the CPU over the array itself, which holds raw elements: codes for f16, bf16 and f8, 0 or 1 for bool. */
  static fromRaw<D extends DType>(raw: Raw<D>, dtype: DTypeValue<D>, shape: Shape = [raw.length]): Tensor<D> {
    checkShape(shape);
    if (sizeOf(shape) !== raw.length) throw new RangeError(`${raw.length} elements for shape [${shape.join(', ')}]`);
    return new Tensor(dtype.dtype, shape, cpu, raw);
  }

  /** Evenly distributed in [low, high), on the CPU; the same numbers for the same seed. */
  static random<D extends DType>(
    shape: Shape,
    dtype: DTypeValue<D>,
    { low = -1, high = 1, seed = 1 }: { readonly low?: number; readonly high?: number; readonly seed?: number } = {},
  ): Tensor<D> {
    const made = Tensor.empty(shape, dtype);
    encodeInto(made.dtype, made.data, uniform(made.size, low, high, seed));
    return made;
  }

  /** Bytes of all elements. */
  get bytes(): number {
    return this.size * bytesOf(this.dtype);
  }
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The raw elements, not a copy. Throws TypeError for a tensor on a GPU. */
  get data(): Raw<D> {
    if (this.#raw === undefined)
      throw new TypeError(`the tensor is on ${this.device}: \`await t.to('cpu')\` brings it here`);
    this.#alive();
    return this.#raw;
  }

  /** Rows [start, end) of dimension 0, as a view: it shares memory. */
  slice(start: number, end = this.shape[0] ?? 0): Tensor<D> {
    const [rows = 0, ...rest] = this.shape;
    if (
      this.shape.length === 0 ||
      !(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= rows)
    )
      throw new RangeError(`slice(${start}, ${end}) of shape [${this.shape.join(', ')}]`);
    return this.#view([end - start, ...rest], start * sizeOf(rest));
  }

  /** The same elements in another shape, as a view; one entry may be -1, to be found from the others. */
  reshape(shape: Shape): Tensor<D> {
    const known = sizeOf(shape.filter((n) => n !== -1));
    const full = shape.map((n) => (n === -1 ? this.size / known : n));
    if (
      shape.filter((n) => n === -1).length > 1 ||
      full.some((n) => !(Number.isInteger(n) && n >= 0)) ||
      sizeOf(full) !== this.size
    )
      throw new RangeError(`reshape([${shape.join(', ')}]) of shape [${this.shape.join(', ')}]`);
    return this.#view(full, 0);
  }

  #view(shape: Shape, offset: number): Tensor<D> {
    this.#alive();
    const raw = this.#raw;
    if (raw) return new Tensor(this.dtype, shape, this.device, raw.subarray(offset, offset + sizeOf(shape)) as Raw<D>);
    return new Tensor(
      this.dtype,
      shape,
      this.device,
      this.#storage!,
      this.address + BigInt(offset * bytesOf(this.dtype)),
    );
  }

  /** Sets all elements; on a GPU, queues that. */
  fill(value: number | bigint | boolean, { stream }: CopyOptions = {}): this {
    this.#alive();
    const one = rawArray(this.dtype, 1);
    encodeInto(this.dtype, one, [value]);
    if (this.#raw) fillRaw(this.#raw, one);
    else fillDevice(this.address, this.size, one, this.#use(stream));
    return this;
  }

  /** A copy on the device; resolves when it has arrived. A tensor that is there already is copied too. */
  async to(device: DeviceName | Device | CpuDevice, options: CopyOptions = {}): Promise<Tensor<D>> {
    const made = Tensor.empty(this.shape, { dtype: this.dtype } as DTypeValue<D>, { device, ...options });
    try {
      return await made.copyFrom(this, options);
    } catch (e) {
      made.dispose();
      throw e;
    }
  }

  /**
   * Copies the elements of a tensor of the same dtype and size, or converts values, into this one. Resolves when they have
   * arrived (between two places on one GPU: when the copy is queued).
   */
  async copyFrom(source: Tensor<D> | TensorData, { stream }: CopyOptions = {}): Promise<this> {
    this.#alive();
    if (!(source instanceof Tensor)) {
      const staged = Tensor.from(source, { dtype: this.dtype } as DTypeValue<D>);
      return this.copyFrom(staged, { stream });
    }
    source.#alive();
    if (source.dtype !== this.dtype)
      throw new TypeError(`copyFrom: a tensor of ${source.dtype} into one of ${this.dtype}`);
    if (source.size !== this.size)
      throw new RangeError(`copyFrom: shape [${source.shape.join(', ')}] into [${this.shape.join(', ')}]`);
    if (this.size === 0) return this;
    if (this.#raw && source.#raw) (this.#raw as Uint8Array).set(source.#raw as Uint8Array);
    else if (this.#raw) await source.#toHost(this.#raw, stream);
    else if (source.#raw) await this.#fromHost(source.#raw, stream);
    else await this.#fromDevice(source, stream);
    return this;
  }

  async #toHost(target: Raw<D>, stream: Stream | undefined): Promise<void> {
    const on = this.#use(stream);
    await toHost(on.device, on, this.address, bytesIn(target));
  }
  async #fromHost(source: Raw<D>, stream: Stream | undefined): Promise<void> {
    const on = this.#use(stream);
    await toDevice(on.device, on, this.address, bytesIn(source));
  }
  async #fromDevice(source: Tensor<D>, stream: Stream | undefined): Promise<void> {
    const on = source.#use(stream);
    if (this.device === source.device) this.#use(on);
    await copyOnDevice(this.address, this.device as Device, source.address, on, this.bytes);
  }

  /** The values in nested arrays: numbers, bigints for 64-bit integers, booleans. */
  async toArray(): Promise<number | bigint | boolean | Nested<number | bigint | boolean>> {
    return nest(decodeElements(this.dtype, await this.#here()), this.shape);
  }
  /** The values in order, rounded to f32. */
  async toFloat32Array(): Promise<Float32Array<ArrayBuffer>> {
    return decodeInto(this.dtype, await this.#here(), new Float32Array(this.size));
  }
  /** The values in order; 64-bit integers are rounded. */
  async toFloat64Array(): Promise<Float64Array<ArrayBuffer>> {
    return decodeInto(this.dtype, await this.#here(), new Float64Array(this.size));
  }
  /** A copy of the raw elements, wherever the tensor is. */
  async toRaw(): Promise<Raw<D>> {
    const raw = await this.#here();
    return raw === this.#raw ? (raw.slice() as Raw<D>) : raw;
  }

  async #here(): Promise<Raw<D>> {
    this.#alive();
    return this.#raw ?? (await this.to(cpu)).data;
  }

  /** The stream of this use, noted so that the memory is not reused before it is done. */
  #use(stream: Stream | undefined): Stream {
    const storage = this.#storage!;
    const on = stream ?? storage.device.currentStream;
    storage.usedOn(on);
    return on;
  }

  /** Notes that work queued on `stream` uses the memory. Launches do it by themselves. */
  usedOn(stream: Stream): void {
    this.#storage?.usedOn(stream);
  }

  #alive(): void {
    if (this.#disposed) throw new Error('the tensor was used after it was disposed of');
  }

  /** Gives the memory back, once all views of it are disposed of. Work queued on it still runs to its end. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#storage?.release();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.dtype}, [${this.shape.join(', ')}], ${this.device})`;
  }
}

/** The device of that name. Throws `EnvironmentError` for a GPU that is not there, RangeError for no name of one. */
export function deviceOf(device: DeviceName | Device | CpuDevice): Device | CpuDevice {
  if (typeof device !== 'string') return device;
  if (device === 'cpu') return cpu;
  const m = /^cuda(?::(\d+))?$/.exec(device);
  if (!m) throw new RangeError(`there is no device '${device}': devices are 'cpu', 'cuda' and 'cuda:<number>'`);
  return Device.get(Number(m[1] ?? 0));
}

const bytesIn = (raw: Raw): Uint8Array => new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
