/** Device IR statements as C, one row a node. */

import type { DExpr, DStmt, RegRef } from '../../ir/device/schema.ts';
import { bytesOf, type DType, isFloat } from '../../ir/dtype.ts';
import { castText } from './casts.ts';
import type { Context } from './context.ts';
import { element, expr, pointer, registers } from './expr.ts';
import { mmaFunction } from './mma.ts';
import { pieces } from './prelude.ts';
import { stringLiteral } from './ptx.ts';
import { C_TYPES, isNarrowFloat, isNarrowInt } from './types.ts';
import { placeOf, type Writer } from './writer.ts';

type Of<K extends DStmt['kind']> = Extract<DStmt, { kind: K }>;

export function statements(body: readonly DStmt[], w: Writer, cx: Context): void {
  for (const s of body) statement(s, w, cx);
}

type Block = Of<'comment' | 'registers' | 'convert' | 'for' | 'if' | 'while'>;

function statement(s: DStmt, w: Writer, cx: Context): void {
  if (s.kind !== 'comment') w.place(s.span);
  switch (s.kind) {
    case 'comment':
      for (const line of s.text.split('\n')) w.line(`// ${line}`);
      break;
    case 'registers':
      registerArray(s, w, cx);
      break;
    case 'convert':
      convert(s, w, cx);
      break;
    case 'for':
      forLoop(s, w, cx);
      break;
    case 'if':
      conditional(s, 'if', w, cx);
      break;
    case 'while':
      w.block(`while (${expr(s.cond, cx)})`, () => statements(s.body, w, cx));
      w.line('}');
      break;
    default:
      w.line(`${row(s, cx)};`);
  }
}

/** A statement of one line, without its semicolon. */
function row(s: Exclude<DStmt, Block>, cx: Context): string {
  switch (s.kind) {
    case 'declare':
      return `${s.const ? 'const ' : ''}${cx.type(s.dtype)} ${cx.name(s.name)} = ${initial(s.value, cx)}`;
    case 'assign':
      return assignment(cx.name(s.name), s.value, cx);
    case 'pointer': {
      cx.bases.set(s.name, { dtype: s.addr.dtype, readonly: s.readonly });
      const type = `${s.readonly ? 'const ' : ''}${cx.type(s.addr.dtype)}*`;
      return `${type} const ${cx.name(s.name)} = ${pointer(s.addr, cx)}`;
    }
    case 'setReg':
      return assignment(`${cx.name(s.array)}[${expr(s.index, cx)}]`, s.value, cx);
    case 'store':
      return assignment(element(s.addr, cx), s.value, cx);
    case 'loadVec': {
      const fn = s.cache === 'nc' ? 'load_vec_nc' : 'load_vec';
      cx.use(s.pred ? `${fn}_if` : fn);
      return `${fn}<${s.count}>(${registers(s.dst, cx)}, ${pointer(s.addr, cx)}${predicate(s.pred, cx)})`;
    }
    case 'storeVec': {
      const pred = s.pred ? `if (${expr(s.pred, cx)}) ` : '';
      return `${pred}${cx.use('store_vec')}<${s.count}>(${pointer(s.addr, cx)}, ${registers(s.src, cx)})`;
    }
    case 'cpAsync':
      cx.use(s.pred ? 'cp_async_if' : 'cp_async');
      return `cp_async<${s.bytes}>(${pointer(s.dst, cx)}, ${pointer(s.src, cx)}${predicate(s.pred, cx)})`;
    case 'cpAsyncCommit':
      return `${cx.use('cp_async_commit')}()`;
    case 'cpAsyncWait':
      return `${cx.use('cp_async_wait')}<${s.pending}>()`;
    case 'barrier':
      if (s.id === 0 && (s.threads ?? cx.threads) === cx.threads) return '__syncthreads()';
      return `${cx.use('barrier_sync')}(${s.id}, ${s.threads ?? cx.threads})`;
    case 'warpSync':
      return '__syncwarp()';
    case 'ldmatrix': {
      const fn = cx.use(`ldmatrix_x${s.matrices}${s.transpose ? '_trans' : ''}`);
      return `${fn}(${registers(s.dst, cx)}, ${pointer(s.addr, cx)})`;
    }
    case 'mma':
      return `${mmaFunction(s, cx)}(${[s.c, s.a, s.b].map((r) => registers(r, cx)).join(', ')})`;
    case 'atomic':
      return `${atomicFunction(s.op, s.addr.dtype, cx)}(${pointer(s.addr, cx)}, ${expr(s.value, cx)})`;
    case 'break':
    case 'continue':
    case 'return':
      return s.kind;
    case 'print':
      return print(s, cx);
    case 'assert': {
      const place = s.span && s.span.file !== '' ? `${placeOf(s.span)}: ` : '';
      return `${cx.use('assert_that')}(${expr(s.cond, cx)}, ${stringLiteral(place + s.message)})`;
    }
  }
}

const predicate = (pred: DExpr | undefined, cx: Context): string => (pred ? `, ${expr(pred, cx)}` : '');

/** A declaration's initial value: CUDA's unsigned indices convert by themselves there. */
const initial = (e: DExpr, cx: Context): string => (e.kind === 'special' ? e.name : expr(e, cx));

const COMPOUND: Readonly<Record<string, string>> = { add: '+', sub: '-', mul: '*', div: '/' };

