/** Members of T that stand for statements: the grid, tiles, and what works on whole tiles. */
import type { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { dtypeOf } from '../dsl/dtypes.ts';
import { type DType, isInteger } from '../ir/dtype.ts';
import type { Buffer, Expr, ReduceOp } from '../ir/tile/schema.ts';
import { walkExprs } from '../ir/tile/walk.ts';
import { condition } from './arith.ts';
import { stored } from './assign.ts';
import type { Frontend } from './context.ts';
import { deviceOf, type Hint, hostOf, isDeviceValue } from './expr.ts';
import { indexOf } from './members.ts';
import { argumentNode, present } from './operands.ts';
import { flagOf, optionsOf } from './options.ts';
import { itemsOf } from './pattern.ts';
import { longExtents, matrix, operand, type RegionValue } from './region.ts';
import { describe, device, host, listOf, type Value } from './values.ts';

export const ALLOCATORS: ReadonlySet<string> = new Set(['shared', 'fragment', 'local']);
export const LOOPS: ReadonlySet<string> = new Set(['Parallel', 'Pipelined', 'serial', 'unroll', 'Persistent']);

type Emit = (fx: Frontend, args: readonly Value[], node: ts.CallExpression, hint: Hint) => Value;

const REDUCE: Readonly<Record<string, ReduceOp>> = {
  reduceSum: 'sum',
  reduceMax: 'max',
  reduceMin: 'min',
  reduceAbsMax: 'absmax',
};
const ATOMIC = { atomicAdd: 'add', atomicMax: 'max', atomicMin: 'min' } as const;

const TABLE: Readonly<Record<string, Emit>> = {
  grid,
  copy,
  fill,
  clear,
  gemm,
  cumsum,
  print,
  assert: assertion,
  ...Object.fromEntries(Object.entries(REDUCE).map(([fn, op]) => [fn, reduce(fn, op)])),
  ...Object.fromEntries(Object.entries(ATOMIC).map(([fn, op]) => [fn, atomic(fn, op)])),
};
export const STATEMENTS: ReadonlySet<string> = new Set(Object.keys(TABLE));

/** What may stand inside T.Parallel, for each element. */
const ELEMENTWISE: ReadonlySet<string> = new Set([...Object.keys(ATOMIC), 'print', 'assert']);

export function statement(
  fx: Frontend,
  name: string,
  args: readonly Value[],
  node: ts.CallExpression,
  hint: Hint,
): Value {
  if (fx.parallel && !ELEMENTWISE.has(name)) fx.fail(M.tileInParallel(name), node);
  const v = TABLE[name]!(fx, args, node, hint);
  return v === nothing ? { kind: 'host', v: undefined, from: name } : v;
}

const nothing = host(undefined);

// ------------------------------------------------------------------------------------------------ the grid and tiles

const BLOCK_NAMES = ['bx', 'by', 'bz'] as const;

function grid(fx: Frontend, args: readonly Value[], node: ts.CallExpression, hint: Hint): Value {
  if (fx.grid) fx.fail(M.secondGrid(), node, [{ message: 'the first one', span: fx.grid.span }]);
  if (fx.control > 0) fx.fail(M.gridFirst(), node);
  if (!args[0]) fx.fail(M.missingArgument('grid', 'a list of extents'), node);
  const extents = itemsOf(fx, args[0], node).map((v) => indexOf(fx, v, node));
  if (extents.length < 1 || extents.length > 3) fx.fail(M.gridRank(extents.length), node);
  for (const e of extents)
    walkExprs(e, (x) => {
      if (x.kind === 'load' || x.kind === 'ptx') fx.fail(M.gridFixed(), node);
    });
  const options = optionsOf(fx, 'grid', args[1], ['threads', 'minBlocks'], node);
  const threads = options.get('threads') ?? 128;
  if (typeof threads !== 'number' || threads % 32 !== 0 || threads < 32 || threads > 1024)
    fx.fail(M.badThreads(threads), node);
  const minBlocks = options.get('minBlocks');
  if (
    minBlocks !== undefined &&
    !(typeof minBlocks === 'number' && Number.isInteger(minBlocks) && minBlocks >= 1 && minBlocks <= 32)
  )
    fx.fail(M.wrongArgument('grid', `minBlocks is ${String(minBlocks)}; it must be an integer from 1 to 32`), node);
  const vars = extents.map((_, i) => fx.fresh(hint.names?.[i] ?? BLOCK_NAMES[i]!));
  fx.grid = {
    extents,
    vars,
    threads: threads as number,
    span: fx.span(node),
    ...(minBlocks === undefined ? {} : { minBlocks: minBlocks as number }),
  };
  const span = fx.span(node);
  return listOf(vars.map((name) => device({ kind: 'var', name, dtype: 'i32', span })));
}

export function allocate(
  fx: Frontend,
  name: string,
  args: readonly Value[],
  node: ts.CallExpression,
  hint: Hint,
): Value {
  if (fx.parallel) fx.fail(M.tileInParallel(name), node);
  const [first, second] = args;
  if (!first || !second || args.length !== 2) return fx.fail(M.missingArgument(name, 'a dtype and a shape'), node);
  const dtype = first.kind === 'host' ? dtypeOf(first.v) : undefined;
  if (!dtype) return fx.fail(M.unknownTile(name), node);
  const sizes = itemsOf(fx, second, node);
  const shape = sizes.map((v) =>
    v.kind === 'host' && typeof v.v === 'number' && Number.isInteger(v.v) && v.v >= 1
      ? v.v
      : fx.fail(M.shapeNotConstant(`a T.${name}`), node),
  );
  if (shape.length === 0) fx.fail(M.shapeNotConstant(`a T.${name}`), node);
  const scope = name as Buffer['scope'];
  const buffer: Buffer = { name: fx.fresh(hint.name ?? 'tile'), scope, dtype, shape, span: fx.span(node) };
  fx.buffers.push(buffer);
  return { kind: 'tile', tile: { name: buffer.name, scope, dtype, shape } };
}

// --------------------------------------------------------------------------------------------------------- statements

const text = (r: RegionValue): string => r.region.extent.slice(-r.rank).join(', ');
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

function arity(
  fx: Frontend,
  fn: string,
  args: readonly Value[],
  least: number,
  most: number,
  what: string,
  node: ts.Node,
): void {
  if (args.length < least) fx.fail(M.missingArgument(fn, what), node);
  if (args.length > most) fx.fail(M.wrongArgument(fn, `takes ${what}, but ${args.length} arguments are given`), node);
}

function copy(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'copy', args, 2, 2, 'a source and a destination', node);
  const src = operand(fx, 'copy', 'the source', args[0], node);
  const dst = operand(fx, 'copy', 'the destination', args[1], node);
  if (!sameShape(longExtents(src.region), longExtents(dst.region))) {
    const hint = longExtents(src.region).length < longExtents(dst.region).length ? M.NO_BROADCAST : undefined;
    fx.fail(M.copyShape(text(src), text(dst), 'copy', hint), node);
  }
  if ((src.tile.dtype === 'bool') !== (dst.tile.dtype === 'bool'))
    fx.fail(M.copyDtypes(src.tile.dtype, dst.tile.dtype), node);
  fx.emit({ kind: 'copy', src: src.region, dst: dst.region, span: fx.span(node) });
  return nothing;
}

