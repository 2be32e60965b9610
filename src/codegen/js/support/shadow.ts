/** Finds races of parallel loops: who touched each element of a buffer, in stamps that a new loop outdates at once. */
import type { Note } from '../../../diagnostics/diagnostic.ts';
import * as msg from '../../../diagnostics/messages/cpu.ts';
import { runtimeError } from '../errors.ts';
import type { Site } from './checks.ts';

const LIMIT = 2 ** 32;

/**
 * The stamps of one buffer. Within a loop of n iterations that began at `base`, iteration t stamps base + 2t for plain
 * accesses and base + 2t + 1 for atomic ones; base + 2n (+ 1) stands for several. Anything below `base` is from before.
 */
export class Shadow {
  private readonly buffer: string;
  private readonly shape: readonly number[];
  private readonly sites: readonly Site[];
  private readonly block: readonly number[];
  private readonly writers: Uint32Array;
  private readonly readers: Uint32Array;
  private base = 1;
  private iterations = 0;

  constructor(buffer: string, shape: readonly number[], sites: readonly Site[], block: readonly number[]) {
    this.buffer = buffer;
    this.shape = shape;
    this.sites = sites;
    this.block = block;
    const length = shape.reduce((a, b) => a * b, 1);
    this.writers = new Uint32Array(length);
    this.readers = new Uint32Array(length);
  }

  /** A parallel loop of `iterations` starts. */
  begin(iterations: number): void {
    this.base += 2 * this.iterations + 2;
    this.iterations = iterations;
    if (this.base + 2 * iterations + 2 < LIMIT) return;
    this.writers.fill(0);
    this.readers.fill(0);
    this.base = 1;
  }

  /** Iteration `t` reads element `i`. Returns `i`. */
  read(i: number, t: number, site: number): number {
    const { base } = this;
    const w = this.writers[i]!;
    if (w >= base && (w - base) >>> 1 !== t) this.readConflict(i, t, w, site);
    const r = this.readers[i]!;
    this.readers[i] = r < base || r === base + 2 * t ? base + 2 * t : base + 2 * this.iterations;
    return i;
  }

  write(i: number, t: number, site: number): number {
    const { base } = this;
    const w = this.writers[i]!;
    if (w >= base && (w - base) >>> 1 !== t) this.writeConflict(i, t, w, site);
    const r = this.readers[i]!;
    if (r >= base && r !== base + 2 * t) this.lateConflict(i, t, r, site);
    this.writers[i] = base + 2 * t;
    return i;
  }

  /** An atomic update: at peace with other atomics, not with plain accesses of other iterations. */
  update(i: number, t: number, site: number): number {
    const { base } = this;
    const w = this.writers[i]!;
    const atomic = w >= base && ((w - base) & 1) === 1;
    if (w >= base && !atomic && (w - base) >>> 1 !== t) this.writeConflict(i, t, w, site);
    const r = this.readers[i]!;
    if (r >= base && r !== base + 2 * t) this.lateConflict(i, t, r, site);
    if (w < base) this.writers[i] = base + 2 * t + 1;
    else if (atomic && (w - base) >>> 1 !== t) this.writers[i] = base + 2 * this.iterations + 1;
    return i;
  }

  /** A write to a copy of the thread's own, which only its reads can be wrong about. */
  writePrivate(i: number, t: number): number {
    this.writers[i] = this.base + 2 * t;
    return i;
  }

  readPrivate(i: number, t: number, site: number): number {
    const w = this.writers[i]!;
    if (w >= this.base && (w - this.base) >>> 1 !== t) this.readConflict(i, t, w, site);
    return i;
  }

  private readConflict(i: number, t: number, writer: number, site: number): never {
    const s = this.sites[site]!;
    const m = msg.readsOthersWrite(this.element(i), s.loop!.vars, this.at(t, s), this.stamp(writer, s), this.block);
    throw runtimeError(m, s.span, this.notes(s, 'written'));
  }

  private lateConflict(i: number, t: number, reader: number, site: number): never {
    const s = this.sites[site]!;
    const m = msg.readsOthersWrite(this.element(i), s.loop!.vars, this.stamp(reader, s), this.at(t, s), this.block);
    throw runtimeError(m, s.span, this.notes(s, 'read'));
  }

  private writeConflict(i: number, t: number, writer: number, site: number): never {
    const s = this.sites[site]!;
    const m = msg.writtenTwice(this.element(i), s.loop!.vars, this.at(t, s), this.stamp(writer, s), this.block);
    throw runtimeError(m, s.span, this.notes(s, 'written'));
  }

  /** The other places in the loop that touch the buffer: one of them met the element before. */
  private notes(s: Site, access: 'read' | 'written'): Note[] {
    return s
      .loop!.accesses.filter((a) => a.access === access && a.span !== s.span)
      .map((a) => ({ message: `\`${this.buffer}\` is ${access} here`, span: a.span }));
  }

  private stamp(stamp: number, s: Site): readonly number[] | undefined {
    const t = (stamp - this.base) >>> 1;
    return t < this.iterations ? this.at(t, s) : undefined;
  }

  private at(t: number, s: Site): readonly number[] {
    return coordinates(t, s.loop!.extents);
  }

  private element(i: number): string {
    return `${this.buffer}${coordinates(i, this.shape)
      .map((c) => `[${c}]`)
      .join('')}`;
  }
}

/** Row-major. */
function coordinates(flat: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  let rest = flat;
  for (const n of [...shape].reverse()) {
    out.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return out;
}
