/** Statements of Device IR. */

import * as msg from '../../diagnostics/messages/dir.ts';
import { bytesOf, type DType } from '../dtype.ts';
import { gcd } from '../integers.ts';
import type { Level } from './divergence.ts';
import { exactly } from './numbers.ts';
import type { DExpr, DStmt, RegRef } from './schema.ts';
import { type DeviceContext, scalar } from './verify-context.ts';
import { verifyAddress, verifyExpr, verifyRegisters } from './verify-expr.ts';
import { exprsOf, walkExpr } from './walk.ts';

type Of<K extends DStmt['kind']> = Extract<DStmt, { kind: K }>;

/** What stands around a statement: a loop, and how far threads may disagree that it is reached. */
export interface Around {
  readonly loop: boolean;
  readonly level: Level;
}

export function verifyStmts(cx: DeviceContext, body: readonly DStmt[], around: Around): void {
  const outer = cx.place;
  for (const s of body) {
    cx.place = s.span ?? outer;
    for (const e of exprsOf(s)) synchronous(cx, e, around);
    stmt(cx, s, around);
  }
  cx.place = outer;
}

const inner = (cx: DeviceContext, body: readonly DStmt[], around: Around): void =>
  cx.scoped(() => verifyStmts(cx, body, around));

function stmt(cx: DeviceContext, s: DStmt, around: Around): void {
  switch (s.kind) {
    case 'comment':
    case 'cpAsyncCommit':
    case 'return':
      break;
    case 'declare':
      verifyExpr(cx, s.value, s.dtype, `the value of \`${s.name}\``);
      cx.declare(
        s.name,
        s.const
          ? scalar(s.dtype, { known: cx.known(s.value), fixed: cx.isFixed(s.value) })
          : scalar(s.dtype, { assignable: true }),
      );
      break;
    case 'assign': {
      const known = cx.scalar(s.name);
      verifyExpr(cx, s.value, known?.dtype, `the value of \`${s.name}\``);
      if (known && !known.assignable) cx.report(msg.readOnly(s.name));
      break;
    }
    case 'pointer': {
      verifyExpr(cx, s.addr.offset);
      const base = verifyAddress(cx, s.addr, !s.readonly, 1, `the pointer \`${s.name}\``);
      const align = base ? cx.alignOf(s.addr, base) : 1;
      cx.declare(s.name, { kind: 'base', space: s.addr.space, dtype: s.addr.dtype, writable: !s.readonly, align });
      break;
    }
    case 'registers':
      if (!Number.isInteger(s.length) || s.length < 1)
        cx.report(msg.badOperand(`the length of \`${s.name}\``, s.length, 'a whole number, at least 1'));
      if (s.init) verifyExpr(cx, s.init, s.dtype, `what fills \`${s.name}\``);
      cx.declare(s.name, { kind: 'registers', dtype: s.dtype, length: s.length });
      break;
    case 'setReg': {
      verifyExpr(cx, s.index);
      const array = verifyRegisters(cx, s, 1);
      verifyExpr(cx, s.value, array?.dtype, `what goes into \`${s.array}\``);
      break;
    }
    case 'store':
    case 'atomic':
      verifyExpr(cx, s.addr.offset);
      verifyAddress(cx, s.addr, true, 1, `a store to \`${s.addr.base}\``);
      verifyExpr(cx, s.value, s.addr.dtype, `what goes to \`${s.addr.base}\``);
      break;
    case 'loadVec':
      vector(cx, s.dst, s, `a load of ${s.count} from \`${s.addr.base}\``);
      verifyAddress(cx, s.addr, false, s.count, `a load of ${s.count} from \`${s.addr.base}\``);
      break;
    case 'storeVec':
      vector(cx, s.src, s, `a store of ${s.count} to \`${s.addr.base}\``);
      verifyAddress(cx, s.addr, true, s.count, `a store of ${s.count} to \`${s.addr.base}\``);
      break;
    case 'convert':
      convert(cx, s);
      break;
    case 'cpAsync':
      cpAsync(cx, s);
      break;
    case 'cpAsyncWait':
      if (!Number.isInteger(s.pending) || s.pending < 0)
        cx.report(msg.badOperand('the number of pending groups', s.pending, 'a whole number, at least 0'));
      break;
    case 'barrier':
      barrier(cx, s, around);
      break;
    case 'warpSync':
      together(cx, 'warpSync', around, 1);
      break;
    case 'ldmatrix':
      ldmatrix(cx, s, around);
      break;
    case 'mma':
      mma(cx, s, around);
      break;
    case 'for':
      loop(cx, s, around);
      break;
    case 'while':
      verifyExpr(cx, s.cond, 'bool', 'a condition');
      inner(cx, s.body, { loop: true, level: cx.divergence.inLoop(s, around.level) });
      break;
    case 'if': {
      verifyExpr(cx, s.cond, 'bool', 'a condition');
      const level = Math.max(around.level, cx.divergence.of(s.cond)) as Level;
      inner(cx, s.then, { ...around, level });
      inner(cx, s.else, { ...around, level });
      break;
    }
    case 'break':
    case 'continue':
      if (!around.loop) cx.report(msg.jumpOutside(s.kind));
      break;
    case 'print':
      for (const a of s.args) verifyExpr(cx, a);
      if (s.format.split('{}').length - 1 !== s.args.length)
        cx.report(msg.badOperand('the number of printed values', s.args.length, `that of \`{}\` in "${s.format}"`));
      break;
    case 'assert':
      verifyExpr(cx, s.cond, 'bool', 'what is asserted');
      break;
  }
}

