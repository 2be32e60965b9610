/** A kernel as the text of a JavaScript function over typed arrays. */
import type { DType } from '../../ir/dtype.ts';
import { isFloat } from '../../ir/dtype.ts';
import type { Kernel, Param } from '../../ir/tile/schema.ts';
import { namesAssigned, namesBound } from '../../ir/tile/walk.ts';
import { placeOf } from '../cuda/writer.ts';
import { wrapBig } from './casts.ts';
import { type BufferInfo, bufferOf, type Context, mathFn, support } from './context.ts';
import { exprVal } from './expr.ts';
import { type Namer, namer } from './names.ts';
import type { Mapping } from './sourceMap.ts';
import { statements } from './stmt.ts';
import { ARRAYS, decode, encode, isNarrowFloat, poisonOf } from './storage.ts';
import type { Site } from './support/checks.ts';
import { watchedTiles } from './uninitialized.ts';
import { int, isBig, primary, type Val, wrapInt } from './value.ts';
import { Writer } from './writer.ts';

export interface Program {
  /**
   * The body of a function of `support`, `checks`, `sites` and `block` (the running block's indices) that returns
   * `({ tensors, dims, scalars }) => void`.
   */
  readonly source: string;
  readonly mappings: readonly Mapping[];
  readonly sites: readonly Site[];
}

export function printJs(k: Kernel, checks: boolean): Program {
  const name = namer();
  for (const n of [...k.params, ...k.dims, ...k.buffers]) name(n.name);
  for (const n of [...k.blockVars, ...namesBound(k.body)]) name(n);
  const buffers = new Map<string, BufferInfo>();
  const cx: Context = {
    w: new Writer(1),
    name,
    checks,
    buffers,
    ranges: new Map(),
    mutable: namesAssigned(k.body),
    sites: [],
    used: { support: new Set(), math: new Set(), checks: new Set() },
    scratch: new Map(),
    flags: new Map(),
    shadows: new Map(),
  };
  const { w } = cx;
  for (const d of k.dims) cx.ranges.set(d.name, SIZE);
  for (const b of k.buffers)
    buffers.set(b.name, { name: b.name, id: name(b.name), scope: b.scope, dtype: b.dtype, shape: b.shape.map(int) });
  if (checks) for (const b of watchedTiles(k)) cx.flags.set(b, name.permanent(`${name(b)}_written`));

  for (const d of k.dims) w.line(`const ${name(d.name)} = dims${property(d.name)};`);
  for (const p of k.params) parameter(cx, p, buffers);
  const grid = gridExtents(cx, k);
  w.line('');
  w.block(`function runBlock(${k.blockVars.map((v) => name(v)).join(', ')})`, () => {
    if (checks) for (const b of k.buffers) w.line(`${name(b.name)}.fill(${poisonOf(b.dtype)});`);
    for (const flag of cx.flags.values()) w.line(`let ${flag} = false;`);
    statements(cx, k.body);
    w.fromNowhere();
  });
  w.line('');
  for (const [buffer, id] of cx.shadows) {
    const { shape } = bufferOf(cx, buffer);
    w.line(
      `const ${id} = new Shadow(${JSON.stringify(buffer)}, [${shape.map((n) => n.text).join(', ')}], sites, block);`,
    );
  }
  gridLoops(cx, k, grid);

  const head = header(cx, k);
  const signature = `return function ${functionName(k, name)}({ tensors, dims, scalars }) {`;
  const lines = [...head, signature];
  return {
    source: `${lines.map((l) => `${l}\n`).join('')}${w.toString()}};\n`,
    mappings: w.mappings.map((m) => ({ ...m, line: m.line + lines.length })),
    sites: cx.sites,
  };
}

const SIZE = [0, 2 ** 31 - 1] as const;

const functionName = (k: Kernel, name: Namer): string =>
  name.permanent(k.name.replace(/[^\p{ID_Continue}$]/gu, '_').replace(/^(?=[^\p{ID_Start}$_])/u, '_'));

