/** Device IR expressions as C expressions, one row a node, with as few parentheses as read well. */

import type { Addr, DExpr, RegRef } from '../../ir/device/schema.ts';
import { type DType, isFloat } from '../../ir/dtype.ts';
import { bitcastText, castText } from './casts.ts';
import type { Context } from './context.ts';
import { literal } from './literal.ts';
import { mathCall } from './math.ts';
import { binaryForm, confusing, type Infix, needsNarrowing, PREC } from './operators.ts';
import { ptxCall } from './ptx.ts';
import { isNarrowFloat, isNarrowInt } from './types.ts';

/** A printed expression, and how tightly it binds. */
interface Printed {
  readonly text: string;
  readonly prec: number;
  readonly infix?: Infix;
}

const primary = (text: string): Printed => ({ text, prec: PREC.primary });

/** `e` as C, to stand where anything down to an assignment may stand. */
export const expr = (e: DExpr, cx: Context): string => print(e, cx).text;

/** `e` as C, in parentheses unless it binds at least as tightly as `prec`. */
const within = (e: DExpr, prec: number, cx: Context): string => {
  const p = print(e, cx);
  return p.prec < prec ? `(${p.text})` : p.text;
};

function print(e: DExpr, cx: Context): Printed {
  switch (e.kind) {
    case 'const': {
      const text = literal(e.value, e.dtype, cx);
      return { text, prec: text.startsWith('-') ? PREC.unary : PREC.primary };
    }
    case 'var':
      return primary(cx.name(e.name));
    case 'special':
      // CUDA's are unsigned.
      return primary(`int(${e.name})`);
    case 'unary':
      return unary(e, cx);
    case 'binary':
      return binary(e, cx);
    case 'select': {
      const cond = within(e.cond, PREC.lor, cx);
      return {
        text: `${cond} ? ${within(e.a, PREC.lor, cx)} : ${within(e.b, PREC.conditional, cx)}`,
        prec: PREC.conditional,
      };
    }
    case 'cast':
      return e.a.dtype === e.dtype ? print(e.a, cx) : primary(castText(expr(e.a, cx), e.a.dtype, e.dtype, cx));
    case 'bitcast':
      if (e.a.dtype === e.dtype) return print(e.a, cx);
      return primary(bitcastText(expr(e.a, cx), within(e.a, PREC.primary, cx), e.a.dtype, e.dtype, cx));
    case 'call': {
      const first = e.args[0]!.dtype;
      const type = isNarrowFloat(first) ? 'f32' : first;
      const result = e.fn === 'isnan' || e.fn === 'isinf' || e.fn === 'isfinite' ? 'bool' : type;
      const call = mathCall(
        e.fn,
        e.args.map((a) => wide(a, cx)),
        type,
        cx,
      );
      if (result !== e.dtype) return primary(castText(call, result, e.dtype, cx));
      return primary(call);
    }
    case 'reg':
      return primary(`${cx.name(e.array)}[${expr(e.index, cx)}]`);
    case 'load':
      return primary(element(e.addr, cx));
    case 'shflXor':
      return shuffle('__shfl_xor_sync', e.a, `${e.lanes}`, cx);
    case 'shflUp':
      return shuffle('__shfl_up_sync', e.a, `${e.lanes}`, cx);
    case 'shfl':
      return shuffle('__shfl_sync', e.a, expr(e.lane, cx), cx);
    case 'ptx':
      return primary(
        ptxCall(
          e.template,
          e.args.map((a) => a.dtype),
          e.args.map((a) => expr(a, cx)),
          e.dtype,
          cx,
        ),
      );
  }
}

/** `e` as an operand of arithmetic: narrow floats as float. */
const wide = (e: DExpr, cx: Context): string => (isNarrowFloat(e.dtype) ? `float(${expr(e, cx)})` : expr(e, cx));

const operand = (e: DExpr, cx: Context): Printed => (isNarrowFloat(e.dtype) ? primary(wide(e, cx)) : print(e, cx));

