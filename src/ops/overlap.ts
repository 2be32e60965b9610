/** Memory of a call's tensors: what is written must not also be something else. */
import type { OperatorEntry } from '../../manifest/schema.ts';
import * as msg from '../diagnostics/messages/ops.ts';
import { OperatorError } from './error.ts';
import type { TensorArgs } from './signature.ts';

interface Written {
  readonly index: number;
  /** Tensors in whose very place it may be written. */
  readonly inPlace: readonly number[];
}

/**
 * Compares the memory of each tensor that is written with that of all others. It costs a fraction of a microsecond: what
 * it knows of a call is in arrays that it keeps, and addresses are numbers, which hold all of a GPU's exactly.
 */
export class OverlapCheck {
  readonly #entry: OperatorEntry;
  readonly #names: readonly string[];
  readonly #written: readonly Written[];
  /** On a GPU, by tensor: the first byte, and the one behind the last. */
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  /** On the CPU, by tensor. */
  readonly #buffers: (ArrayBufferLike | undefined)[];

  /** `names`: the tensors of a call. */
  constructor(entry: OperatorEntry, names: readonly string[]) {
    this.#entry = entry;
    this.#names = names;
    this.#start = new Float64Array(names.length);
    this.#end = new Float64Array(names.length);
    this.#buffers = names.map(() => undefined);
    this.#written = names.flatMap((name, index) => {
      const { role, inPlace = [] } = entry.tensors[name]!;
      return role === 'in' ? [] : [{ index, inPlace: inPlace.map((n) => names.indexOf(n)) }];
    });
  }

  /** Of the tensor `index` of a call on a GPU. */
  setAddress(index: number, address: number, bytes: number): void {
    this.#start[index] = address;
    // No bytes overlap nothing.
    this.#end[index] = bytes > 0 ? address + bytes : -1;
  }

  /** Of tensors on a GPU, whose addresses were set. Throws `OperatorError`. */
  checkAddresses(): void {
    const [start, end] = [this.#start, this.#end];
    for (const { index: w, inPlace } of this.#written) {
      const first = start[w]!;
      const behind = end[w]!;
      for (let i = 0; i < start.length; i++)
        if (first < end[i]! && start[i]! < behind && i !== w)
          if (!(inPlace.includes(i) && start[i] === first && end[i] === behind)) this.#refuse(w, i);
    }
  }

  /** Of tensors on the CPU, most of which have a buffer of their own. Throws `OperatorError`. */
  checkBuffers(args: TensorArgs): void {
    const buffers = this.#buffers;
    for (let i = 0; i < buffers.length; i++) buffers[i] = args[this.#names[i]!]!.data?.buffer;
    for (const { index: w, inPlace } of this.#written) {
      const own = buffers[w];
      for (let i = 0; i < buffers.length; i++)
        if (buffers[i] === own && i !== w && own !== undefined) this.#checkViews(args, w, i, inPlace.includes(i));
    }
  }

  #checkViews(args: TensorArgs, written: number, other: number, inPlace: boolean): void {
    const [a, b] = [args[this.#names[written]!]!.data, args[this.#names[other]!]!.data];
    if (a.byteOffset >= b.byteOffset + b.byteLength || b.byteOffset >= a.byteOffset + a.byteLength) return;
    const same = a.byteOffset === b.byteOffset && a.byteLength === b.byteLength;
    if (!(inPlace && same) && a.byteLength > 0 && b.byteLength > 0) this.#refuse(written, other);
  }

  #refuse(written: number, other: number): never {
    const name = this.#names[written]!;
    const { inPlace = [] } = this.#entry.tensors[name]!;
    throw new OperatorError(this.#entry.name, msg.overlap(name, inPlace, this.#names[other]!));
  }
}
