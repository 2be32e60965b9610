/** Tile IR statements as JavaScript statements. */
import * as msg from '../../diagnostics/messages/cpu.ts';
import { fail } from '../../diagnostics/report.ts';
import { isConst } from '../../ir/tile/build.ts';
import type { Atomic, Expr, For, If, Parallel, Print, Stmt } from '../../ir/tile/schema.ts';
import { elementRef, elementVal } from './access.ts';
import { settled } from './casts.ts';
import { bufferOf, type Context, check, site, support } from './context.ts';
import { exprText, exprVal, storedText, storedVal } from './expr.ts';
import { gemm } from './gemm.ts';
import { binaryVal } from './operators.ts';
import { accessesOf, racyBuffers } from './races.ts';
import { cumsum, reduce } from './reduce.ts';
import { copy, fill } from './transfer.ts';
import { readsFirst, writes } from './uninitialized.ts';
import { isBig, isSmallInt, PREC, primary, within } from './value.ts';

export function statements(cx: Context, body: readonly Stmt[]): void {
  for (const s of body) cx.name.scoped(() => statement(cx, s));
}

function statement(cx: Context, s: Stmt): void {
  cx.w.from(s.span);
  // Inside a parallel loop the loop as a whole has done it.
  if (cx.loop) {
    print(cx, s);
    return;
  }
  for (const name of readsFirst(s)) {
    const flag = cx.flags.get(name);
    if (flag === undefined) continue;
    const number = site(cx, { span: s.span, buffer: name, dim: -1, access: 'read' });
    cx.w.line(`${check(cx, 'written')}(${flag}, ${number});`);
  }
  print(cx, s);
  for (const name of writes(s)) {
    const flag = cx.flags.get(name);
    if (flag !== undefined) cx.w.line(`${flag} = true;`);
  }
}

function print(cx: Context, s: Stmt): void {
  const { w } = cx;
  switch (s.kind) {
    case 'let':
    case 'declare': {
      const v = exprVal(cx, s.value);
      if (s.kind === 'let' && isSmallInt(s.dtype)) cx.ranges.set(s.name, [v.lo, v.hi]);
      w.line(`${s.kind === 'let' ? 'const' : 'let'} ${cx.name(s.name)} = ${v.text};`);
      break;
    }
    case 'assign':
      w.line(`${cx.name(s.name)} = ${exprText(cx, s.value)};`);
      break;
    case 'store': {
      const value = storedText(cx, s.value);
      w.line(`${elementRef(cx, s.buffer, s.indices, 'write', s.span)} = ${value};`);
      break;
    }
    case 'for':
      forLoop(cx, s);
      break;
    case 'parallel':
      parallelLoop(cx, s);
      break;
    case 'if':
      conditional(cx, s);
      break;
    case 'while':
      w.block(`while (${exprText(cx, s.cond)})`, () => statements(cx, s.body));
      break;
    case 'break':
    case 'continue':
    case 'return':
      w.line(`${s.kind};`);
      break;
    case 'copy':
      copy(cx, s);
      break;
    case 'fill':
      fill(cx, s);
      break;
    case 'gemm':
      gemm(cx, s);
      break;
    case 'reduce':
      reduce(cx, s);
      break;
    case 'cumsum':
      cumsum(cx, s);
      break;
    case 'atomic':
      atomic(cx, s);
      break;
    case 'print':
      printStmt(cx, s);
      break;
    case 'assert': {
      const number = site(cx, { span: s.span, buffer: '', dim: -1, access: 'read', message: s.message });
      w.line(`${check(cx, 'assert')}(${exprText(cx, s.cond)}, ${number});`);
      break;
    }
    case 'commitGroup':
    case 'waitGroup':
    case 'barrier':
      fail(msg.afterPasses(`\`${s.kind}\``), s.span);
      break;
  }
}

function forLoop(cx: Context, s: For): void {
  const v = cx.name(s.v);
  const big = isBig(s.start.dtype);
  const persistent = s.loop === 'persistent';
  let start = exprVal(cx, s.start);
  const stop = exprVal(cx, s.stop);
  let step = exprText(cx, s.step);
  if (persistent) {
    const [x, gridX] = big ? ['BigInt(block[0])', 'BigInt(gridX)'] : ['block[0]', 'gridX'];
    start = primary(`${within(start, PREC.additive)} + ${x} * (${step})`, [start.lo, Infinity]);
    step = `(${step}) * ${gridX}`;
  }
  if (!big) cx.ranges.set(s.v, [start.lo, Math.max(start.lo, stop.hi - 1)]);
  const fixed = isConst(s.stop) || (s.stop.kind === 'var' && !cx.mutable.has(s.stop.name));
  const end = fixed ? stop.text : cx.name.fresh(`${v}_end`);
  const by = isConst(s.step) && !persistent ? step : cx.name.fresh(`${v}_step`);
  const head = [
    `${v} = ${start.text}`,
    ...(end === stop.text ? [] : [`${end} = ${stop.text}`]),
    ...(by === step ? [] : [`${by} = ${step}`]),
  ];
  const next = by === '1' ? `${v}++` : `${v} += ${by}`;
  cx.w.block(`for (let ${head.join(', ')}; ${v} < ${end}; ${next})`, () => statements(cx, s.body));
}

