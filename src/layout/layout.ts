/** The algebra on layouts: make, evaluate, invert, compare, slice. The data itself is described in `../ir/layout.ts`. */
import type { Atom, Axis, Layout, Swizzle } from '../ir/layout.ts';

export const atom = (extent: number, axis: Axis, stride: number): Atom => ({ extent, axis, stride });
export const onThread = (extent: number, stride: number): Atom => atom(extent, 'thread', stride);
export const onReg = (extent: number, stride: number): Atom => atom(extent, 'reg', stride);
export const onMem = (extent: number, stride: number): Atom => atom(extent, 'mem', stride);

/** A layout in canonical form: atoms of extent 1 dropped, neighbours that continue each other merged, replicas by stride. */
export function layout(dims: readonly (readonly Atom[])[], replicate: readonly Atom[] = [], swizzle?: Swizzle): Layout {
  const real = replicate.filter((a) => a.extent > 1);
  return {
    dims: dims.map(mergeAtoms),
    replicate: mergeAtoms([...real].sort((a, b) => b.stride - a.stride)),
    ...(swizzle && swizzle.bits > 0 ? { swizzle } : {}),
  };
}

function mergeAtoms(atoms: readonly Atom[]): readonly Atom[] {
  const out: Atom[] = [];
  for (const a of atoms) {
    if (a.extent === 1) continue;
    const last = out.at(-1);
    if (last && last.axis === a.axis && last.stride === a.stride * a.extent)
      out[out.length - 1] = atom(last.extent * a.extent, a.axis, a.stride);
    else out.push(a);
  }
  return out;
}

export const extentOf = (atoms: readonly Atom[]): number => atoms.reduce((n, a) => n * a.extent, 1);

/** The shape of the tile that the layout places. */
export const shapeOf = (l: Layout): readonly number[] => l.dims.map(extentOf);

/** How many places of `axis` the layout spans: 1 + the largest index. */
export function sizeOf(l: Layout, axis: Axis): number {
  let size = 1;
  for (const a of [...l.dims.flat(), ...l.replicate]) if (a.axis === axis) size += (a.extent - 1) * a.stride;
  return size;
}

export interface Place {
  readonly thread: number;
  readonly reg: number;
  readonly mem: number;
}

/** Where the element at `coords` lives; in its first replica. */
export function evaluate(l: Layout, coords: readonly number[]): Place {
  const place = { thread: 0, reg: 0, mem: 0 };
  l.dims.forEach((atoms, d) => {
    let rest = coords[d]!;
    for (let i = atoms.length - 1; i >= 0; i--) {
      const a = atoms[i]!;
      place[a.axis] += (rest % a.extent) * a.stride;
      rest = Math.floor(rest / a.extent);
    }
  });
  if (l.swizzle) place.mem = applySwizzle(l.swizzle, place.mem);
  return place;
}

export function applySwizzle(s: Swizzle, offset: number): number {
  const mask = (1 << s.bits) - 1;
  return offset ^ (((offset >> (s.base + s.shift)) & mask) << s.base);
}

/** The coordinates of the element that `thread` holds in `reg`. The layout must be a bijection up to replicas. */
export function invert(l: Layout, thread: number, reg: number): number[] {
  const from = { thread, reg, mem: 0 };
  return l.dims.map((atoms) =>
    atoms.reduce((c, a) => c * a.extent + (Math.floor(from[a.axis] / a.stride) % a.extent), 0),
  );
}

export function equalAtoms(a: readonly Atom[], b: readonly Atom[]): boolean {
  return (
    a.length === b.length &&
    a.every((x, i) => x.extent === b[i]!.extent && x.axis === b[i]!.axis && x.stride === b[i]!.stride)
  );
}

export function equalLayouts(a: Layout, b: Layout): boolean {
  return (
    a.dims.length === b.dims.length &&
    a.dims.every((d, i) => equalAtoms(d, b.dims[i]!)) &&
    equalAtoms(a.replicate, b.replicate) &&
    a.swizzle?.bits === b.swizzle?.bits &&
    a.swizzle?.base === b.swizzle?.base &&
    a.swizzle?.shift === b.swizzle?.shift
  );
}

/** The same places with register strides made dense, in the order of the old strides. */
export function compactRegs(l: Layout): Layout {
  const regs = l.dims
    .flatMap((atoms, d) => atoms.map((a, i) => ({ a, d, i })))
    .filter(({ a }) => a.axis === 'reg')
    .sort((x, y) => x.a.stride - y.a.stride);
  const dims = l.dims.map((atoms) => [...atoms]);
  let stride = 1;
  for (const { a, d, i } of regs) {
    dims[d]![i] = onReg(a.extent, stride);
    stride *= a.extent;
  }
  return layout(dims, l.replicate, l.swizzle);
}

/**
 * The layout of a tile that lacks some dimensions of `l`'s and is read beside it, element (…) with every element of the
 * dropped ones: what was spread over threads along them is held by all of those threads.
 */
export function keepDims(l: Layout, kept: readonly number[]): Layout {
  const dropped = l.dims.filter((_, d) => !kept.includes(d)).flat();
  const replicas = dropped.filter((a) => a.axis === 'thread');
  return compactRegs(
    layout(
      kept.map((d) => l.dims[d]!),
      [...l.replicate, ...replicas],
    ),
  );
}

/** The thread digits of every dimension agree, and the replicas: element for element, both layouts use the same threads. */
export function sameThreads(a: Layout, b: Layout): boolean {
  const threadsOnly = (l: Layout) =>
    JSON.stringify([
      l.dims.map((atoms) => {
        // A digit's weight is the product of the extents below it.
        let weight = 1;
        const digits: number[][] = [];
        for (let i = atoms.length - 1; i >= 0; i--) {
          const t = atoms[i]!;
          if (t.axis === 'thread') digits.push([weight, t.extent, t.stride]);
          weight *= t.extent;
        }
        return digits;
      }),
      l.replicate,
    ]);
  return threadsOnly(a) === threadsOnly(b);
}

/** Every (thread, reg) of the layout holds exactly one element, and every element is held. Replicas counted. */
export function isComplete(l: Layout, threads: number): boolean {
  return axisIsDense(l, 'reg', sizeOf(l, 'reg')) && axisIsDense(l, 'thread', threads);
}

/** No two elements of a thread (or of memory) share a place; replicas count as elements of other threads. */
export function isInjective(l: Layout): boolean {
  const all = [...l.dims.flat(), ...l.replicate].filter((a) => a.extent > 1);
  return (['thread', 'reg', 'mem'] as const).every((axis) => {
    let reach = 0;
    for (const a of all.filter((x) => x.axis === axis).sort((x, y) => x.stride - y.stride)) {
      if (a.stride <= reach) return false;
      reach += (a.extent - 1) * a.stride;
    }
    return true;
  });
}

function axisIsDense(l: Layout, axis: Axis, size: number): boolean {
  const atoms = [...l.dims.flat(), ...l.replicate].filter((a) => a.axis === axis).sort((a, b) => a.stride - b.stride);
  let next = 1;
  for (const a of atoms) {
    if (a.stride !== next) return false;
    next *= a.extent;
  }
  return next === size;
}

/** The longest run of consecutive elements of the last dimension that sits in consecutive registers of one thread. */
export function vectorWidth(l: Layout): number {
  const last = l.dims.at(-1)?.at(-1);
  return last && last.axis === 'reg' && last.stride === 1 ? last.extent : 1;
}
