/**
 * The tensors of a call against the entry: presence, dtype, device, rank, shape, memory. Rules are folded and turned into closures
 * once an operator, so that a check costs a microsecond or two and reads no device memory.
 */
import { freeNames, type Rule, show } from '../../manifest/rules/ast.ts';
import { compile, evaluate, fold, invert, type Value } from '../../manifest/rules/evaluate.ts';
import { ruleOf } from '../../manifest/rules/lookup.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import { dtypeUnder } from '../../manifest/workload.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { bytesOf, type DType } from '../ir/dtype.ts';
import { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { OperatorError } from './error.ts';
import { OverlapCheck } from './overlap.ts';
import { isRecord } from './record.ts';

type Slots = Float64Array;

/** Low bits of an address that a 16-byte access has as zeros. */
const WIDEST = 15;

/** What a dimension does: it gives a size its value, or has to have one. */
type DimCheck =
  | { readonly kind: 'bind'; readonly slot: number; readonly solve: (size: number, slots: Slots) => number }
  | { readonly kind: 'constant'; readonly size: number }
  | { readonly kind: 'rule'; readonly size: (slots: Slots) => number };

interface TensorCheck {
  readonly name: string;
  readonly dtype: DType;
  /** Bytes of an element. */
  readonly width: number;
  readonly rank: number;
  readonly dims: readonly DimCheck[];
  /** With the parameters folded in: for messages. */
  readonly shape: readonly Rule[];
}

/** The run-time sizes of one call. */
export interface Sizes {
  /** Throws if the entry has no such size. */
  get(name: string): number;
}

export type TensorArgs = Readonly<Record<string, Tensor | undefined>>;

export class Signature {
  /** The tensors that the parameters call for, in order. */
  readonly tensors: readonly string[];
  readonly #entry: OperatorEntry;
  readonly #checks: readonly TensorCheck[];
  readonly #names: ReadonlySet<string>;
  readonly #overlaps: OverlapCheck;
  readonly #slots = new Map<string, number>();

  constructor(entry: OperatorEntry, params: Readonly<Record<string, Value>>) {
    this.#entry = entry;
    const checks: TensorCheck[] = [];
    for (const [name, t] of Object.entries(entry.tensors)) {
      if (t.when !== undefined && !evaluate(ruleOf(t.when), params)) continue;
      const shape = t.shape.map((d) => fold(ruleOf(d), params));
      const dtype = dtypeUnder(t, params);
      checks.push({
        name,
        dtype,
        width: bytesOf(dtype),
        rank: shape.length,
        dims: shape.map((d) => this.#dim(d)),
        shape,
      });
    }
    this.#checks = checks;
    this.tensors = checks.map((c) => c.name);
    this.#names = new Set(this.tensors);
    this.#overlaps = new OverlapCheck(entry, this.tensors);
  }

  #slotOf = (name: string): number => {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    this.#slots.set(name, this.#slots.size);
    return this.#slots.size - 1;
  };

  #dim(rule: Rule): DimCheck {
    if (rule.k === 'value') return { kind: 'constant', size: Number(rule.v) };
    const unknown = [...freeNames(rule)].filter((n) => !this.#slots.has(n));
    if (unknown.length === 0) return { kind: 'rule', size: compile(rule, this.#slotOf) };
    const [name] = unknown;
    const solve = unknown.length === 1 ? invert(rule, name!, this.#slotOf) : undefined;
    if (!solve) throw new TypeError(`${this.#entry.name}: the sizes in \`${show(rule)}\` cannot be found from a shape`);
    return { kind: 'bind', slot: this.#slotOf(name!), solve };
  }

  /** The arguments without those that are undefined, which kernels would not know. Throws `OperatorError` if there are none. */
  given(args: unknown): TensorArgs {
    if (!isRecord(args)) throw this.#refuse(msg.notTensors(this.tensors, args));
    let names = 0;
    for (const _ in args) names++;
    if (names === this.#checks.length) return args as TensorArgs;
    return Object.fromEntries(Object.entries(args).filter(([, t]) => t !== undefined)) as TensorArgs;
  }

  /** The sizes of the call. Throws `OperatorError`. */
  check(args: TensorArgs): Sizes {
    const slots = new Float64Array(this.#slots.size);
    let device: unknown;
    let first = '';
    for (let i = 0; i < this.#checks.length; i++) {
      const c = this.#checks[i]!;
      const t = args[c.name];
      if (!isTensor(t)) throw this.#refuse(msg.notATensor(c.name, c.dtype, this.#shown(c, slots), t));
      if (t.dtype !== c.dtype) throw this.#refuse(msg.wrongDType(c.name, c.dtype, t.dtype));
      if (device === undefined) {
        device = t.device;
        first = c.name;
      } else if (t.device !== device && String(t.device) !== String(device))
        throw this.#refuse(msg.wrongDevice(c.name, first, String(device), String(t.device)));
      if (t.disposed) throw this.#refuse(msg.disposedTensor(c.name));
      this.#checkShape(c, t.shape, slots);
      const address = t.address === 0n ? 0 : Number(t.address);
      if ((address & WIDEST) !== 0) this.#checkAlignment(c, t);
      this.#overlaps.setAddress(i, address, t.size * c.width);
    }
    if (device instanceof Device) this.#overlaps.checkAddresses();
    else this.#overlaps.checkBuffers(args);
    for (const name in args)
      if (args[name] !== undefined && !this.#names.has(name)) throw this.#notWanted(name, args[name]);
    return { get: (name) => this.#size(slots, name) };
  }

  /** The sizes alone, of arguments that are vouched for. */
  sizes(args: TensorArgs): Sizes {
    const slots = new Float64Array(this.#slots.size);
    for (const c of this.#checks) {
      const { shape } = args[c.name]!;
      for (let i = 0; i < c.rank; i++) {
        const d = c.dims[i]!;
        if (d.kind === 'bind') slots[d.slot] = d.solve(shape[i]!, slots);
      }
    }
    return { get: (name) => this.#size(slots, name) };
  }

  #size(slots: Slots, name: string): number {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new TypeError(`${this.#entry.name} has no size \`${name}\``);
    return slots[slot]!;
  }

  #checkShape(c: TensorCheck, shape: readonly number[], slots: Slots): void {
    if (shape.length !== c.rank) throw this.#refuse(msg.wrongRank(c.name, this.#shown(c, slots), shape));
    for (let i = 0; i < c.rank; i++) {
      const d = c.dims[i]!;
      const size = shape[i]!;
      switch (d.kind) {
        case 'constant':
          if (size !== d.size) throw this.#wrongShape(c, shape, slots, i);
          break;
        case 'rule':
          if (size !== d.size(slots)) throw this.#wrongShape(c, shape, slots, i);
          break;
        case 'bind': {
          const v = d.solve(size, slots);
          if (!(Number.isInteger(v) && v >= 0)) throw this.#wrongShape(c, shape, slots, i);
          slots[d.slot] = v;
          break;
        }
      }
    }
  }

  /** Kernels read rows of whole 16-byte pieces in such pieces; only a view into another tensor can start off their grid. */
  #checkAlignment(c: TensorCheck, t: Tensor): void {
    if (c.dtype === 'i32') return;
    const rowBytes = t.shape.at(-1)! * c.width;
    const alignment = Math.min(16, rowBytes & -rowBytes);
    if (t.address % BigInt(alignment || 1) !== 0n) throw this.#refuse(msg.notAligned(c.name, alignment, t.address));
  }

  /** Sizes are shown by value once a tensor before this one, or a dimension before `upTo`, has given them. */
  #wrongShape(c: TensorCheck, shape: readonly number[], slots: Slots, upTo: number): OperatorError {
    return this.#refuse(msg.wrongShape(c.name, this.#shown(c, slots, upTo), shape));
  }

  #shown(c: TensorCheck, slots: Slots, upTo = 0): readonly string[] {
    const bound: Record<string, number> = {};
    const note = (d: DimCheck): void => {
      if (d.kind !== 'bind') return;
      for (const [name, slot] of this.#slots) if (slot === d.slot) bound[name] = slots[slot]!;
    };
    for (const before of this.#checks) {
      if (before === c) break;
      for (const d of before.dims) note(d);
    }
    for (const d of c.dims.slice(0, upTo)) note(d);
    return c.shape.map((r) => show(fold(r, bound)));
  }

  #notWanted(name: string, got: unknown): OperatorError {
    const when = Object.hasOwn(this.#entry.tensors, name) ? this.#entry.tensors[name]!.when : undefined;
    if (when === undefined) return this.#refuse(msg.unknownArgument(name, this.tensors));
    return this.#refuse(msg.notWanted(name, when, isTensor(got) ? 'a tensor' : msg.show(got)));
  }

  #refuse(r: msg.Refusal): OperatorError {
    return new OperatorError(this.#entry.name, r);
  }
}

/** Has it what the checks look at? Kernels look closer. */
const isTensor = (x: unknown): x is Tensor => {
  if (typeof x !== 'object' || x === null) return false;
  const t = x as Partial<Tensor>;
  return typeof t.dtype === 'string' && Array.isArray(t.shape) && t.device != null && typeof t.address === 'bigint';
};