function fill(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'fill', args, 2, 2, 'a tile and a value', node);
  const dst = operand(fx, 'fill', 'the destination', args[0], node);
  present(fx, args[1]!, argumentNode(node, 1));
  const value = stored(fx, args[1]!, dst.tile.dtype, dst.tile.name, node);
  fx.emit({ kind: 'fill', dst: dst.region, value, span: fx.span(node) });
  return nothing;
}

function clear(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'clear', args, 1, 1, 'a tile', node);
  const dst = operand(fx, 'clear', 'the argument', args[0], node);
  const value = stored(fx, host(dst.tile.dtype === 'bool' ? false : 0), dst.tile.dtype, dst.tile.name, node);
  fx.emit({ kind: 'fill', dst: dst.region, value, span: fx.span(node) });
  return nothing;
}

const FLOAT8: ReadonlySet<DType> = new Set(['f8e4m3', 'f8e5m2']);

/** The dtypes that a product of a and b may be summed in. */
function accumulators(a: DType, b: DType): readonly DType[] {
  if (a !== b && !(FLOAT8.has(a) && FLOAT8.has(b))) return [];
  switch (a) {
    case 'f16':
    case 'bf16':
    case 'f8e4m3':
    case 'f8e5m2':
    case 'f32':
      return ['f32'];
    case 'f64':
      return ['f64'];
    case 'i8':
    case 'u8':
    case 'i32':
      return ['i32'];
    default:
      return [];
  }
}

