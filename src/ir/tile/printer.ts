/** Tile IR as text, which `parser.ts` reads back to an equal program. */
import type { DType } from '../dtype.ts';
import { printLayout } from './layout-text.ts';
import type { Buffer, Dim, Expr, Kernel, Param, Region, Stmt } from './schema.ts';
import { impliedDType, infixOf, printConst, printName, printSpan, printString } from './text.ts';
import { bodies, isWholeRegion } from './walk.ts';

export interface PrintOptions {
  /** Ends each declaration and statement with `@file:line:column`. */
  readonly spans?: boolean;
}

/** What the text can rely on the reader to know: the dtypes of names, the shapes of buffers. */
export interface PrintContext extends PrintOptions {
  readonly vars?: ReadonlyMap<string, DType>;
  readonly buffers?: ReadonlyMap<string, { readonly dtype: DType; readonly shape?: readonly number[] }>;
}

// ----------------------------------------------------------------------------------------------------- expressions

const ATOM = 12;
const UNARY = 11;
const UNARY_SYMBOL = { neg: '-', not: '!', bitnot: '~' } as const;

/** Without a context, the dtypes of names and loads are left out. */
export const printExpr = (e: Expr, cx: PrintContext = {}): string => expr(e, 0, cx);

/** `level`: the weakest operator that may stand here without parentheses. */
function expr(e: Expr, level: number, cx: PrintContext): string {
  const implied = impliedOf(e, cx);
  if (implied !== undefined && implied !== e.dtype) return `${bare(e, ATOM, cx)}:${e.dtype}`;
  return bare(e, level, cx);
}

function impliedOf(e: Expr, cx: PrintContext): DType | undefined {
  if (e.kind === 'var') return cx.vars && (cx.vars.get(e.name) ?? ('unknown' as DType));
  if (e.kind === 'load') return cx.buffers && (cx.buffers.get(e.buffer)?.dtype ?? ('unknown' as DType));
  return impliedDType(e);
}

function bare(e: Expr, level: number, cx: PrintContext): string {
  const list = (args: readonly Expr[]): string => args.map((a) => expr(a, 0, cx)).join(', ');
  switch (e.kind) {
    case 'const':
      return printConst(e);
    case 'var':
      return printName(e.name);
    case 'unary': {
      // `-5` is a constant and `-x` a negation, so the negation of a number needs its parentheses.
      const inner = e.a.kind === 'const' || e.a.kind === 'unary' ? `(${expr(e.a, 0, cx)})` : expr(e.a, UNARY, cx);
      return wrap(UNARY_SYMBOL[e.op] + inner, UNARY, level);
    }
    case 'binary': {
      const infix = infixOf(e.op);
      if (!infix) return `${e.op}(${list([e.a, e.b])})`;
      const side = (x: Expr, min: number): string => {
        const other = x.kind === 'binary' && x.op !== e.op ? infixOf(x.op) : undefined;
        return expr(x, other && (other.shy || infix.shy) ? ATOM : min, cx);
      };
      return wrap(`${side(e.a, infix.level)} ${infix.symbol} ${side(e.b, infix.level + 1)}`, infix.level, level);
    }
    case 'select':
      return `select(${list([e.cond, e.a, e.b])})`;
    case 'cast':
      return `${e.dtype}(${list([e.a])})`;
    case 'bitcast':
      return `bitcast.${e.dtype}(${list([e.a])})`;
    case 'call':
      return `${e.fn}(${list(e.args)})`;
    case 'load':
      return `${printName(e.buffer)}[${list(e.indices)}]`;
    case 'ptx': {
      const args = e.args.map((a) => `, ${expr(a, 0, cx)}`).join('');
      return `ptx.${e.dtype}(${printString(e.template)}${args}${e.fallback ? `; ${expr(e.fallback, 0, cx)}` : ''})`;
    }
  }
}

const wrap = (text: string, own: number, level: number): string => (own < level ? `(${text})` : text);

/** `X[origin; extent]`, or just `X` for all of a tile; then `.slot(…)`. */
export function printRegion(r: Region, cx: PrintContext = {}): string {
  const shape = cx.buffers?.get(r.buffer)?.shape;
  const box =
    shape && isWholeRegion(r, shape) && isI32Zeros(r)
      ? ''
      : `[${r.origin.map((e) => expr(e, 0, cx)).join(', ')}; ${r.extent.join(', ')}]`;
  return `${printName(r.buffer)}${box}${r.slot ? `.slot(${expr(r.slot, 0, cx)})` : ''}`;
}

