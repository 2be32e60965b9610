/** Rules → closures over an environment of slots, and what can be known of a rule ahead of a call. */
import { bytesOf, isDType } from '../../src/ir/dtype.ts';
import { type Binary, type FunctionName, freeNames, type Rule, value } from './ast.ts';

export type Value = number | boolean | string;
/** The values of a rule's names. Lists are read by `name[i]`. */
export type Env = Readonly<Record<string, Value | ArrayLike<number> | undefined>>;
/** A rule over slots of numbers. */
export type Slots = ArrayLike<number>;

/** A rule names what its environment has not, or something not of its kind. A defect of the manifest, not of a call. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

const number = (v: unknown): number => {
  if (typeof v !== 'number') throw new RuleError(`${String(v)} is not a number`);
  return v;
};

function binary(op: Binary, a: Value, b: Value): Value {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '&&':
      return Boolean(a) && Boolean(b);
    case '||':
      return Boolean(a) || Boolean(b);
    default:
      return arithmetic(op, number(a), number(b));
  }
}

function arithmetic(op: Exclude<Binary, '==' | '!=' | '&&' | '||'>, a: number, b: number): number | boolean {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function call(fn: Exclude<FunctionName, 'select'>, args: readonly Value[]): Value {
  const n = (i: number): number => number(args[i]);
  switch (fn) {
    case 'ceilDiv':
      return Math.ceil(n(0) / n(1));
    case 'floorDiv':
      return Math.floor(n(0) / n(1));
    case 'min':
      return Math.min(n(0), n(1));
    case 'max':
      return Math.max(n(0), n(1));
    case 'sqrt':
      return Math.sqrt(n(0));
    case 'log2':
      return Math.log2(n(0));
    case 'isPowerOfTwo':
      return Number.isInteger(n(0)) && n(0) > 0 && Number.isInteger(Math.log2(n(0)));
    case 'bytes': {
      const dtype = String(args[0]);
      if (!isDType(dtype)) throw new RuleError(`bytes('${dtype}'): no such dtype`);
      return bytesOf(dtype);
    }
  }
}

/** The value of the rule. Throws `RuleError`. */
export function evaluate(rule: Rule, env: Env): Value {
  switch (rule.k) {
    case 'value':
      return rule.v;
    case 'name': {
      const v = env[rule.n];
      if (v === undefined) throw new RuleError(`\`${rule.n}\` has no value`);
      if (typeof v === 'object') throw new RuleError(`\`${rule.n}\` is a list`);
      return v;
    }
    case 'un': {
      const a = evaluate(rule.a, env);
      return rule.op === '-' ? -number(a) : !a;
    }
    case 'bin': {
      const a = evaluate(rule.a, env);
      if (rule.op === '&&' && !a) return false;
      if (rule.op === '||' && a) return true;
      return binary(rule.op, a, evaluate(rule.b, env));
    }
    case 'call': {
      if (rule.fn !== 'select')
        return call(
          rule.fn,
          rule.args.map((a) => evaluate(a, env)),
        );
      return evaluate(evaluate(rule.args[0]!, env) ? rule.args[1]! : rule.args[2]!, env);
    }
    case 'at': {
      const list = env[rule.list];
      if (list === undefined || typeof list !== 'object') throw new RuleError(`\`${rule.list}\` is not a list`);
      const i = number(evaluate(rule.i, env));
      const v = list[i];
      if (v === undefined) throw new RuleError(`${rule.list}[${i}] is not there`);
      return v;
    }
    case 'each': {
      const n = number(evaluate(rule.n, env));
      let result: Value = rule.q === 'all' ? true : 0;
      for (let i = 0; i < n; i++) {
        const v = evaluate(rule.body, { ...env, [rule.v]: i });
        if (rule.q === 'all') {
          if (!v) return false;
        } else result = rule.q === 'sum' ? number(result) + number(v) : Math.max(number(result), number(v));
      }
      return result;
    }
  }
}

