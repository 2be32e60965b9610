/** Statements: Tile IR → Device IR. One row a node. */
import type { DExpr } from '../../ir/device/schema.ts';
import type { Expr, For, Stmt } from '../../ir/tile/schema.ts';
import { address } from './address.ts';
import type { Lowering } from './context.ts';
import { lowerAsync, lowerCopy, lowerFill } from './copy.ts';
import { add, compare, dvar, ibin, int } from './dexpr.ts';
import { single } from './digits.ts';
import { lowerExpr } from './expr.ts';
import { lowerGemm } from './gemm.ts';
import { lowerParallel, lowerStore } from './parallel.ts';
import { lowerReduce } from './reduce.ts';

const isTid0 = compare('eq', dvar('tid'), int(0));

export function lowerStmts(cx: Lowering, stmts: readonly Stmt[]): void {
  for (const s of stmts) lowerStmt(cx, s);
}

function lowerStmt(cx: Lowering, s: Stmt): void {
  const { span } = s;
  switch (s.kind) {
    case 'let':
      return cx.emit({
        kind: 'declare',
        name: s.name,
        dtype: s.dtype,
        const: true,
        value: lowerExpr(cx, s.value),
        span,
      });
    case 'declare':
      return cx.emit({
        kind: 'declare',
        name: s.name,
        dtype: s.dtype,
        const: false,
        value: lowerExpr(cx, s.value),
        span,
      });
    case 'assign':
      return cx.emit({ kind: 'assign', name: s.name, value: lowerExpr(cx, s.value), span });
    case 'store':
      return lowerStore(cx, s);
    case 'for':
      return lowerFor(cx, s);
    case 'parallel':
      return s.async ? lowerAsync(cx, s) : lowerParallel(cx, s);
    case 'if': {
      const cond = lowerExpr(cx, s.cond);
      const then = cx.collect(() => lowerStmts(cx, s.then));
      const other = cx.collect(() => lowerStmts(cx, s.else));
      return cx.emit({ kind: 'if', cond, then, else: other, span });
    }
    case 'while': {
      const cond = lowerExpr(cx, s.cond);
      return cx.emit({ kind: 'while', cond, body: cx.collect(() => lowerStmts(cx, s.body)), span });
    }
    case 'break':
    case 'continue':
    case 'return':
      return cx.emit({ kind: s.kind, span });
    case 'copy':
      return scoped(cx, () => lowerCopy(cx, s), span);
    case 'fill':
      return scoped(cx, () => lowerFill(cx, s), span);
    case 'gemm':
      return lowerGemm(cx, s);
    case 'reduce':
      return lowerReduce(cx, s);
    case 'cumsum':
      throw new Error('internal: cumsum is rewritten by legalize');
    case 'atomic': {
      const atomic = {
        kind: 'atomic',
        op: s.op,
        addr: address(cx, { ...s, kind: 'store' }),
        value: lowerExpr(cx, s.value),
        span,
      } as const;
      return once(cx, atomic);
    }
    case 'print':
      return once(cx, { kind: 'print', format: s.format, args: s.args.map((a) => lowerExpr(cx, a)), span });
    case 'assert':
      return cx.emit({ kind: 'assert', cond: lowerExpr(cx, s.cond), message: s.message, span });
    case 'commitGroup':
      return cx.emit({ kind: 'cpAsyncCommit', span });
    case 'waitGroup':
      return cx.emit({ kind: 'cpAsyncWait', pending: s.pending, span });
    case 'barrier':
      return cx.barrier(span);
  }
}

/** Statements with pointers of their own become a block, so that the names do not leak: a copy can stand in any scope. */
function scoped(cx: Lowering, body: () => void, span: Stmt['span']): void {
  const inner = cx.collect(body);
  for (const s of inner) cx.emit(s.span ? s : { ...s, span });
}

/** What must not happen once a thread: done by thread 0, or by one of the threads that share an element. */
function once(cx: Lowering, s: Parameters<Lowering['emit']>[0]): void {
  const guard: DExpr | undefined = cx.inParallel ? cx.replicaGuard : isTid0;
  cx.emit(guard ? { kind: 'if', cond: guard, then: [s], else: [], span: s.span } : s);
}

const constantOf = (e: Expr): number | undefined => (e.kind === 'const' ? Number(e.value) : undefined);

function lowerFor(cx: Lowering, s: For): void {
  const [start, stop, step] = [constantOf(s.start), constantOf(s.stop), constantOf(s.step)];
  const known = start !== undefined && stop !== undefined && step !== undefined && step > 0;
  if (s.loop === 'unroll' && known) {
    // The variable is a digit: divisions and layouts by it come out at compile time.
    const trips = Math.max(0, Math.ceil((stop - start) / step));
    if (trips === 0) return;
    cx.unrolled(s.v, trips, (digit) => {
      const coord = { terms: single(digit, step).terms, offset: start };
      cx.bound.set(s.v, { coord });
      lowerStmts(cx, s.body);
      cx.bound.delete(s.v);
    });
    return;
  }
  let from = lowerExpr(cx, s.start);
  let by = lowerExpr(cx, s.step);
  if (s.loop === 'persistent') {
    from = add(from, ibin('mul', { kind: 'special', name: 'blockIdx.x', dtype: 'i32' }, by));
    by = ibin('mul', { kind: 'special', name: 'gridDim.x', dtype: 'i32' }, by);
  }
  // The bound is taken once, as in TypeScript: the body may change what it was made of.
  const end = lowerExpr(cx, s.stop);
  const fixed = end.kind === 'const' || (end.kind === 'var' && cx.facts.has(end.name));
  const bound = fixed ? end : cx.declare(`${s.v}_end`, end, s.span);
  const body = cx.collect(() => lowerStmts(cx, s.body));
  // `serial` stays a loop: unrolled, its body would cost registers and compile time. Who wants that says `unroll`.
  const unroll = s.loop === 'unroll' ? true : 1;
  cx.emit({ kind: 'for', v: s.v, start: from, stop: bound, step: by, unroll, body, span: s.span });
}
