/** From the arguments of a call to tensors, scalars and dimension sizes, checked. Everything that can be is worked out once. */
import * as M from '../diagnostics/messages/runtime.ts';
import { KernelCallError } from '../dsl/kernel.ts';
import { classOf, DTYPES, type DType } from '../ir/dtype.ts';
import type { CpuDevice } from './cpu-device.ts';
import type { Device } from './device.ts';
import { type Extent, type Signature, shapeText } from './signature.ts';
import { Tensor } from './tensor.ts';

export type Scalar = number | bigint | boolean;
export type CallArgs = Readonly<Record<string, unknown>>;

/** dims[dim] = shape[axis] of tensor `tensor` / (coef · the product of the others). */
interface Solve extends Extent {
  readonly dim: number;
  readonly tensor: number;
  readonly axis: number;
}
/** shape[axis] of tensor `tensor` must be coef · the product of the dims. */
interface Agree extends Extent {
  readonly tensor: number;
  readonly axis: number;
}
interface TensorSlot {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Extent[];
}

/** Binds the calls of one kernel. What a call leaves in `tensors`, `scalars` and `dims` is good until the next. */
export class Binder {
  readonly signature: Signature;
  /** In the order of the tensor parameters. */
  readonly tensors: Tensor[] = [];
  /** In the order of the scalar parameters. */
  readonly scalars: Scalar[] = [];
  readonly dims: number[];
  readonly #tensorSlots: TensorSlot[] = [];
  readonly #scalarSlots: { readonly name: string; readonly dtype: DType }[] = [];
  readonly #solves: Solve[] = [];
  readonly #agrees: Agree[] = [];
  readonly #multiples: { readonly dim: number; readonly of: number }[] = [];

  /** Throws `KernelCallError` for a signature with a dimension that no shape determines. */
  constructor(signature: Signature) {
    this.signature = signature;
    for (const p of signature.params) {
      if (p.kind === 'tensor') this.#tensorSlots.push(p);
      else this.#scalarSlots.push(p);
    }
    this.dims = signature.dims.map(() => 0);
    signature.dims.forEach((d, dim) => {
      if (d.multipleOf > 1) this.#multiples.push({ dim, of: d.multipleOf });
    });
    this.#plan();
  }

