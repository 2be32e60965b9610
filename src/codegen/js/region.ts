/** Regions as loops see them: origins in constants, and how far each loop runs where a tensor's edge cuts the region off. */
import * as msg from '../../diagnostics/messages/cpu.ts';
import { fail } from '../../diagnostics/report.ts';
import type { Region } from '../../ir/tile/schema.ts';
import { addOffsets, rowMajor, timesSize } from './access.ts';
import { type BufferInfo, bufferOf, type Context, check, site } from './context.ts';
import { exprVal } from './expr.ts';
import { int, isBig, known, primary, subInts, type Val } from './value.ts';

/** A box of an array that a nest of loops walks through; loop k moves along dimension `loops[k]`. */
export interface Place {
  readonly buffer: BufferInfo;
  readonly origins: readonly Val[];
  readonly extents: readonly number[];
  readonly loops: readonly number[];
}

/** Prints the constants that the region's origins need and, for tiles, the checks that it lies inside. Loops run over what is longer than 1. */
export function placeOf(cx: Context, r: Region): Place {
  if (r.slot) fail(msg.afterPasses('a slot of a pipeline'), r.span);
  const buffer = bufferOf(cx, r.buffer);
  const origins = r.origin.map((e, d): Val => {
    const v = exprVal(cx, e);
    const o = isBig(e.dtype) ? primary(`Number(${v.text})`) : v;
    if (known(o) !== undefined && insideBy(o, r.extent[d]!, buffer.shape[d]!)) return o;
    return named(cx, `${buffer.id}${d}`, checkedOrigin(cx, buffer, d, o, r));
  });
  const long = r.extent.flatMap((n, d) => (n === 1 ? [] : [d]));
  const loops = long.length > 0 ? long : [r.extent.length - 1];
  return { buffer, origins, extents: r.extent, loops };
}

/** The value under a constant's name, unless it is a name or number already. */
function named(cx: Context, base: string, v: Val): Val {
  if (/^[\p{ID_Continue}$]+$/u.test(v.text)) return v;
  const name = cx.name.fresh(base);
  cx.w.line(`const ${name} = ${v.text};`);
  return primary(name, [v.lo, v.hi]);
}

function checkedOrigin(cx: Context, b: BufferInfo, dim: number, o: Val, r: Region): Val {
  const extent = r.extent[dim]!;
  const size = b.shape[dim]!;
  if (!cx.checks || b.scope === 'global' || insideBy(o, extent, size)) return o;
  const number = site(cx, { span: r.span, buffer: b.name, dim, access: 'read' });
  return primary(`${check(cx, 'within')}(${o.text}, ${extent}, ${size.text}, ${number})`, [0, size.hi - extent]);
}

const insideBy = (o: Val, extent: number, size: Val): boolean => o.lo >= 0 && o.hi + extent <= size.lo;

/** All of an array that the backend itself allocates. */
export function wholePlace(buffer: BufferInfo, loops: readonly number[]): Place {
  const extents = buffer.shape.map((n) => known(n)!);
  return { buffer, origins: extents.map(() => int(0)), extents, loops };
}

/** The offset of the element where the loops' variables stand; `vars[k]` is that of loop k. */
export function offsetAt(p: Place, vars: readonly Val[]): Val {
  const indices = p.origins.map((o, d) => {
    const k = p.loops.indexOf(d);
    return k < 0 ? o : addOffsets(o, vars[k]!);
  });
  return rowMajor(indices, p.buffer.shape);
}

/** How far apart two elements are that follow each other along loop k. */
export function strideOf(p: Place, k: number): Val {
  return p.buffer.shape.slice(p.loops[k]! + 1).reduce<Val>((n, size) => timesSize(n, size), int(1));
}

/** A loop's range of what lies inside, and the condition under which nothing is cut off. */
export interface Clip {
  readonly lo: readonly string[];
  readonly hi: readonly string[];
  /** Undefined where it is known that all lies inside. */
  readonly whole: string | undefined;
}

/** Prints the constants that bound the loops over what of the place lies inside its tensor. */
export function clipOf(cx: Context, p: Place): Clip {
  const cuts = p.buffer.scope === 'global';
  const cut = (d: number): boolean => cuts && !insideBy(p.origins[d]!, p.extents[d]!, p.buffer.shape[d]!);
  const { id } = p.buffer;
  const fixed = p.origins.flatMap((o, d) => {
    if (p.loops.includes(d) || !cut(d)) return [];
    const size = p.buffer.shape[d]!.text;
    return [o.lo >= 0 ? `${o.text} < ${size}` : `${o.text} >= 0 && ${o.text} < ${size}`];
  });
  const bounds = p.loops.map((d, k) => {
    const [o, extent] = [p.origins[d]!, p.extents[d]!];
    if (!cut(d)) return { lo: '0', hi: `${extent}` };
    const n = known(o);
    const lo = o.lo >= 0 ? '0' : n !== undefined ? `${-n}` : constant(cx, `${id}_from`, `Math.max(0, -${o.text})`);
    const rest = subInts(p.buffer.shape[d]!, o)?.text ?? `${p.buffer.shape[d]!.text} - ${o.text}`;
    const hi = `Math.min(${extent}, ${rest})`;
    const within = k === 0 && fixed.length > 0 ? `${fixed.join(' && ')} ? ${hi} : 0` : hi;
    return { lo, hi: constant(cx, `${id}_to`, within) };
  });
  // Without a loop to shorten, one of no or one turn carries the condition.
  const first = bounds[0];
  if (first && fixed.length > 0 && !cut(p.loops[0]!))
    bounds[0] = { lo: '0', hi: constant(cx, `${id}_to`, `${fixed.join(' && ')} ? ${first.hi} : 0`) };
  const whole = bounds.flatMap((b, k) => [
    ...(b.lo === '0' ? [] : [`${b.lo} === 0`]),
    ...(b.hi === `${p.extents[p.loops[k]!]}` ? [] : [`${b.hi} === ${p.extents[p.loops[k]!]}`]),
  ]);
  return {
    lo: bounds.map((b) => b.lo),
    hi: bounds.map((b) => b.hi),
    whole: whole.length > 0 ? whole.join(' && ') : undefined,
  };
}

function constant(cx: Context, base: string, text: string): string {
  const name = cx.name.fresh(base);
  cx.w.line(`const ${name} = ${text};`);
  return name;
}