// ------------------------------------------------------------------------------------------------- threads together

const WHO = ['', 'whole warps may miss it', 'single lanes may miss it'] as const;

/** `most`: how far the threads may disagree. */
function together(cx: DeviceContext, what: string, around: Around, most: 0 | 1): void {
  const level = Math.max(around.level, cx.divergence.afterReturns) as Level;
  if (level > most) cx.report(msg.divergent(what, WHO[level]));
}

/** Shuffles exchange values of a whole warp. */
function synchronous(cx: DeviceContext, e: DExpr, around: Around): void {
  walkExpr(e, (x) => {
    if (x.kind === 'shfl' || x.kind === 'shflUp' || x.kind === 'shflXor') together(cx, x.kind, around, 1);
  });
}

function barrier(cx: DeviceContext, s: Of<'barrier'>, around: Around): void {
  const { threads } = cx.kernel;
  const over = s.threads ?? threads;
  if (!Number.isInteger(s.id) || s.id < 0 || s.id > 15)
    cx.report(msg.badOperand('the number of a barrier', s.id, '0 … 15'));
  if (!Number.isInteger(over) || over % 32 !== 0 || over < 32 || over > Math.max(threads, 32))
    cx.report(msg.badOperand('the threads of a barrier', over, `whole warps of ${threads} threads`));
  together(cx, 'barrier', around, over === threads ? 0 : 1);
}

// ------------------------------------------------------------------------------------------------------ whole vectors

function vector(cx: DeviceContext, r: RegRef, s: Of<'loadVec' | 'storeVec'>, what: string): void {
  for (const e of exprsOf(s)) verifyExpr(cx, e);
  if (s.pred && s.pred.dtype !== 'bool') cx.report(msg.dtypeOf('a predicate', 'bool', s.pred.dtype));
  const array = verifyRegisters(cx, r, s.count, s.count * bytesOf(s.addr.dtype));
  if (array && array.dtype !== s.addr.dtype)
    cx.report(msg.dtypeOf(`the registers of ${what}`, s.addr.dtype, array.dtype));
}

function convert(cx: DeviceContext, s: Of<'convert'>): void {
  for (const e of exprsOf(s)) verifyExpr(cx, e);
  for (const [r, dtype] of [
    [s.dst, s.to],
    [s.src, s.from],
  ] as const) {
    // Narrow values are converted in pairs, which are words.
    const pair = s.count > 1 && bytesOf(dtype) < 4 ? 2 * bytesOf(dtype) : 1;
    const array = verifyRegisters(cx, r, s.count, pair);
    if (array && array.dtype !== dtype)
      cx.report(msg.dtypeOf(`what is converted in \`${r.array}\``, dtype, array.dtype));
  }
}

function cpAsync(cx: DeviceContext, s: Of<'cpAsync'>): void {
  for (const e of exprsOf(s)) verifyExpr(cx, e);
  if (s.pred && s.pred.dtype !== 'bool') cx.report(msg.dtypeOf('a predicate', 'bool', s.pred.dtype));
  if (s.dst.space !== 'shared') cx.report(msg.wrongSpace(s.dst.base, 'shared', s.dst.space));
  if (s.src.space !== 'global') cx.report(msg.wrongSpace(s.src.base, 'global', s.src.space));
  if (![4, 8, 16].includes(s.bytes)) cx.report(msg.badOperand('the bytes of an async copy', s.bytes, '4, 8 or 16'));
  for (const [addr, write] of [
    [s.dst, true],
    [s.src, false],
  ] as const)
    verifyAddress(
      cx,
      addr,
      write,
      s.bytes / bytesOf(addr.dtype),
      `an async copy ${write ? 'to' : 'from'} \`${addr.base}\``,
    );
}

