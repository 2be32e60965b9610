/** Tile IR expressions as JavaScript expressions. */
import * as msg from '../../diagnostics/messages/cpu.ts';
import { fail } from '../../diagnostics/report.ts';
import { convert as convertNumber } from '../../dsl/convert.ts';
import type { DType } from '../../ir/dtype.ts';
import type { Binary, Const, Expr, Load } from '../../ir/tile/schema.ts';
import { elementRef, elementVal } from './access.ts';
import { bitcast, codeFromBits, convert, encodeFrom, settled } from './casts.ts';
import { bufferOf, type Context, check, site } from './context.ts';
import { mathVal } from './math.ts';
import { binaryVal, unaryVal } from './operators.ts';
import { codeOf, encode, isNarrowFloat } from './storage.ts';
import { oddF32, toBF16, toE4M3, toE5M2, toF16 } from './support/narrow.ts';
import { isBig, isSmallInt, mayBeZero, PREC, primary, rangeOf, type Val, val, within } from './value.ts';

/** The value of `e`, rounded and wrapped to its dtype. bools are booleans, 64-bit integers BigInts, all else numbers. */
export const exprVal = (cx: Context, e: Expr): Val => settled(cx, looseVal(cx, e), e.dtype);

export const exprText = (cx: Context, e: Expr): string => exprVal(cx, e).text;

/** What a typed array of `e`'s dtype stores for it: codes of narrow floats, 0 and 1 for bools. The array itself rounds and wraps. */
export function storedText(cx: Context, e: Expr): string {
  const known = code(cx, e);
  if (known !== undefined) return known;
  return storedVal(cx, looseVal(cx, e), e.dtype);
}

/** The same of a value, which need not be settled. */
export function storedVal(cx: Context, v: Val, d: DType): string {
  if (isNarrowFloat(d)) return v.unrounded ? encode(cx, v.text, d) : codeOf(cx, v.text, d);
  if (d === 'bool') return `${within(v, PREC.lor)} ? 1 : 0`;
  return isBig(d) ? settled(cx, v, d).text : v.text;
}

const ENCODERS = { f16: toF16, bf16: toBF16, f8e4m3: toE4M3, f8e5m2: toE5M2 } as const;

/** The code of a narrow float, where it need not be made from a value: an element moves bit by bit. */
function code(cx: Context, e: Expr): string | undefined {
  if (!isNarrowFloat(e.dtype)) return undefined;
  switch (e.kind) {
    case 'const':
      return `${ENCODERS[e.dtype](oddF32(Number(e.value)))}`;
    case 'load':
      return elementRef(cx, e.buffer, e.indices, 'read', e.span);
    case 'cast':
      return e.a.dtype === e.dtype ? code(cx, e.a) : encodeFrom(cx, looseVal(cx, e.a), e.a.dtype, e.dtype);
    case 'bitcast':
      return code(cx, e.a) ?? codeFromBits(cx, exprVal(cx, e.a), e.a.dtype, e.dtype);
    default:
      return undefined;
  }
}

/** The value of `e`; the last rounding or wrap may still be due. */
function looseVal(cx: Context, e: Expr): Val {
  switch (e.kind) {
    case 'const':
      return constant(e);
    case 'var':
      return variable(cx, e.name, e.dtype);
    case 'unary':
      return unaryVal(e.op, looseVal(cx, e.a), e.dtype);
    case 'binary':
      return binary(cx, e);
    case 'select': {
      const [a, b] = [looseVal(cx, e.a), looseVal(cx, e.b)];
      const cond = exprVal(cx, e.cond);
      const text = `${within(cond, PREC.lor)} ? ${within(a, PREC.conditional + 1)} : ${within(b, PREC.conditional)}`;
      const range = [Math.min(a.lo, b.lo), Math.max(a.hi, b.hi)] as const;
      return {
        ...val(text, PREC.conditional, range),
        minusZero: a.minusZero === true || b.minusZero === true,
        unrounded: a.unrounded === true || b.unrounded === true,
      };
    }
    case 'cast':
      return convert(cx, looseVal(cx, e.a), e.a.dtype, e.dtype);
    case 'bitcast':
      return bitcast(cx, exprVal(cx, e.a), code(cx, e.a), e.a.dtype, e.dtype);
    case 'call':
      return mathVal(
        cx,
        e.fn,
        e.args.map((a) => exprVal(cx, a)),
        e.args[0]!.dtype,
      );
    case 'load':
      return load(cx, e);
    case 'ptx':
      return e.fallback ? looseVal(cx, e.fallback) : fail(msg.ptxWithoutFallback(), e.span);
  }
}

function constant(e: Const): Val {
  const { dtype, value } = e;
  if (dtype === 'bool') return primary(value ? 'true' : 'false');
  if (isBig(dtype)) return val(`${BigInt(value)}n`, BigInt(value) < 0n ? PREC.unary : PREC.primary);
  const n = numberOf(Number(value), dtype);
  const text = Object.is(n, -0) ? '-0' : `${n}`;
  const prec = text.startsWith('-') ? PREC.unary : PREC.primary;
  return val(text, prec, isSmallInt(dtype) ? [n, n] : undefined);
}

const numberOf = (n: number, dtype: DType): number => Number(convertNumber(n, dtype));

function variable(cx: Context, name: string, dtype: DType): Val {
  return primary(cx.name(name), isSmallInt(dtype) ? (cx.ranges.get(name) ?? rangeOf(dtype)) : undefined);
}

function binary(cx: Context, e: Binary): Val {
  const nonzero = (b: Val): Val => {
    if (!cx.checks || !(isBig(e.b.dtype) || mayBeZero(b)) || e.b.kind === 'const') return b;
    const number = site(cx, { span: e.span, buffer: '', dim: -1, access: 'read' });
    return primary(`${check(cx, 'nonzero')}(${b.text}, ${number})`, [b.lo === 0 ? 1 : b.lo, b.hi]);
  };
  return binaryVal(cx, e.op, looseVal(cx, e.a), looseVal(cx, e.b), e.a.dtype, e.b.dtype, nonzero);
}

function load(cx: Context, e: Load): Val {
  return elementVal(cx, elementRef(cx, e.buffer, e.indices, 'read', e.span), bufferOf(cx, e.buffer));
}