/** `target = value`, or `target += …` where the value begins with the target. */
function assignment(target: string, value: DExpr, cx: Context): string {
  const op = value.kind === 'binary' ? COMPOUND[value.op] : undefined;
  if (value.kind === 'binary' && op !== undefined && !isNarrowFloat(value.dtype) && !isNarrowInt(value.dtype)) {
    if (expr(value.a, cx) === target) return `${target} ${op}= ${expr(value.b, cx)}`;
  }
  return `${target} = ${expr(value, cx)}`;
}

function registerArray(s: Of<'registers'>, w: Writer, cx: Context): void {
  const bytes = bytesOf(s.dtype) * s.length;
  // Vector loads, conversions and matrix instructions take registers as words of up to 16 bytes.
  const align = bytes >= 16 ? 16 : bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1;
  const alignment = align > bytesOf(s.dtype) ? `__align__(${align}) ` : '';
  const zero =
    s.init?.kind === 'const' && (Object.is(s.init.value, 0) || s.init.value === 0n || s.init.value === false);
  const name = cx.name(s.name);
  w.line(`${alignment}${cx.type(s.dtype)} ${name}[${s.length}]${zero ? ' = {}' : ''};`);
  if (s.init && !zero) w.line(`${cx.use('fill')}<${s.length}>(${name}, ${expr(s.init, cx)});`);
}

function convert(s: Of<'convert'>, w: Writer, cx: Context): void {
  const piece = `convert_${s.to}_${s.from}`;
  if (pieces().has(piece)) {
    cx.use(piece);
    w.line(`convert<${s.count}>(${registers(s.dst, cx)}, ${registers(s.src, cx)});`);
    return;
  }
  // No instruction converts pairs of these: one by one.
  for (let i = 0; i < s.count; i++) {
    w.line(`${register(s.dst, i, cx)} = ${castText(register(s.src, i, cx), s.from, s.to, cx)};`);
  }
}

/** Element `i` of those that `ref` begins. */
function register(ref: RegRef, i: number, cx: Context): string {
  const first = ref.index.kind === 'const' ? Number(ref.index.value) : expr(ref.index, cx);
  return `${cx.name(ref.array)}[${typeof first === 'number' ? first + i : i === 0 ? first : `${first} + ${i}`}]`;
}

function forLoop(s: Of<'for'>, w: Writer, cx: Context): void {
  if (s.unroll === true) w.line('#pragma unroll');
  else if (s.unroll !== undefined) w.line(`#pragma unroll ${s.unroll}`);
  const v = cx.name(s.v);
  const one = s.step.kind === 'const' && Number(s.step.value) === 1;
  const step = one ? `++${v}` : `${v} += ${expr(s.step, cx)}`;
  const head = `for (${cx.type(s.start.dtype)} ${v} = ${initial(s.start, cx)}; ${v} < ${bound(s.stop, cx)}; ${step})`;
  w.block(head, () => statements(s.body, w, cx));
  w.line('}');
}

/** The right side of `v < …`. */
const bound = (e: DExpr, cx: Context): string => {
  const loose =
    e.kind === 'select' ||
    (e.kind === 'binary' && ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'land', 'lor', 'and', 'or', 'xor'].includes(e.op));
  return loose ? `(${expr(e, cx)})` : expr(e, cx);
};

function conditional(s: Of<'if'>, head: string, w: Writer, cx: Context): void {
  w.block(`${head} (${expr(s.cond, cx)})`, () => statements(s.then, w, cx));
  const [only] = s.else;
  if (only?.kind === 'if' && s.else.length === 1) {
    conditional(only, '} else if', w, cx);
    return;
  }
  if (s.else.length > 0) w.block('} else', () => statements(s.else, w, cx));
  w.line('}');
}

function atomicFunction(op: 'add' | 'max' | 'min', dtype: DType, cx: Context): string {
  const native = { add: 'atomicAdd', max: 'atomicMax', min: 'atomicMin' }[op];
  switch (dtype) {
    case 'i32':
    case 'u32':
    case 'u64':
      return native;
    case 'i64':
      if (op !== 'add') return native;
      cx.use('atomic_add_i64');
      return 'atomic_add';
    case 'f32':
    case 'f64':
      if (op === 'add') return native;
      cx.use(`atomic_${op}_${dtype}`);
      return `atomic_${op}`;
    case 'f16':
    case 'bf16':
      cx.use(op === 'add' ? `atomic_add_${dtype}` : `atomic_${op}_float`);
      return `atomic_${op}`;
    case 'f8e4m3':
    case 'f8e5m2':
      cx.use(`atomic_${op}_float`);
      return `atomic_${op}`;
    case 'i8':
    case 'i16':
    case 'u8':
    case 'u16':
      return cx.use(`atomic_${op}_int`);
    case 'bool':
      throw new Error('there are no atomic operations on bool');
  }
}

function print(s: Of<'print'>, cx: Context): string {
  const parts = s.format.replace(/%/g, '%%').split('{}');
  const conversions = s.args.map((a) => C_TYPES[a.dtype].format);
  const format = parts.map((part, i) => part + (i < parts.length - 1 ? (conversions[i] ?? '{}') : '')).join('');
  const args = s.args.map((a) => {
    const text = castText(expr(a, cx), a.dtype, isNarrowFloat(a.dtype) ? 'f32' : a.dtype, cx);
    // Variadic arguments: floats widen to double by themselves, as small integers to int.
    return isFloat(a.dtype) ? text : a.dtype === 'bool' ? `int(${text})` : text;
  });
  return `printf(${[stringLiteral(`${format}\n`), ...args].join(', ')})`;
}