// -------------------------------------------------------------------------------------------------------- matrices

const ROW_BYTES = 16;
const WORD = 4;

function ldmatrix(cx: DeviceContext, s: Of<'ldmatrix'>, around: Around): void {
  together(cx, 'ldmatrix', around, 1);
  for (const e of exprsOf(s)) verifyExpr(cx, e);
  const bytes = bytesOf(s.addr.dtype);
  if (bytes > 2) cx.report(msg.noInstruction(`\`ldmatrix\` for ${s.addr.dtype}`));
  if (s.addr.space !== 'shared') cx.report(msg.wrongSpace(s.addr.base, 'shared', s.addr.space));
  const array = verifyRegisters(cx, s.dst, (s.matrices * WORD) / bytes, WORD);
  if (array && bytesOf(array.dtype) !== bytes)
    cx.report(msg.dtypeOf(`the registers of \`ldmatrix\``, s.addr.dtype, array.dtype));
  verifyAddress(cx, s.addr, false, ROW_BYTES / bytes, `a row of \`${s.addr.base}\``);
}

/** Elements of a, b and c that one thread holds. */
const MMA_REGISTERS = { m16n8k8: [4, 2, 4], m16n8k16: [8, 4, 4], m16n8k32: [16, 8, 4] } as const;

function mmaExists(cx: DeviceContext, s: Of<'mma'>): boolean {
  const f8 = (d: DType): boolean => d === 'f8e4m3' || d === 'f8e5m2';
  if (s.shape !== 'm16n8k32')
    return (
      s.aType === s.bType &&
      ((s.aType === 'f16' && (s.cType === 'f16' || s.cType === 'f32')) || (s.aType === 'bf16' && s.cType === 'f32'))
    );
  if (f8(s.aType) && f8(s.bType)) return s.cType === 'f32' && (cx.target?.hasFp8 ?? true);
  return [s.aType, s.bType].every((d) => d === 'i8' || d === 'u8') && s.cType === 'i32';
}

function mma(cx: DeviceContext, s: Of<'mma'>, around: Around): void {
  together(cx, 'mma', around, 1);
  for (const e of exprsOf(s)) verifyExpr(cx, e);
  if (!mmaExists(cx, s))
    cx.report(
      msg.noInstruction(
        `\`mma.${s.shape}\` of ${s.aType} and ${s.bType} into ${s.cType}${cx.target ? ` on ${cx.target.arch}` : ''}`,
      ),
    );
  const counts = MMA_REGISTERS[s.shape];
  for (const [i, [r, dtype]] of [[s.a, s.aType] as const, [s.b, s.bType] as const, [s.c, s.cType] as const].entries()) {
    const array = verifyRegisters(cx, r, counts[i]!, WORD);
    if (array && array.dtype !== dtype)
      cx.report(msg.dtypeOf(`an operand of \`mma\`, \`${r.array}\`,`, dtype, array.dtype));
  }
}

// ----------------------------------------------------------------------------------------------------------- loops

function loop(cx: DeviceContext, s: Of<'for'>, around: Around): void {
  const { dtype } = s.start;
  for (const e of [s.start, s.stop, s.step]) verifyExpr(cx, e, dtype, `a bound of the loop over \`${s.v}\``);
  if (dtype !== 'i32' && dtype !== 'i64') cx.report(msg.dtypeOf(`the variable \`${s.v}\``, 'i32 or i64', dtype));
  const [start, stop, step] = [s.start, s.stop, s.step].map((e) => cx.known(e));
  if (step!.hi <= 0) cx.report(msg.badLoop(s.v, 'does not step forwards'));
  const constant = [start!, stop!, step!].every((k) => k.lo === k.hi);
  if (s.unroll === true && !constant) cx.report(msg.badLoop(s.v, 'is to be unrolled, and its length is not known'));
  const multiple = start!.multiple === 0 ? step!.multiple : gcd(start!.multiple, step!.multiple);
  // The last value that is reached, where the steps are known.
  const last = constant
    ? start!.lo + Math.max(0, Math.ceil((stop!.lo - start!.lo) / step!.lo) - 1) * step!.lo
    : Math.max(start!.lo, stop!.hi - 1);
  const known = constant && last === start!.lo ? exactly(last) : { lo: start!.lo, hi: last, multiple };
  cx.scoped(() => {
    cx.declare(s.v, scalar(dtype, { known, fixed: s.unroll === true }));
    verifyStmts(cx, s.body, { loop: true, level: cx.divergence.inLoop(s, around.level) });
  });
}