const property = (name: string): string =>
  /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;

function parameter(cx: Context, p: Param, buffers: Map<string, BufferInfo>): void {
  const id = cx.name(p.name);
  if (p.kind === 'scalar') {
    cx.w.line(`const ${id} = ${scalar(cx, `scalars${property(p.name)}`, p.dtype)};`);
    return;
  }
  cx.w.line(`const ${id} = tensors${property(p.name)};`);
  const shape = p.shape.map((e, d): Val => {
    const v = exprVal(cx, e);
    if (e.kind === 'const' || e.kind === 'var') return e.kind === 'var' ? { ...v, lo: Math.max(v.lo, 0) } : v;
    const size = cx.name.permanent(`${id}_${d}`);
    cx.w.line(`const ${size} = ${isBig(e.dtype) ? `Number(${v.text})` : v.text};`);
    return primary(size, [Math.max(v.lo, 0), Math.min(v.hi, SIZE[1])]);
  });
  buffers.set(p.name, { name: p.name, id, scope: 'global', dtype: p.dtype, shape });
}

/** A scalar argument as a value of its dtype. */
function scalar(cx: Context, text: string, d: DType): string {
  if (d === 'bool') return `Boolean(${text})`;
  if (isBig(d)) return wrapBig(`BigInt(${text})`, d);
  const number = `Number(${text})`;
  if (isNarrowFloat(d)) return decode(cx, encode(cx, `${support(cx, 'oddF32')}(${number})`, d), d);
  if (isFloat(d)) return d === 'f32' ? `${mathFn(cx, 'fround')}(${number})` : number;
  return wrapInt(primary(number, [-Infinity, Infinity]), d).text;
}

const AXES = ['gridX', 'gridY', 'gridZ'];

function gridExtents(cx: Context, k: Kernel): string[] {
  return k.grid.map((e, i) => {
    const v = exprVal(cx, e);
    const axis = AXES[i]!;
    cx.w.line(`const ${axis} = ${isBig(e.dtype) ? `Number(${v.text})` : v.text};`);
    const bound = k.blockVars[i];
    if (bound !== undefined) cx.ranges.set(bound, [0, Math.max(0, Math.min(v.hi, SIZE[1]) - 1)]);
    return axis;
  });
}

/** The blocks one after another, x fastest. */
function gridLoops(cx: Context, k: Kernel, grid: readonly string[]): void {
  const { w } = cx;
  const nest = (axis: number): void => {
    if (axis < 0) {
      const indices = grid.map((_, i) => `block[${i}]`);
      w.line(`runBlock(${indices.slice(0, k.blockVars.length).join(', ')});`);
      return;
    }
    const at = `block[${axis}]`;
    w.block(`for (${at} = 0; ${at} < ${grid[axis]}; ${at}++)`, () => nest(axis - 1));
  };
  nest(grid.length - 1);
}

/** What stands before the function: the library's names, tiles, shadows. */
function header(cx: Context, k: Kernel): string[] {
  const { used } = cx;
  const needed = new Set(used.support);
  if (cx.shadows.size > 0) needed.add('Shadow');
  const take = (names: ReadonlySet<string>, from: string): string[] =>
    names.size > 0 ? [`const { ${[...names].sort().join(', ')} } = ${from};`] : [];
  const from = k.span.file === '' ? '' : `, from ${placeOf(k.span)}`;
  const tiles = k.buffers.map(
    (b) =>
      `const ${cx.name(b.name)} = new ${ARRAYS[b.dtype]}(${b.shape.join(' * ')}); // ${b.scope} ${b.dtype}[${b.shape.join(', ')}]`,
  );
  return [
    `// ${k.name} for the CPU${from}`,
    ...take(needed, 'support'),
    ...take(used.math, 'Math'),
    ...take(used.checks, 'checks'),
    ...tiles,
    ...[...cx.scratch.values()].map(({ id, value }) => `const ${id} = ${value};`),
  ];
}
