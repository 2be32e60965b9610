/** Loops that move elements between arrays: T.copy, T.fill, and what T.gemm gathers. */
import type { DType } from '../../ir/dtype.ts';
import type { Copy, Fill } from '../../ir/tile/schema.ts';
import { addOffsets, elementVal, timesSize } from './access.ts';
import { convert, encodeFrom } from './casts.ts';
import type { Context } from './context.ts';
import { storedText, storedVal } from './expr.ts';
import { type Clip, clipOf, offsetAt, type Place, placeOf, strideOf } from './region.ts';
import { isNarrowFloat, zeroOf } from './storage.ts';
import { int, known, primary, type Val } from './value.ts';

export function copy(cx: Context, s: Copy): void {
  cx.w.scope(() => transfer(cx, placeOf(cx, s.src), placeOf(cx, s.dst)));
}

export function fill(cx: Context, s: Fill): void {
  const zero = s.value.kind === 'const' ? storedText(cx, s.value) : undefined;
  cx.w.scope(() => {
    const dst = placeOf(cx, s.dst);
    const value = zero ?? constant(cx, 'value', storedText(cx, s.value));
    fillPlace(cx, dst, value);
  });
}

function constant(cx: Context, base: string, text: string): string {
  const name = cx.name.fresh(base);
  cx.w.line(`const ${name} = ${text};`);
  return name;
}

/** Element by element; where `src` is cut off by its tensor's edge, zeros. */
export function transfer(cx: Context, src: Place, dst: Place): void {
  const { w } = cx;
  const from = clipOf(cx, src);
  const to = clipOf(cx, dst);
  if (from.whole !== undefined) {
    const zero = zeroOf(dst.buffer.dtype);
    if (isWhole(dst)) w.line(`if (!(${from.whole})) ${dst.buffer.id}.fill(${zero});`);
    else w.block(`if (!(${from.whole}))`, () => fillRange(cx, dst, to, zero));
  }
  if (isWhole(src) && isWhole(dst) && src.buffer.dtype === dst.buffer.dtype && sameOrder(src, dst)) {
    w.line(`${dst.buffer.id}.set(${src.buffer.id});`);
    return;
  }
  loops(cx, both(from, to), [src, dst], ([s, d]) => {
    const element = `${src.buffer.id}[${s!.text}]`;
    w.line(`${dst.buffer.id}[${d!.text}] = ${moved(cx, element, src.buffer.dtype, dst.buffer.dtype)};`);
  });
}

const sameOrder = (a: Place, b: Place): boolean =>
  [a, b].every((p) => p.loops.every((d, k) => k === 0 || d > p.loops[k - 1]!));

function fillPlace(cx: Context, dst: Place, value: string): void {
  if (isWhole(dst)) cx.w.line(`${dst.buffer.id}.fill(${value});`);
  else fillRange(cx, dst, clipOf(cx, dst), value);
}

const fillRange = (cx: Context, dst: Place, clip: Clip, value: string): void =>
  loops(cx, clip, [dst], ([d]) => cx.w.line(`${dst.buffer.id}[${d!.text}] = ${value};`));

/** All of a tile. */
export const isWhole = (p: Place): boolean =>
  p.buffer.scope !== 'global' && p.buffer.shape.every((n, d) => known(n) === p.extents[d]);

/** An element of one array as another dtype's array stores it. */
function moved(cx: Context, ref: string, from: DType, to: DType): string {
  if (from === to) return ref;
  const v = elementVal(cx, ref, { dtype: from });
  return isNarrowFloat(to) ? encodeFrom(cx, v, from, to) : storedVal(cx, convert(cx, v, from, to), to);
}

/** What lies inside both. */
function both(a: Clip, b: Clip): Clip {
  const join = (fn: 'max' | 'min', x: string, y: string, neutral: boolean): string =>
    x === y || neutral ? x : `Math.${fn}(${x}, ${y})`;
  const isNumber = (s: string): boolean => /^\d+$/.test(s);
  return {
    lo: a.lo.map((x, k) => (x === '0' ? b.lo[k]! : join('max', x, b.lo[k]!, b.lo[k] === '0'))),
    // A plain number is the extent, which a cut range never exceeds.
    hi: a.hi.map((x, k) => (isNumber(x) ? b.hi[k]! : join('min', x, b.hi[k]!, isNumber(b.hi[k]!)))),
    whole: undefined,
  };
}

const NAMES = ['i', 'j', 'k', 'l', 'm', 'n'];

/** A nest of loops over `clip`; `body` gets each place's offset. The part of it that a row has in common is kept in a constant. */
export function loops(
  cx: Context,
  clip: Clip,
  places: readonly Place[],
  body: (offsets: readonly Val[]) => void,
): void {
  const { w } = cx;
  const last = clip.lo.length - 1;
  const nest = (k: number, vars: readonly Val[]): void => {
    const v = loopVar(cx.name.fresh(NAMES[k] ?? 'i'), clip, k);
    const offsets = k === last ? rowOffsets(cx, places, vars, v) : undefined;
    w.block(`for (let ${v.text} = ${clip.lo[k]}; ${v.text} < ${clip.hi[k]}; ${v.text}++)`, () => {
      if (offsets) body(offsets);
      else nest(k + 1, [...vars, v]);
    });
  };
  cx.name.scoped(() => (last < 0 ? body(places.map((p) => offsetAt(p, []))) : nest(0, [])));
}

const loopVar = (name: string, clip: Clip, k: number): Val => {
  const hi = Number(clip.hi[k]);
  return primary(name, [0, Number.isNaN(hi) ? 2 ** 31 - 1 : hi - 1]);
};

function rowOffsets(cx: Context, places: readonly Place[], vars: readonly Val[], v: Val): Val[] {
  return places.map((p) => {
    const start = offsetAt(p, [...vars, int(0)]);
    const plain = known(start) !== undefined || /^\w+$/.test(start.text);
    const base = plain ? start : primary(constant(cx, `${p.buffer.id}_at`, start.text), [start.lo, start.hi]);
    return addOffsets(base, timesSize(v, strideOf(p, vars.length)));
  });
}
