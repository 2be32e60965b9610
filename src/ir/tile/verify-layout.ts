/** Layouts of Tile IR against what they place: shapes, axes, threads, no two elements in one place; offsets of shared tiles. */
import * as msg from '../../diagnostics/messages/tir.ts';
import { isInjective, shapeOf, sizeOf } from '../../layout/layout.ts';
import { footprint } from '../../layout/shared.ts';
import { bytesOf } from '../dtype.ts';
import type { Layout } from '../layout.ts';
import type { Span } from '../span.ts';
import type { Buffer } from './schema.ts';
import type { VerifyContext } from './verify-context.ts';

/** A layout of elements in threads and registers. */
export function verifyThreadLayout(
  cx: VerifyContext,
  name: string,
  l: Layout,
  shape: readonly number[],
  span: Span,
): void {
  if (covers(cx, name, l, shape, span) && !isInjective(l)) cx.report(msg.layoutOverlap(name), span);
  if ([...l.dims.flat(), ...l.replicate].some((a) => a.axis === 'mem')) cx.report(msg.layoutAxes(name, 'mem'), span);
  if (l.replicate.some((a) => a.axis !== 'thread')) cx.report(msg.layoutAxes(`${name}, in its replicas,`, 'reg'), span);
  if (l.swizzle) cx.report(msg.layoutAxes(name, 'xor'), span);
  const size = sizeOf(l, 'thread');
  if (size > cx.kernel.threads) cx.report(msg.layoutThreads(name, size, cx.kernel.threads), span);
}

/** In memory exactly, in registers at least. */
function covers(
  cx: VerifyContext,
  name: string,
  l: Layout,
  shape: readonly number[],
  span: Span,
  exactly = false,
): boolean {
  const found = shapeOf(l);
  const fits = (n: number, d: number): boolean => (exactly ? n === shape[d]! : n >= shape[d]!);
  if (found.length === shape.length && found.every(fits)) return true;
  cx.report(msg.layoutShape(name, shape, found), span);
  return false;
}

export function verifyTileLayout(cx: VerifyContext, b: Buffer): void {
  const name = `\`${b.name}\``;
  const l = b.layout;
  if (l && b.scope === 'local') cx.report(msg.notATile('layout: the tile', b.name, 'shared or a fragment'), b.span);
  if (l && b.scope === 'fragment') verifyThreadLayout(cx, name, l, b.shape, b.span);
  if (l && b.scope === 'shared') {
    if (covers(cx, name, l, b.shape, b.span, true) && !isInjective(l)) cx.report(msg.layoutOverlap(name), b.span);
    for (const axis of ['thread', 'reg'] as const)
      if ([...l.dims.flat(), ...l.replicate].some((a) => a.axis === axis))
        cx.report(msg.layoutAxes(name, axis), b.span);
  }
  if (b.scope !== 'shared') {
    for (const field of ['stages', 'offset'] as const)
      if (b[field] !== undefined) cx.report(msg.notATile(`${field}: the tile`, b.name, 'shared'), b.span);
    return;
  }
  if (b.offset === undefined) return;
  cx.count(`the offset of ${name}`, b.offset, 0, b.span);
  const elements = l ? footprint(l) : b.shape.reduce((n, x) => n * x, 1);
  const end = b.offset + elements * (b.stages ?? 1) * bytesOf(b.dtype);
  const all = cx.kernel.sharedBytes;
  if (all !== undefined && end > all) cx.report(msg.sharedOffset(b.name, end, all), b.span);
}
