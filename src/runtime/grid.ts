/** Grid extents: expressions over dimensions and scalar parameters, as closures that the host evaluates at each launch. */
import type { BinaryOp, Expr } from '../ir/tile/schema.ts';

/** Values by slot. */
export type Env = readonly number[];
export type Evaluate = (env: Env) => number;

/** Throws where the expression needs what only the device has. `slotOf` gives a variable's place in the environment. */
export function compileExpr(e: Expr, slotOf: (name: string) => number): Evaluate {
  const go = (x: Expr): Evaluate => compileExpr(x, slotOf);
  switch (e.kind) {
    case 'const': {
      const value = Number(e.value);
      return () => value;
    }
    case 'var': {
      const slot = slotOf(e.name);
      return (env) => env[slot]!;
    }
    case 'unary': {
      const a = go(e.a);
      if (e.op === 'neg') return (env) => -a(env);
      return e.op === 'not' ? (env) => (a(env) ? 0 : 1) : (env) => ~a(env);
    }
    case 'binary': {
      const [a, b] = [go(e.a), go(e.b)];
      const op = BINARY[e.op];
      return (env) => op(a(env), b(env));
    }
    case 'select': {
      const [cond, a, b] = [go(e.cond), go(e.a), go(e.b)];
      return (env) => (cond(env) ? a(env) : b(env));
    }
    case 'cast': {
      const a = go(e.a);
      return e.dtype === 'bool' ? (env) => (a(env) ? 1 : 0) : /^[iu]/.test(e.dtype) ? (env) => Math.trunc(a(env)) : a;
    }
    case 'call': {
      const args = e.args.map(go);
      const fn = HOST_CALLS[e.fn];
      if (fn) return (env) => fn(...args.map((f) => f(env)));
      break;
    }
    default:
      break;
  }
  throw new Error(`internal: a grid extent holds a ${e.kind}${e.kind === 'call' ? ` of ${e.fn}` : ''}`);
}

const HOST_CALLS: Partial<Record<string, (...args: number[]) => number>> = {
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  round: Math.round,
  sign: Math.sign,
  clamp: (x, low, high) => Math.min(Math.max(x!, low!), high!),
};

const BINARY: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  floordiv: (a, b) => Math.floor(a / b),
  ceildiv: (a, b) => Math.ceil(a / b),
  rem: (a, b) => a % b,
  min: Math.min,
  max: Math.max,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >> b,
  eq: (a, b) => (a === b ? 1 : 0),
  ne: (a, b) => (a !== b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  gt: (a, b) => (a > b ? 1 : 0),
  ge: (a, b) => (a >= b ? 1 : 0),
  land: (a, b) => (a && b ? 1 : 0),
  lor: (a, b) => (a || b ? 1 : 0),
};
