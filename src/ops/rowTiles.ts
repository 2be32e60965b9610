/** Attention over few rows: smaller blocks where larger ones would leave multiprocessors idle. */
import { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { KernelConfig } from './kernels.ts';

const MANY = 128;
const FEW = 64;
/** Blocks of either size that a multiprocessor of an H100 runs at once. */
const RESIDENT = 2;
/** A block of few rows takes this part of the time of one of many: 0.64 on an H100 (D 128, FP8 cache), less for D 64. */
const COST = 0.65;
/** Longer heads leave no registers for scores beside 64 rows: nothing is won. */
const LONGEST_HEAD = 128;

/** The tiles that kernels choose by themselves are for at least this much shared memory. */
const PLENTY = 227 * 1024;

/** What a call asks of attention. */
export interface RowLoad {
  /** Query rows of all requests together. */
  readonly rows: number;
  readonly requests: number;
  readonly heads: number;
}

/**
 * Do blocks of 64 rows finish sooner than those of 128? From what the host knows: the requests are taken to be equally
 * long. As many blocks as run at once take the time of one, more of them proportionally longer.
 */
export function prefersFew({ rows, requests, heads }: RowLoad, multiprocessors: number): boolean {
  const each = rows / Math.max(1, requests);
  const turns = (BM: number): number =>
    Math.max(1, (requests * Math.ceil(each / BM) * heads) / (RESIDENT * multiprocessors));
  return COST * turns(FEW) < turns(MANY);
}

/** What is made of a kernel in either size, for each kind of device. */
export class RowTiles<T> {
  readonly #make: (tiles: KernelConfig) => T;
  readonly #hasTwo: boolean;
  readonly #made = new Map<number, { readonly many: T; readonly few: T }>();

  /** `chosen`: tiles that the user has set, in which case they are all there is. */
  constructor(make: (tiles: KernelConfig) => T, dim: number, chosen: KernelConfig) {
    this.#make = (tiles) => make({ ...tiles, ...chosen });
    this.#hasTwo = dim <= LONGEST_HEAD && Object.keys(chosen).length === 0;
  }

  for(load: RowLoad, device: Tensor['device']): T {
    const { many, few } = this.on(device);
    return few !== many && prefersFew(load, (device as Device).multiprocessors) ? few : many;
  }

  /** Both; the same one twice where there is no choice. */
  on(device: Tensor['device']): { readonly many: T; readonly few: T } {
    // Those for the CPU go by 0.
    const bytes = device instanceof Device ? device.sharedBytesPerBlock : 0;
    const known = this.#made.get(bytes);
    if (known) return known;
    const fitting = bytes > 0 && bytes < PLENTY ? { sharedBytes: bytes } : {};
    const many = this.#make(fitting);
    const few = this.#hasTwo && bytes > 0 ? this.#make({ ...fitting, BM: FEW }) : many;
    const made = { many, few };
    this.#made.set(bytes, made);
    return made;
  }
}