function gemm(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'gemm', args, 3, 4, 'a, b and c', node);
  const a = operand(fx, 'gemm', 'operand a', args[0], node);
  const b = operand(fx, 'gemm', 'operand b', args[1], node);
  const c = operand(fx, 'gemm', 'operand c', args[2], node);
  const options = optionsOf(fx, 'gemm', args[3], ['transposeA', 'transposeB', 'clear'], node);
  const flag = (name: string): boolean => flagOf(fx, 'gemm', options, name, false, node);
  const [transposeA, transposeB] = [flag('transposeA'), flag('transposeB')];
  for (const [which, r] of [
    ['a', a],
    ['b', b],
  ] as const)
    if (r.tile.scope !== 'shared' && r.tile.scope !== 'fragment')
      fx.fail(M.gemmOperand(which, r.tile.name, r.tile.scope), node);
  const whole = sameShape(c.region.extent, c.tile.shape as readonly number[]);
  if (c.tile.scope !== 'fragment' || !whole)
    fx.fail(
      M.gemmScope(c.tile.scope === 'fragment' ? 'a part of one' : describe({ kind: 'tile', tile: c.tile })),
      node,
    );
  if (!accumulators(a.tile.dtype, b.tile.dtype).includes(c.tile.dtype))
    fx.fail(M.gemmDtypes(a.tile.dtype, b.tile.dtype, c.tile.dtype), node);
  const [ma, mb, mc] = [matrix(a.region), matrix(b.region), matrix(c.region)];
  const fits =
    ma &&
    mb &&
    mc &&
    ma[transposeA ? 1 : 0] === mc[0] &&
    mb[transposeB ? 0 : 1] === mc[1] &&
    ma[transposeA ? 0 : 1] === mb[transposeB ? 1 : 0];
  if (!fits) fx.fail(M.gemmShape(text(a), text(b), text(c)), node);
  fx.emit({
    kind: 'gemm',
    a: a.region,
    b: b.region,
    c: c.region,
    transposeA,
    transposeB,
    clear: flag('clear'),
    span: fx.span(node),
  });
  return nothing;
}

/** Dimension `dim` as the user counts it, in the region's own rank. */
function dimension(fx: Frontend, options: ReadonlyMap<string, unknown>, src: RegionValue, node: ts.Node): number {
  const dim = options.get('dim');
  if (typeof dim !== 'number' || !Number.isInteger(dim) || dim < 0 || dim >= src.rank)
    return fx.fail(M.reduceDim(dim, src.rank), node);
  return dim + src.region.extent.length - src.rank;
}

function reduce(fn: string, op: ReduceOp): Emit {
  return (fx, args, node) => {
    arity(fx, fn, args, 3, 3, 'a source, a destination and { dim }', node);
    const src = operand(fx, fn, 'the source', args[0], node);
    const dst = operand(fx, fn, 'the destination', args[1], node);
    onChip(fx, fn, src, dst, node);
    const options = optionsOf(fx, fn, args[2], ['dim', 'clear'], node);
    const dim = dimension(fx, options, src, node);
    const left = src.region.extent.filter((n, d) => d !== dim && n > 1);
    if (!sameShape(left, longExtents(dst.region)))
      fx.fail(M.reduceShape(text(src), text(dst), dim - src.region.extent.length + src.rank), node);
    if (
      src.tile.dtype === 'bool' ||
      dst.tile.dtype === 'bool' ||
      isInteger(src.tile.dtype) !== isInteger(dst.tile.dtype)
    )
      fx.fail(M.reduceDtypes(fn, src.tile.dtype, dst.tile.dtype), node);
    fx.emit({
      kind: 'reduce',
      op,
      src: src.region,
      dst: dst.region,
      dim,
      clear: flagOf(fx, fn, options, 'clear', true, node),
      span: fx.span(node),
    });
    return nothing;
  };
}