const isI32Zeros = (r: Region): boolean => r.origin.every((e) => e.dtype === 'i32');

// ------------------------------------------------------------------------------------------------------ statements

export function printStmt(s: Stmt, cx: PrintContext = {}, indent = ''): string {
  return stmt(s, cx, indent).join('\n');
}

const block = (stmts: readonly Stmt[], cx: PrintContext, indent: string): string[] =>
  stmts.flatMap((s) => stmt(s, cx, indent));

function stmt(s: Stmt, cx: PrintContext, indent: string): string[] {
  const at = cx.spans ? ` ${printSpan(s.span)}` : '';
  if (s.kind === 'if') return ifStmt(s, cx, indent, '');
  const head = `${indent}${headOf(s, cx)}`;
  const [body] = bodies(s);
  return body ? [`${head} {${at}`, ...block(body, cx, `${indent}  `), `${indent}}`] : [head + at];
}

function ifStmt(s: Extract<Stmt, { kind: 'if' }>, cx: PrintContext, indent: string, before: string): string[] {
  const at = cx.spans ? ` ${printSpan(s.span)}` : '';
  const lines = [`${indent}${before}if ${expr(s.cond, 0, cx)} {${at}`, ...block(s.then, cx, `${indent}  `)];
  const [only] = s.else;
  if (s.else.length === 1 && only?.kind === 'if') return [...lines, ...ifStmt(only, cx, indent, '} else ')];
  if (s.else.length > 0) lines.push(`${indent}} else {`, ...block(s.else, cx, `${indent}  `));
  return [...lines, `${indent}}`];
}

const flag = (on: boolean | undefined, text: string): string => (on ? ` ${text}` : '');
const mod = (name: string, value: string | number | undefined): string =>
  value === undefined ? '' : ` ${name}(${value})`;

/** A statement's first line, without what follows its brace. */
function headOf(s: Exclude<Stmt, { kind: 'if' }>, cx: PrintContext): string {
  const x = (e: Expr): string => expr(e, 0, cx);
  const r = (region: Region): string => printRegion(region, cx);
  const list = (args: readonly Expr[]): string => args.map(x).join(', ');
  const name = printName;
  switch (s.kind) {
    case 'let':
      return `let ${name(s.name)}: ${s.dtype} = ${x(s.value)}`;
    case 'declare':
      return `var ${name(s.name)}: ${s.dtype} = ${x(s.value)}`;
    case 'assign':
      return `${name(s.name)} = ${x(s.value)}`;
    case 'store':
      return `${name(s.buffer)}[${list(s.indices)}] = ${x(s.value)}`;
    case 'for':
      return `for ${name(s.v)} in ${s.loop}(${list([s.start, s.stop, s.step])})${mod('stages', s.stages)}`;
    case 'parallel': {
      const layout = mod('layout', s.layout && printLayout(s.layout));
      return `parallel (${s.vars.map(name).join(', ')}) in (${s.extents.join(', ')})${layout}${flag(s.async, 'async')}`;
    }
    case 'while':
      return `while ${x(s.cond)}`;
    case 'break':
    case 'continue':
    case 'return':
    case 'commitGroup':
    case 'barrier':
      return s.kind;
    case 'waitGroup':
      return `waitGroup ${s.pending}`;
    case 'copy':
      return `copy ${r(s.src)} -> ${r(s.dst)}${flag(s.async, 'async')}`;
    case 'fill':
      return `fill ${x(s.value)} -> ${r(s.dst)}`;
    case 'gemm': {
      const a = s.transposeA ? `transpose(${r(s.a)})` : r(s.a);
      const b = s.transposeB ? `transpose(${r(s.b)})` : r(s.b);
      const instr = mod('instr', s.instr === undefined ? undefined : printString(s.instr));
      return `gemm ${a}, ${b} -> ${r(s.c)}${flag(s.clear, 'clear')}${instr}${mod('warps', s.warps?.join(', '))}`;
    }
    case 'reduce':
      return `reduce ${s.op} ${r(s.src)} -> ${r(s.dst)} dim(${s.dim})${flag(s.clear, 'clear')}${scratch(s.scratch)}`;
    case 'cumsum':
      return `cumsum ${r(s.src)} -> ${r(s.dst)} dim(${s.dim})${flag(s.reverse, 'reverse')}${scratch(s.scratch)}`;
    case 'atomic':
      return `atomic ${s.op} ${x(s.value)} -> ${name(s.buffer)}[${list(s.indices)}]`;
    case 'print':
      return `print ${[printString(s.format), ...s.args.map(x)].join(', ')}`;
    case 'assert':
      return `assert ${x(s.cond)}, ${printString(s.message)}`;
  }
}

