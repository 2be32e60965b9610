/** T.reduceSum and its like, and T.cumsum: accumulated in dst's dtype, in the order of the elements. */
import { type DType, isFloat } from '../../ir/dtype.ts';
import type { Cumsum, Reduce, ReduceOp, Region } from '../../ir/tile/schema.ts';
import { addOffsets, elementVal, timesSize } from './access.ts';
import { convert, settled } from './casts.ts';
import type { BufferInfo, Context } from './context.ts';
import { storedVal } from './expr.ts';
import { mathVal } from './math.ts';
import { binaryVal } from './operators.ts';
import { clipOf, type Place, placeOf, strideOf } from './region.ts';
import { zeroOf } from './storage.ts';
import { loops } from './transfer.ts';
import { int, isBig, primary, rangeOf, type Val } from './value.ts';

/** A value below (or above) all others of the dtype. */
function extreme(d: DType, side: 'lowest' | 'highest'): string {
  if (isFloat(d)) return side === 'lowest' ? '-Infinity' : 'Infinity';
  const lowest = d === 'i64' ? -(2n ** 63n) : 0n;
  const highest = d === 'i64' ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  if (isBig(d)) return `${side === 'lowest' ? lowest : highest}n`;
  const [lo, hi] = rangeOf(d);
  return `${side === 'lowest' ? lo : hi}`;
}

const identity = (op: ReduceOp, d: DType): string =>
  op === 'max' ? extreme(d, 'lowest') : op === 'min' ? extreme(d, 'highest') : zeroOf(d);

export function reduce(cx: Context, s: Reduce): void {
  const { w } = cx;
  w.scope(() => {
    const { src, dst, step } = split(cx, s.src, s.dst, s.dim);
    const { dtype } = dst.buffer;
    const op = s.op === 'sum' ? 'add' : s.op === 'min' ? 'min' : 'max';
    const combine = (a: Val, b: Val): Val =>
      settled(
        cx,
        binaryVal(cx, op, a, b, dtype, dtype, (v) => v),
        dtype,
      );
    loops(cx, clipOf(cx, src), [src, dst], ([x, y]) => {
      const total = primary(cx.name.fresh('total'), rangeOf(dtype));
      const k = primary(cx.name.fresh('k'), [0, s.src.extent[s.dim]! - 1]);
      w.line(`let ${total.text} = ${identity(s.op, dtype)};`);
      w.block(`for (let ${k.text} = 0; ${k.text} < ${s.src.extent[s.dim]}; ${k.text}++)`, () => {
        const own = elementVal(cx, ref(src.buffer, addOffsets(x!, timesSize(k, step.src))), src.buffer);
        const element = s.op === 'absmax' ? mathVal(cx, 'abs', [own], src.buffer.dtype) : own;
        w.line(`${total.text} = ${combine(total, as(cx, element, src.buffer.dtype, dtype)).text};`);
      });
      const target = ref(dst.buffer, y!);
      const result = s.clear ? total : combine(elementVal(cx, target, dst.buffer), total);
      w.line(`${target} = ${storedVal(cx, result, dtype)};`);
    });
  });
}

export function cumsum(cx: Context, s: Cumsum): void {
  const { w } = cx;
  const n = s.src.extent[s.dim]!;
  w.scope(() => {
    const { src, dst, step } = split(cx, s.src, s.dst, s.dim);
    const { dtype } = dst.buffer;
    loops(cx, clipOf(cx, src), [src, dst], ([x, y]) => {
      const sum = primary(cx.name.fresh('sum'), rangeOf(dtype));
      const k = primary(cx.name.fresh('k'), [0, n - 1]);
      const order = s.reverse
        ? `${k.text} = ${n - 1}; ${k.text} >= 0; ${k.text}--`
        : `${k.text} = 0; ${k.text} < ${n}; ${k.text}++`;
      w.line(`let ${sum.text} = ${zeroOf(dtype)};`);
      w.block(`for (let ${order})`, () => {
        const own = elementVal(cx, ref(src.buffer, addOffsets(x!, timesSize(k, step.src))), src.buffer);
        const next = binaryVal(cx, 'add', sum, as(cx, own, src.buffer.dtype, dtype), dtype, dtype, (v) => v);
        w.line(`${sum.text} = ${settled(cx, next, dtype).text};`);
        w.line(`${ref(dst.buffer, addOffsets(y!, timesSize(k, step.dst)))} = ${storedVal(cx, sum, dtype)};`);
      });
    });
  });
}

const ref = (b: BufferInfo, offset: Val): string => `${b.id}[${offset.text}]`;

const as = (cx: Context, v: Val, from: DType, to: DType): Val =>
  settled(cx, convert(cx, settled(cx, v, from), from, to), to);

/**
 * The places of the loops over all dimensions but `dim` of src, and how far apart elements along it are in both. Which
 * dimension of dst is which follows from their extents, the 1s left out; in a reduction dst has none along `dim`.
 */
function split(
  cx: Context,
  srcRegion: Region,
  dstRegion: Region,
  dim: number,
): { readonly src: Place; readonly dst: Place; readonly step: { readonly src: Val; readonly dst: Val } } {
  const src = placeOf(cx, srcRegion);
  const dst = placeOf(cx, dstRegion);
  const long = (p: Place): number[] => p.extents.flatMap((n, d) => (n === 1 ? [] : [d]));
  const [srcLong, dstLong] = [long(src), long(dst)];
  const along = srcLong.length === dstLong.length ? dstLong[srcLong.indexOf(dim)] : undefined;
  return {
    src: { ...src, loops: srcLong.filter((d) => d !== dim) },
    dst: { ...dst, loops: dstLong.filter((d) => d !== along) },
    step: {
      src: strideOf({ ...src, loops: [dim] }, 0),
      dst: along === undefined ? int(0) : strideOf({ ...dst, loops: [along] }, 0),
    },
  };
}
