/** Regions: boxes of tensors and tiles. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { constantInt, i32 } from '../ir/tile/build.ts';
import type { Expr, Region } from '../ir/tile/schema.ts';
import type { Frontend } from './context.ts';
import { hostOf } from './expr.ts';
import { indexOf } from './members.ts';
import { itemsOf } from './pattern.ts';
import type { TileInfo, Value } from './values.ts';

export type RegionValue = Extract<Value, { kind: 'region' }>;

/** `X.tile(origin, extent)`. */
export function regionMethod(fx: Frontend, tile: TileInfo, args: readonly Value[], node: ts.CallExpression): Value {
  const rank = tile.shape.length;
  if (args.length !== 2) fx.fail(M.wrongArgument('tile', 'takes an origin and an extent'), node);
  const origin = itemsOf(fx, args[0]!, node).map((v) => indexOf(fx, v, node));
  const extent = itemsOf(fx, args[1]!, node).map((v) => hostOf(fx, v, node, 'an extent'));
  if (origin.length !== rank)
    fx.fail(M.regionRank('the origin', origin.length, rank, M.originRank(originOf(fx, node, rank))), node);
  if (extent.length > rank || extent.length === 0)
    fx.fail(M.regionRank('the extent', extent.length, rank, M.EXTENT_RANK), node);
  if (extent.some((n) => !Number.isInteger(n) || Number(n) < 1)) fx.fail(M.shapeNotConstant('a region'), node);
  const padded = [...Array<number>(rank - extent.length).fill(1), ...(extent as number[])];
  padded.forEach((n, d) => {
    const size = tile.shape[d];
    if (typeof size !== 'number') return;
    if (tile.scope !== 'global' && n > size) fx.fail(M.regionExtent(d, n, size), node);
    const o = constantInt(origin[d]!);
    if (tile.scope !== 'global' && o !== undefined && (o < 0 || o + n > size))
      fx.fail(M.indexRange(tile.name, d, o < 0 ? o : o + n - 1, size), node);
  });
  return {
    kind: 'region',
    tile,
    region: { buffer: tile.name, origin, extent: padded, span: fx.span(node) },
    rank: extent.length,
  };
}

/** The origin as it is written, with zeros for what is missing. */
function originOf(fx: Frontend, node: ts.CallExpression, rank: number): string {
  const [list] = node.arguments;
  const given =
    list && ts.isArrayLiteralExpression(list) ? list.elements.map((e) => e.getText(fx.source.file)).slice(0, rank) : [];
  return `[${[...given, ...Array<string>(rank - given.length).fill('0')].join(', ')}]`;
}

/** What a whole-tile statement works on: a region as it is, a tile or constant-shaped tensor whole, an indexed tile as its rest. */
export function operand(fx: Frontend, fn: string, which: string, v: Value | undefined, node: ts.Node): RegionValue {
  if (v?.kind === 'region') return v;
  if (v?.kind === 'tile' || v?.kind === 'element') {
    const { tile } = v;
    const fixed: readonly Expr[] = v.kind === 'element' ? v.indices : [];
    if (fixed.length < tile.shape.length || tile.shape.length === 0) {
      const rest = tile.shape.slice(fixed.length);
      if (rest.some((n) => typeof n !== 'number' && constantInt(n) === undefined))
        return fx.fail(M.shapeNotConstant(`\`${tile.name}\`, used whole,`), node);
      const extent = rest.map((n) => (typeof n === 'number' ? n : constantInt(n)!));
      const span = fx.span(node);
      const region: Region = {
        buffer: tile.name,
        origin: [...fixed, ...extent.map(() => i32(0, span))],
        extent: [...fixed.map(() => 1), ...extent],
        span,
      };
      return { kind: 'region', tile, region, rank: rest.length };
    }
  }
  return fx.fail(M.notATile(fn, which), node);
}

/** The extents that count when regions meet. */
export const longExtents = (r: Region): readonly number[] => r.extent.filter((n) => n > 1);

/** The last two extents, with a leading 1 for a single row. */
export function matrix(r: Region): readonly [number, number] | undefined {
  const lead = r.extent.slice(0, -2);
  if (r.extent.length < 2 || lead.some((n) => n !== 1)) return undefined;
  return [r.extent.at(-2)!, r.extent.at(-1)!];
}