function cumsum(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'cumsum', args, 3, 3, 'a source, a destination and { dim }', node);
  const src = operand(fx, 'cumsum', 'the source', args[0], node);
  const dst = operand(fx, 'cumsum', 'the destination', args[1], node);
  onChip(fx, 'cumsum', src, dst, node);
  const options = optionsOf(fx, 'cumsum', args[2], ['dim', 'reverse'], node);
  const dim = dimension(fx, options, src, node);
  if (!sameShape(longExtents(src.region), longExtents(dst.region)))
    fx.fail(M.copyShape(text(src), text(dst), 'cumsum'), node);
  if (src.tile.dtype === 'bool' || dst.tile.dtype === 'bool' || isInteger(src.tile.dtype) !== isInteger(dst.tile.dtype))
    fx.fail(M.reduceDtypes('cumsum', src.tile.dtype, dst.tile.dtype), node);
  fx.emit({
    kind: 'cumsum',
    src: src.region,
    dst: dst.region,
    dim,
    reverse: flagOf(fx, 'cumsum', options, 'reverse', false, node),
    span: fx.span(node),
  });
  return nothing;
}

function onChip(fx: Frontend, fn: string, src: RegionValue, dst: RegionValue, node: ts.Node): void {
  for (const r of [src, dst]) if (r.tile.scope === 'global') fx.fail(M.reduceGlobal(fn, r.tile.name), node);
}

function atomic(fn: string, op: 'add' | 'max' | 'min'): Emit {
  return (fx, args, node) => {
    arity(fx, fn, args, 2, 2, 'an element and a value', node);
    const [to, value] = args;
    if (to?.kind !== 'element' || to.indices.length !== to.tile.shape.length) return fx.fail(M.notAnElement(fn), node);
    const { tile, indices } = to;
    if (tile.scope === 'fragment' || tile.scope === 'local') fx.fail(M.atomicFragment(tile.name, tile.scope), node);
    present(fx, value!, argumentNode(node, 1));
    fx.emit({
      kind: 'atomic',
      op,
      buffer: tile.name,
      indices,
      value: stored(fx, value!, tile.dtype, tile.name, node),
      span: fx.span(node),
    });
    return nothing;
  };
}

function print(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  const [format, ...rest] = args;
  if (format?.kind !== 'host' || typeof format.v !== 'string')
    return fx.fail(M.missingArgument('print', 'a format string'), node);
  const holes = format.v.split('{}').length - 1;
  if (holes !== rest.length) fx.fail(M.printHoles(holes, rest.length), node);
  fx.emit({
    kind: 'print',
    format: format.v,
    args: rest.map((v, i) => deviceOf(fx, v, argumentNode(node, i + 1))),
    span: fx.span(node),
  });
  return nothing;
}

function assertion(fx: Frontend, args: readonly Value[], node: ts.CallExpression): Value {
  arity(fx, 'assert', args, 1, 2, 'a condition and a message', node);
  const [cond, message] = args;
  const said = message
    ? String(hostOf(fx, message, node, 'the message of T.assert'))
    : node.arguments[0]!.getText(fx.source.file);
  if (!isDeviceValue(cond!)) {
    if (!hostOf(fx, cond!, node, 'a condition')) fx.fail(M.hostAssert(said), node);
    return nothing;
  }
  const e: Expr = condition(deviceOf(fx, cond!, node), fx.span(node.arguments[0]!));
  fx.emit({ kind: 'assert', cond: e, message: said, span: fx.span(node) });
  return nothing;
}