const scratch = (name: string | undefined): string => mod('scratch', name === undefined ? undefined : printName(name));

// --------------------------------------------------------------------------------------------------------- kernels

/** The dtypes and shapes that the declarations of a kernel give its names. */
export function contextOf(k: Kernel, options: PrintOptions = {}): PrintContext {
  const vars = new Map<string, DType>();
  const buffers = new Map<string, { dtype: DType; shape?: readonly number[] }>();
  for (const d of k.dims) vars.set(d.name, 'i32');
  for (const p of k.params)
    if (p.kind === 'scalar') vars.set(p.name, p.dtype);
    else buffers.set(p.name, { dtype: p.dtype });
  for (const v of k.blockVars) vars.set(v, 'i32');
  for (const b of k.buffers) buffers.set(b.name, b);
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts) {
      if (s.kind === 'let' || s.kind === 'declare') vars.set(s.name, s.dtype);
      else if (s.kind === 'for') vars.set(s.v, s.start.dtype);
      else if (s.kind === 'parallel') for (const v of s.vars) vars.set(v, 'i32');
      for (const b of bodies(s)) visit(b);
    }
  };
  visit(k.body);
  return { ...options, vars, buffers };
}

const WIDTH = 110;

export function printKernel(k: Kernel, options: PrintOptions = {}): string {
  const cx = contextOf(k, options);
  const at = (n: { readonly span: Kernel['span'] }): string => (cx.spans ? ` ${printSpan(n.span)}` : '');
  const dims = k.dims.length > 0 ? `dims(${k.dims.map((d) => `${printDim(d)}${at(d)}`).join(', ')})` : '';
  const params = k.params.map((p) => `${printParam(p, cx)}${at(p)}`);
  const oneLine = `kernel ${printName(k.name)}(${params.join(', ')})${dims ? ` ${dims}` : ''}${at(k)}`;
  const lines =
    oneLine.length <= WIDTH && !(cx.spans && params.length > 1)
      ? [oneLine]
      : [
          `kernel ${printName(k.name)}(`,
          ...params.map((p, i) => `    ${p}${i < params.length - 1 ? ',' : ''}`),
          `  )${dims ? ` ${dims}` : ''}${at(k)}`,
        ];
  const grid = k.grid.map((e, i) => {
    const v = k.blockVars[i];
    return v === undefined ? expr(e, 0, cx) : `${printName(v)}: ${expr(e, 0, cx)}`;
  });
  lines.push(
    `  grid(${grid.join(', ')}) threads(${k.threads})${mod('minBlocks', k.minBlocks)}${mod('sharedBytes', k.sharedBytes)}`,
    ...k.buffers.map((b) => `  ${printBuffer(b)}${at(b)}`),
    '{',
    ...block(k.body, cx, '  '),
    '}',
  );
  return lines.join('\n') + '\n';
}

const printDim = (d: Dim): string => printName(d.name) + (d.multipleOf === 1 ? '' : ` % ${d.multipleOf}`);

export function printParam(p: Param, cx: PrintContext = {}): string {
  const shape = p.kind === 'tensor' ? `[${p.shape.map((e) => expr(e, 0, cx)).join(', ')}]` : '';
  return `${printName(p.name)}: ${p.dtype}${shape}`;
}

export function printBuffer(b: Buffer): string {
  const layout = mod('layout', b.layout && printLayout(b.layout));
  return `${b.scope} ${printName(b.name)}: ${b.dtype}[${b.shape.join(', ')}]${layout}${mod('stages', b.stages)}${mod('offset', b.offset)}`;
}
