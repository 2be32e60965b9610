/** Traversals of Device IR. */
import type { Addr, DExpr, DStmt, RegRef } from './schema.ts';

/** The direct operands of an expression; those of an address are its offset. */
export function operandsOf(e: DExpr): readonly DExpr[] {
  switch (e.kind) {
    case 'const':
    case 'var':
    case 'special':
      return [];
    case 'unary':
    case 'cast':
    case 'bitcast':
    case 'shflXor':
    case 'shflUp':
      return [e.a];
    case 'binary':
      return [e.a, e.b];
    case 'select':
      return [e.cond, e.a, e.b];
    case 'call':
    case 'ptx':
      return e.args;
    case 'reg':
      return [e.index];
    case 'load':
      return [e.addr.offset];
    case 'shfl':
      return [e.a, e.lane];
  }
}

/** Calls `f` on `e` and all expressions in it, parents first. */
export function walkExpr(e: DExpr, f: (e: DExpr) => void): void {
  f(e);
  for (const x of operandsOf(e)) walkExpr(x, f);
}

const maybe = (e: DExpr | undefined): readonly DExpr[] => (e ? [e] : []);

/** The expressions that stand in a statement itself, not in its bodies. */
export function exprsOf(s: DStmt): readonly DExpr[] {
  switch (s.kind) {
    case 'declare':
    case 'assign':
      return [s.value];
    case 'pointer':
      return [s.addr.offset];
    case 'registers':
      return maybe(s.init);
    case 'setReg':
      return [s.index, s.value];
    case 'store':
    case 'atomic':
      return [s.addr.offset, s.value];
    case 'loadVec':
      return [s.dst.index, s.addr.offset, ...maybe(s.pred)];
    case 'storeVec':
      return [s.src.index, s.addr.offset, ...maybe(s.pred)];
    case 'convert':
      return [s.dst.index, s.src.index];
    case 'cpAsync':
      return [s.dst.offset, s.src.offset, ...maybe(s.pred)];
    case 'ldmatrix':
      return [s.dst.index, s.addr.offset];
    case 'mma':
      return [s.a.index, s.b.index, s.c.index];
    case 'for':
      return [s.start, s.stop, s.step];
    case 'if':
    case 'while':
    case 'assert':
      return [s.cond];
    case 'print':
      return s.args;
    case 'comment':
    case 'cpAsyncCommit':
    case 'cpAsyncWait':
    case 'barrier':
    case 'warpSync':
    case 'break':
    case 'continue':
    case 'return':
      return [];
  }
}

/** The statement lists inside a statement. */
export function bodiesOf(s: DStmt): readonly (readonly DStmt[])[] {
  switch (s.kind) {
    case 'for':
    case 'while':
      return [s.body];
    case 'if':
      return [s.then, s.else];
    default:
      return [];
  }
}

/** Registers that a statement itself writes. */
export function registersWritten(s: DStmt): readonly RegRef[] {
  switch (s.kind) {
    case 'setReg':
      return [{ array: s.array, index: s.index }];
    case 'loadVec':
    case 'convert':
    case 'ldmatrix':
      return [s.dst];
    case 'mma':
      return [s.c];
    default:
      return [];
  }
}

/** Memory that a statement itself reads or writes as a whole, element loads in its expressions apart. */
export function addressesOf(s: DStmt): readonly { readonly addr: Addr; readonly write: boolean }[] {
  switch (s.kind) {
    case 'store':
    case 'storeVec':
    case 'atomic':
      return [{ addr: s.addr, write: true }];
    case 'loadVec':
    case 'ldmatrix':
      return [{ addr: s.addr, write: false }];
    case 'cpAsync':
      return [
        { addr: s.dst, write: true },
        { addr: s.src, write: false },
      ];
    default:
      return [];
  }
}

export function walkStmts(body: readonly DStmt[], f: (s: DStmt) => void): void {
  for (const s of body) {
    f(s);
    for (const b of bodiesOf(s)) walkStmts(b, f);
  }
}