function parallelLoop(cx: Context, s: Parallel): void {
  const scopeOf = (buffer: string) => bufferOf(cx, buffer).scope;
  const racy = cx.checks ? racyBuffers(s, scopeOf) : new Set<string>();
  const { w } = cx;
  const iteration = cx.name.fresh('iteration');
  s.vars.forEach((v, d) => {
    cx.ranges.set(v, [0, s.extents[d]! - 1]);
  });
  for (const name of racy) w.line(`${shadowOf(cx, name)}.begin(${s.extents.reduce((a, b) => a * b, 1)});`);
  const accesses = new Map([...accessesOf(s)].filter(([name]) => racy.has(name)));
  cx.loop = {
    site: (name) => ({
      vars: s.vars,
      extents: s.extents,
      accesses: (accesses.get(name) ?? []).map((a) => ({
        span: a.span,
        access: a.kind === 'read' ? 'read' : 'written',
      })),
    }),
    iteration,
    shadowed: racy,
  };
  const nest = (d: number): void => {
    const v = s.vars[d];
    if (v !== undefined) {
      const id = cx.name(v);
      w.block(`for (let ${id} = 0; ${id} < ${s.extents[d]}; ${id}++)`, () => nest(d + 1));
      return;
    }
    if (racy.size > 0)
      w.line(
        `const ${iteration} = ${iterationNumber(
          s.vars.map((x) => cx.name(x)),
          s.extents,
        )};`,
      );
    statements(cx, s.body);
  };
  nest(0);
  cx.loop = undefined;
}

const iterationNumber = (vars: readonly string[], extents: readonly number[]): string =>
  vars.reduce((sum, v, d) => (d === 0 ? v : `${d === 1 ? sum : `(${sum})`} * ${extents[d]} + ${v}`), '0');

function shadowOf(cx: Context, buffer: string): string {
  const known = cx.shadows.get(buffer);
  if (known !== undefined) return known;
  const id = cx.name.permanent(`${bufferOf(cx, buffer).id}_accesses`);
  cx.shadows.set(buffer, id);
  return id;
}

function conditional(cx: Context, s: If): void {
  const parts: { head: string; body: () => void }[] = [];
  // The flags that an inner condition needs checked would stand in its way.
  const bare = (t: If): boolean => cx.loop !== undefined || [...readsFirst(t)].every((name) => !cx.flags.has(name));
  const chain = (t: If, before: string): void => {
    parts.push({ head: `${before}if (${exprText(cx, t.cond)})`, body: () => statements(cx, t.then) });
    const [only] = t.else;
    if (t.else.length === 1 && only?.kind === 'if' && bare(only)) chain(only, 'else ');
    else if (t.else.length > 0) parts.push({ head: 'else', body: () => statements(cx, t.else) });
  };
  chain(s, '');
  cx.w.blocks(parts);
}

function atomic(cx: Context, s: Atomic): void {
  const b = bufferOf(cx, s.buffer);
  const { w } = cx;
  const ref = elementRef(cx, s.buffer, s.indices, 'update', s.span);
  const at = cx.name.fresh('at');
  const element = `${b.id}[${at}]`;
  w.scope(() => {
    w.line(`const ${at} = ${ref.slice(b.id.length + 1, -1)};`);
    const old = elementVal(cx, element, b);
    const value = exprVal(cx, s.value);
    const op = s.op;
    const result = settled(
      cx,
      binaryVal(cx, op, old, value, b.dtype, b.dtype, (v) => v),
      b.dtype,
    );
    // On the GPU a NaN in memory stays there: as an integer it is beyond every number.
    const keepsNaN = op !== 'add' && (b.dtype === 'f32' || b.dtype === 'f64');
    w.line(`${keepsNaN ? `if (${element} === ${element}) ` : ''}${element} = ${storedVal(cx, result, b.dtype)};`);
  });
}

function printStmt(cx: Context, s: Print): void {
  const args = s.args.map((e) => printable(cx, e));
  cx.w.line(`${support(cx, 'printLine')}(${[JSON.stringify(s.format), ...args].join(', ')});`);
}

/** f32s are printed in as few digits as tell them apart. */
function printable(cx: Context, e: Expr): string {
  const text = exprText(cx, e);
  return e.dtype === 'f32' ? `${support(cx, 'shortF32')}(${text})` : text;
}
