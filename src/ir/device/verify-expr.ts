/** Expressions of Device IR: names, dtypes, register indices, addresses. */
import * as msg from '../../diagnostics/messages/dir.ts';
import { bytesOf, classOf, type DType, isFloat, isInteger } from '../dtype.ts';
import { MATH_FNS } from '../tile/schema.ts';
import { binaryDType, callDType } from '../tile/text.ts';
import { printDeviceExpr } from './printer.ts';
import type { Addr, DExpr, RegRef } from './schema.ts';
import type { Base, DeviceContext, Registers } from './verify-context.ts';
import { operandsOf } from './walk.ts';

/** Reports `e` and what is in it; then whether it has `dtype`, where one is wanted. */
export function verifyExpr(cx: DeviceContext, e: DExpr, dtype?: DType, what = 'a value'): void {
  for (const x of operandsOf(e)) verifyExpr(cx, x);
  node(cx, e);
  if (dtype !== undefined) expect(cx, e, dtype, what);
}

function expect(cx: DeviceContext, e: DExpr, dtype: DType, what: string): void {
  if (e.dtype !== dtype) cx.report(msg.dtypeOf(`${what}, \`${printDeviceExpr(e)}\`,`, dtype, e.dtype));
}

function node(cx: DeviceContext, e: DExpr): void {
  switch (e.kind) {
    case 'const':
      constant(cx, e);
      break;
    case 'var': {
      const known = cx.scalar(e.name);
      if (known) expect(cx, e, known.dtype, 'a name');
      break;
    }
    case 'special':
      break;
    case 'unary':
      expect(cx, e, e.a.dtype, 'a negation');
      break;
    case 'binary':
      binary(cx, e);
      break;
    case 'select':
      expect(cx, e.cond, 'bool', 'a condition');
      expect(cx, e.a, e.dtype, 'a choice');
      expect(cx, e.b, e.dtype, 'a choice');
      break;
    case 'cast':
      break;
    case 'bitcast':
      if (bytesOf(e.dtype) !== bytesOf(e.a.dtype)) expect(cx, e.a, e.dtype, 'what is reinterpreted');
      break;
    case 'call':
      if (e.args.length !== MATH_FNS[e.fn])
        cx.report(msg.badOperand(`the number of arguments of \`${e.fn}\``, e.args.length, `${MATH_FNS[e.fn]}`));
      for (const a of e.args) expect(cx, a, e.args[0]!.dtype, 'an argument');
      if (e.args[0]) expect(cx, e, callDType(e.fn, e.args[0].dtype), 'a call');
      break;
    case 'reg': {
      const array = verifyRegisters(cx, { array: e.array, index: e.index }, 1);
      if (array) expect(cx, e, array.dtype, 'a register');
      break;
    }
    case 'load':
      verifyAddress(cx, e.addr, false, 1, `a load from \`${e.addr.base}\``);
      expect(cx, e, e.addr.dtype, 'a load');
      break;
    case 'shflXor':
    case 'shflUp':
      expect(cx, e, e.a.dtype, 'a shuffle');
      if (!Number.isInteger(e.lanes) || e.lanes < 1 || e.lanes > 31)
        cx.report(msg.badOperand('the distance of a shuffle', e.lanes, '1 … 31'));
      break;
    case 'shfl':
      expect(cx, e, e.a.dtype, 'a shuffle');
      expect(cx, e.lane, 'i32', 'a lane');
      break;
    case 'ptx':
      break;
  }
}

function constant(cx: DeviceContext, e: Extract<DExpr, { kind: 'const' }>): void {
  const kind = classOf(e.dtype);
  const fits =
    kind === 'bool'
      ? typeof e.value === 'boolean'
      : kind === 'float'
        ? typeof e.value === 'number'
        : typeof e.value === 'bigint' || Number.isInteger(e.value);
  if (!fits) cx.report(msg.badOperand(`a constant of ${e.dtype}`, String(e.value), 'a value of it'));
}

function binary(cx: DeviceContext, e: Extract<DExpr, { kind: 'binary' }>): void {
  const shift = e.op === 'shl' || e.op === 'shr';
  const wide = !shift && widened(e.a.dtype, e.b.dtype);
  if (shift) {
    if (!isInteger(e.b.dtype)) cx.report(msg.dtypeOf('the right operand of a shift', 'an integer', e.b.dtype));
  } else if (!wide) expect(cx, e.b, e.a.dtype, `the right operand of \`${e.op}\``);
  if ((e.op === 'land' || e.op === 'lor') && e.a.dtype !== 'bool')
    expect(cx, e.a, 'bool', `the left operand of \`${e.op}\``);
  if ((shift || e.op === 'floordiv' || e.op === 'ceildiv') && isFloat(e.a.dtype))
    cx.report(msg.dtypeOf(`the left operand of \`${e.op}\``, 'an integer', e.a.dtype));
  expect(cx, e, binaryDType(e.op, wide || e.a.dtype), 'an operation');
}

/** An i32 may stand beside an i64, and widens to it, as in C. */
const widened = (a: DType, b: DType): DType | false =>
  (a === 'i64' && b === 'i32') || (a === 'i32' && b === 'i64') ? 'i64' : false;

/** `count` registers from `r` on, which must all exist. */
export function verifyRegisters(cx: DeviceContext, r: RegRef, count: number, align = 1): Registers | undefined {
  const array = cx.registers(r.array);
  if (!array) return undefined;
  if (!isInteger(r.index.dtype)) cx.report(msg.dtypeOf(`the index of \`${r.array}\``, 'an integer', r.index.dtype));
  const { lo, hi, multiple } = cx.known(r.index);
  if (!cx.isFixed(r.index)) cx.report(msg.dynamicIndex(r.array, printDeviceExpr(r.index)), 'warning');
  else if (lo < 0 || hi + count > array.length) cx.report(msg.registerRange(r.array, lo, hi + count - 1, array.length));
  const bytes = bytesOf(array.dtype);
  if (align > bytes && (multiple * bytes) % align !== 0)
    cx.report(msg.misaligned(`\`${r.array}[${printDeviceExpr(r.index)}]\``, align, multiple * bytes));
  return array;
}

/** `count` elements from the address on, moved at once. */
export function verifyAddress(
  cx: DeviceContext,
  a: Addr,
  write: boolean,
  count: number,
  what: string,
): Base | undefined {
  const base = cx.base(a.base);
  if (!base) return undefined;
  if (base.space !== a.space) cx.report(msg.wrongSpace(a.base, a.space, base.space));
  if (write && !base.writable) cx.report(msg.readOnly(a.base));
  if (!isInteger(a.offset.dtype)) cx.report(msg.dtypeOf(`an offset from \`${a.base}\``, 'an integer', a.offset.dtype));
  const bytes = count * bytesOf(a.dtype);
  if (![1, 2, 4, 8, 16].includes(bytes)) cx.report(msg.vectorWidth(what, bytes));
  else {
    const known = cx.alignOf(a, base);
    if (known % bytes !== 0) cx.report(msg.misaligned(what, bytes, known));
  }
  const { lo } = cx.known(a.offset);
  const length = base.length === undefined ? undefined : (base.length * bytesOf(base.dtype)) / bytesOf(a.dtype);
  if (length !== undefined && lo + count > length) cx.report(msg.outOfBounds(a.base, lo, length));
  return base;
}