/** Brings the result of C's arithmetic back to `dtype`, if C computed it in a wider type. */
const narrowed = (p: Printed, dtype: DType, cx: Context): Printed =>
  needsNarrowing(dtype) ? primary(`${cx.type(dtype)}(${p.text})`) : p;

function unary(e: Extract<DExpr, { kind: 'unary' }>, cx: Context): Printed {
  const sign = e.op === 'neg' ? '-' : e.op === 'not' || e.dtype === 'bool' ? '!' : '~';
  const a = operand(e.a, cx);
  const inner = a.prec < PREC.unary ? `(${a.text})` : a.text;
  return narrowed({ text: `${sign}${inner.startsWith('-') ? `(${inner})` : inner}`, prec: PREC.unary }, e.dtype, cx);
}

function binary(e: Extract<DExpr, { kind: 'binary' }>, cx: Context): Printed {
  const dtype = isNarrowFloat(e.a.dtype) ? 'f32' : e.a.dtype;
  const form = binaryForm(e.op, dtype, cx);
  const a = operand(e.a, cx);
  const b = operand(e.b, cx);
  if (form.kind === 'function') return narrowed(primary(`${form.name}(${a.text}, ${b.text})`), e.dtype, cx);
  if (e.op === 'add' && e.b.kind === 'const' && !isFloat(dtype) && !isNarrowInt(dtype) && b.text.startsWith('-')) {
    return { text: `${side(a, form, form.prec)} - ${b.text.slice(1)}`, prec: form.prec, infix: form };
  }
  const text = `${side(a, form, form.prec)} ${form.text} ${side(b, form, rightPrec(e.op, form))}`;
  return narrowed({ text, prec: form.prec, infix: form }, e.dtype, cx);
}

/** && and || associate either way; elsewhere the order of evaluation is kept. */
const rightPrec = (op: string, form: Infix): number => (op === 'land' || op === 'lor' ? form.prec : form.prec + 1);

const side = (p: Printed, outer: Infix, prec: number): string =>
  p.prec < prec || (p.infix !== undefined && confusing(outer, p.infix)) ? `(${p.text})` : p.text;

function shuffle(fn: string, a: DExpr, lane: string, cx: Context): Printed {
  const call = (text: string): string => `${fn}(0xffffffff, ${text}, ${lane})`;
  const bits = isNarrowFloat(a.dtype) ? `${within(a, PREC.primary, cx)}.bits` : undefined;
  if (bits !== undefined) return primary(`${cx.type(a.dtype)}::from_bits(${call(`int(${bits})`)})`);
  if (isNarrowInt(a.dtype) || a.dtype === 'bool') return primary(`${cx.type(a.dtype)}(${call(`int(${expr(a, cx)})`)})`);
  return primary(call(expr(a, cx)));
}

// ------------------------------------------------------------------------------------------------------- addresses

const isZero = (e: DExpr): boolean => e.kind === 'const' && Number(e.value) === 0;

/** The pointer that `addr` counts from, of the address's own element type. */
function base(addr: Addr, cx: Context): string {
  const known = cx.bases.get(addr.base);
  if (!known) throw new Error(`no parameter, shared buffer or pointer is named ${addr.base}`);
  const name = cx.name(addr.base);
  if (known.dtype === addr.dtype) return name;
  return `reinterpret_cast<${known.readonly ? 'const ' : ''}${cx.type(addr.dtype)}*>(${name})`;
}

/** One element of memory, as an lvalue. */
export const element = (addr: Addr, cx: Context): string => `${base(addr, cx)}[${expr(addr.offset, cx)}]`;

/** A pointer to an element of memory. */
export const pointer = (addr: Addr, cx: Context): string =>
  isZero(addr.offset) ? base(addr, cx) : `&${element(addr, cx)}`;

/** A pointer to an element of a register array. */
export const registers = (ref: RegRef, cx: Context): string =>
  isZero(ref.index) ? cx.name(ref.array) : `&${cx.name(ref.array)}[${expr(ref.index, cx)}]`;
