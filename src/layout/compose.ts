/** Layouts as functions: one after another, and backwards. */
import type { Atom, Layout } from '../ir/layout.ts';
import { atom, isInjective, layout, onMem, shapeOf } from './layout.ts';

/** A digit of the row-major index over all dimensions: `weight` is what one step of it adds to the index. */
interface IndexDigit {
  readonly atom: Atom;
  readonly weight: number;
}

/** The digits of a tile's row-major index, least significant first. */
function indexDigits(l: Layout): IndexDigit[] {
  let weight = 1;
  return l.dims
    .flat()
    .reverse()
    .map((a) => {
      const digit = { atom: a, weight };
      weight *= a.extent;
      return digit;
    });
}

/**
 * `outer ∘ inner`: the element at some coordinates goes to offset o of `inner` (which targets memory, without swizzle), and
 * from there to where `outer` puts the element whose row-major index is o. Undefined where that is no layout: a digit of
 * `inner` straddles one of `outer` unevenly, or reaches past it, or two elements share an offset.
 */
export function compose(outer: Layout, inner: Layout): Layout | undefined {
  if (inner.swizzle || inner.replicate.length > 0 || !isInjective(inner)) return undefined;
  const digits = indexDigits(outer);
  const dims: (readonly Atom[])[] = [];
  for (const atoms of inner.dims) {
    const through: Atom[] = [];
    for (const a of atoms) {
      const parts = a.axis === 'mem' ? follow(a, digits) : undefined;
      if (!parts) return undefined;
      through.push(...parts);
    }
    dims.push(through);
  }
  return layout(dims, outer.replicate, outer.swizzle);
}

/** The places of the indices 0, stride, 2·stride, …, as digits, most significant first. */
function follow({ extent, stride }: Atom, digits: readonly IndexDigit[]): Atom[] | undefined {
  const out: Atom[] = [];
  let left = extent;
  let step = stride;
  for (const { atom: a, weight } of digits) {
    if (left === 1) break;
    if (step % weight !== 0) return undefined;
    const skip = step / weight;
    if (skip >= a.extent) {
      if (skip % a.extent !== 0) return undefined;
      continue;
    }
    if (a.extent % skip !== 0) return undefined;
    const room = a.extent / skip;
    const taken = Math.min(left, room);
    if (left % taken !== 0) return undefined;
    out.unshift(atom(taken, a.axis, skip * a.stride));
    left /= taken;
    step = weight * a.extent;
  }
  return left === 1 ? out : undefined;
}

/**
 * Backwards: the tile [threads, registers] of which each element is the row-major index of what lies there. Copies of an
 * element are digits of stride 0. The layout must be complete over its threads and registers.
 */
export function inverse(l: Layout): Layout {
  const digits = indexDigits(l);
  const axis = (name: 'thread' | 'reg'): Atom[] =>
    [
      ...digits.filter((d) => d.atom.axis === name).map((d) => ({ from: d.atom, to: onMem(d.atom.extent, d.weight) })),
      ...(name === 'thread' ? l.replicate.map((r) => ({ from: r, to: onMem(r.extent, 0) })) : []),
    ]
      .sort((a, b) => b.from.stride - a.from.stride)
      .map((d) => d.to);
  return layout([axis('thread'), axis('reg')]);
}

/** Rows and columns in row-major order: what `compose` starts from. */
export function linear(shape: readonly number[]): Layout {
  let stride = 1;
  const dims = [...shape].reverse().map((n) => {
    const a = onMem(n, stride);
    stride *= n;
    return [a];
  });
  return layout(dims.reverse());
}

/** The same elements with dimensions in another order: dimension d of the result is dimension `order[d]`. */
export const permute = (l: Layout, order: readonly number[]): Layout =>
  layout(
    order.map((d) => l.dims[d]!),
    l.replicate,
    l.swizzle,
  );

/** A layout of as many elements, in another shape with the same row-major order; undefined where a digit would be cut. */
export const reshape = (l: Layout, shape: readonly number[]): Layout | undefined =>
  shapeOf(l).reduce((n, x) => n * x, 1) === shape.reduce((n, x) => n * x, 1) ? compose(l, linear(shape)) : undefined;