/** The rule with the names that `env` knows replaced and what follows from them computed. */
export function fold(rule: Rule, env: Env): Rule {
  const known = (r: Rule): r is Rule & { k: 'value' } => r.k === 'value';
  switch (rule.k) {
    case 'value':
      return rule;
    case 'name': {
      const v = env[rule.n];
      return v === undefined || typeof v === 'object' ? rule : value(v);
    }
    case 'un': {
      const a = fold(rule.a, env);
      return known(a) ? value(evaluate({ ...rule, a }, {})) : { ...rule, a };
    }
    case 'bin': {
      const a = fold(rule.a, env);
      const b = fold(rule.b, env);
      if (known(a) && known(b)) return value(binary(rule.op, a.v, b.v));
      if (rule.op === '&&' && known(a)) return a.v ? b : a;
      if (rule.op === '||' && known(a)) return a.v ? a : b;
      return { ...rule, a, b };
    }
    case 'call': {
      const args = rule.args.map((a) => fold(a, env));
      if (rule.fn === 'select' && known(args[0]!)) return args[0].v ? args[1]! : args[2]!;
      return args.every(known) ? value(evaluate({ ...rule, args }, {})) : { ...rule, args };
    }
    case 'at':
      return { ...rule, i: fold(rule.i, env) };
    case 'each':
      return { ...rule, n: fold(rule.n, env), body: fold(rule.body, { ...env, [rule.v]: undefined }) };
  }
}

/** A folded rule of numbers as a closure over slots. `slotOf` gives the slot of a name. */
export function compile(rule: Rule, slotOf: (name: string) => number): (slots: Slots) => number {
  switch (rule.k) {
    case 'value': {
      const v = number(rule.v);
      return () => v;
    }
    case 'name': {
      const slot = slotOf(rule.n);
      return (s) => s[slot]!;
    }
    case 'bin': {
      const a = compile(rule.a, slotOf);
      const b = compile(rule.b, slotOf);
      switch (rule.op) {
        case '+':
          return (s) => a(s) + b(s);
        case '-':
          return (s) => a(s) - b(s);
        case '*':
          return (s) => a(s) * b(s);
        case '/':
          return (s) => a(s) / b(s);
        default:
          return (s) => Number(binary(rule.op, a(s), b(s)));
      }
    }
    case 'un': {
      const a = compile(rule.a, slotOf);
      return rule.op === '-' ? (s) => -a(s) : (s) => Number(!a(s));
    }
    case 'call': {
      const args = rule.args.map((r) => compile(r, slotOf));
      const { fn } = rule;
      if (fn === 'select') return (s) => (args[0]!(s) ? args[1]!(s) : args[2]!(s));
      return (s) =>
        Number(
          call(
            fn,
            args.map((f) => f(s)),
          ),
        );
    }
    case 'at':
    case 'each':
      throw new RuleError('a shape cannot depend on the contents of lists');
  }
}

/**
 * The one name that a rule of + − * / holds, as a function of the rule's value: `batch + 1` → (v) => v − 1.
 * Undefined where the rule cannot be turned around so.
 */
export function invert(
  rule: Rule,
  name: string,
  slotOf: (name: string) => number,
): ((v: number, s: Slots) => number) | undefined {
  if (rule.k === 'name') return rule.n === name ? (v) => v : undefined;
  if (rule.k !== 'bin') return undefined;
  const left = freeNames(rule.a).has(name);
  if (left && freeNames(rule.b).has(name)) return undefined;
  const inner = invert(left ? rule.a : rule.b, name, slotOf);
  if (!inner) return undefined;
  const other = compile(left ? rule.b : rule.a, slotOf);
  switch (rule.op) {
    case '+':
      return (v, s) => inner(v - other(s), s);
    case '-':
      return left ? (v, s) => inner(v + other(s), s) : (v, s) => inner(other(s) - v, s);
    case '*':
      return (v, s) => inner(v / other(s), s);
    case '/':
      return left ? (v, s) => inner(v * other(s), s) : undefined;
    default:
      return undefined;
  }
}