  /** Orders the equations between shapes and dimensions: each finds one dimension or checks what is known. */
  #plan(): void {
    const known = new Set<number>();
    let open = this.#tensorSlots.flatMap((t, tensor) => t.shape.map((e, axis): Agree => ({ ...e, tensor, axis })));
    for (let before = -1; before !== open.length; ) {
      before = open.length;
      const later: Agree[] = [];
      for (const e of open) {
        const unknown = e.dims.filter((d) => !known.has(d));
        if (unknown.length === 0) this.#agrees.push(e);
        else if (unknown.length === 1) {
          const dim = unknown[0]!;
          this.#solves.push({ ...e, dim, dims: e.dims.filter((d) => d !== dim) });
          known.add(dim);
        } else later.push(e);
      }
      open = later;
    }
    const missing = this.signature.dims.findIndex((_, d) => !known.has(d));
    if (missing >= 0) throw new KernelCallError(M.dimNotFound(this.signature.name, this.signature.dims[missing]!.name));
  }

  /** Takes a call's arguments. Throws `KernelCallError` for the first that does not fit. */
  bind(args: CallArgs, device: Device | CpuDevice): void {
    checkObject(this.signature.name, args, this.signature.params);
    const slots = this.#tensorSlots;
    for (let i = 0; i < slots.length; i++) this.tensors[i] = this.#tensor(slots[i]!, args, device);
    for (let i = 0; i < this.#scalarSlots.length; i++) {
      const { name, dtype } = this.#scalarSlots[i]!;
      this.scalars[i] = this.#scalar(name, dtype, args[name]);
    }
    let given = 0;
    for (const _ in args) given++;
    if (given !== slots.length + this.#scalarSlots.length) this.#unknown(args);
    this.#findDims();
  }

  #tensor(slot: TensorSlot, args: CallArgs, device: Device | CpuDevice): Tensor {
    const { name, dtype, shape } = slot;
    const t = args[name];
    if (!(t instanceof Tensor)) this.#refuse(M.notATensor(name, dtype, describe(t)));
    if (t.dtype !== dtype) this.#refuse(M.notATensor(name, dtype, `a tensor of ${t.dtype}`));
    if (t.device !== device) this.#refuse(M.wrongDevice(name, String(device), String(t.device)));
    if (t.disposed) this.#refuse(M.disposedTensor(name));
    if (t.shape.length !== shape.length)
      this.#refuseShape(slot, t, `it has ${t.shape.length} dimensions, not ${shape.length}`);
    return t;
  }

  #findDims(): void {
    const { tensors, dims } = this;
    for (const s of this.#solves) {
      const size = tensors[s.tensor]!.shape[s.axis]!;
      let by = s.coef;
      for (const d of s.dims) by *= dims[d]!;
      const value = by === 0 && size === 0 ? 0 : size / by;
      if (!Number.isInteger(value))
        this.#refuseShape(
          this.#tensorSlots[s.tensor]!,
          tensors[s.tensor]!,
          `dimension ${s.axis} is ${size}, which is not a multiple of ${by}`,
        );
      dims[s.dim] = value;
    }
    for (const e of this.#agrees) {
      const size = tensors[e.tensor]!.shape[e.axis]!;
      let expected = e.coef;
      for (const d of e.dims) expected *= dims[d]!;
      if (size !== expected)
        this.#refuseShape(this.#tensorSlots[e.tensor]!, tensors[e.tensor]!, this.#disagreement(e, size, expected));
    }
    for (const { dim, of } of this.#multiples) {
      if (dims[dim]! % of === 0) continue;
      const from = this.#tensorSlots[this.#solves.find((s) => s.dim === dim)!.tensor]!;
      this.#refuse(M.notMultiple(this.signature.dims[dim]!.name, dims[dim]!, of, from.name));
    }
  }

  #disagreement(e: Agree, size: number, expected: number): string {
    const names = e.dims.map((d) => {
      const from = this.#tensorSlots[this.#solves.find((s) => s.dim === d)!.tensor]!;
      return `${this.signature.dims[d]!.name} is ${this.dims[d]} by \`${from.name}\``;
    });
    return `dimension ${e.axis} is ${size}, not ${expected}${names.length > 0 ? `, since ${names.join(' and ')}` : ''}`;
  }

  #scalar(name: string, dtype: DType, value: unknown): Scalar {
    const refuse = (): never =>
      this.#refuse({ argument: name, expected: `a scalar of ${dtype}`, got: describe(value) });
    const kind = classOf(dtype);
    if (kind === 'bool') return typeof value === 'boolean' ? value : refuse();
    if (kind === 'float') return typeof value === 'number' ? value : refuse();
    if (typeof value !== 'number' && typeof value !== 'bigint') return refuse();
    const bits = BigInt(DTYPES[dtype].bits);
    const [low, high] = kind === 'int' ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
    const inRange = (typeof value === 'bigint' || Number.isInteger(value)) && value >= low && value <= high;
    return inRange ? value : refuse();
  }

  #unknown(args: CallArgs): void {
    const known = this.signature.params.map((p) => p.name);
    for (const a in args) {
      if (known.includes(a)) continue;
      throw new KernelCallError(M.unknownArgumentText(this.signature.name, a, known), M.unknownArgument(a, known));
    }
  }
  #refuseShape({ name, shape }: TensorSlot, t: Tensor, why: string): never {
    return this.#refuse(M.wrongShape(name, t.shape, shapeText(shape, this.signature.dims), why));
  }
  #refuse(problem: M.CallProblem): never {
    throw new KernelCallError(M.callProblem(this.signature.name, problem), problem);
  }
}

/** A call names its arguments in one object. Throws `KernelCallError`. */
export function checkObject(kernel: string, args: unknown, params: readonly { readonly name: string }[]): void {
  if (typeof args === 'object' && args !== null && !(args instanceof Tensor)) return;
  const names = params.map((p) => p.name);
  const got = args === undefined ? 'nothing' : describe(args);
  throw new KernelCallError(M.notAnObject(kernel, names, got));
}

function describe(x: unknown): string {
  if (x === undefined) return 'missing';
  if (x === null) return 'null';
  if (typeof x === 'number' || typeof x === 'bigint' || typeof x === 'boolean') return `the ${typeof x} ${x}`;
  return x instanceof Tensor ? 'a tensor' : `of type ${typeof x}`;
}
