/** Integer expressions against exact arithmetic on BigInts. */
import { describe, expect, test } from 'vitest';
import { DTYPES, type DType } from '../../../src/ir/dtype.ts';
import { wrapInteger } from '../../../src/ir/tile/build.ts';
import type { Expr } from '../../../src/ir/tile/schema.ts';
import { walkStmts } from '../../../src/ir/tile/walk.ts';
import { random, type Scalar } from './data.ts';
import { evaluate, parse, run } from './run.ts';

const INTS = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'] as const satisfies readonly DType[];
type Int = (typeof INTS)[number];

const limits = (d: Int): readonly [bigint, bigint] => {
  const { bits, class: kind } = DTYPES[d];
  return kind === 'int' ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];
};

function samples(d: Int, seed: number): bigint[] {
  const [lo, hi] = limits(d);
  const next = random(seed);
  const edges = [lo, lo + 1n, hi, hi - 1n, 0n, 1n, 2n, 7n, hi / 2n, lo / 2n];
  const some = Array.from({ length: 20 }, () => lo + (BigInt(Math.floor(next() * 2 ** 52)) * (hi - lo)) / 2n ** 52n);
  return [...edges, ...some, ...(lo < 0n ? [-1n, -2n, -7n] : [])];
}

const floor = (a: bigint, b: bigint): bigint => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
const ceil = (a: bigint, b: bigint): bigint => -floor(-a, b);

const least = (a: bigint, b: bigint): bigint => [a, b].toSorted((x, y) => Number(x - y))[0]!;
const greatest = (a: bigint, b: bigint): bigint => -least(-a, -b);

type Op = (a: bigint, b: bigint, bits: bigint) => bigint | boolean;
const OPS: Readonly<Record<string, Op>> = {
  'a + b': (a, b) => a + b,
  'a - b': (a, b) => a - b,
  'a * b': (a, b) => a * b,
  'a // b': floor,
  'ceildiv(a, b)': ceil,
  'a % b': (a, b) => a % b,
  'min(a, b)': least,
  'max(a, b)': greatest,
  'a & b': (a, b) => a & b,
  'a | b': (a, b) => a | b,
  'a ^ b': (a, b) => a ^ b,
  '-a': (a) => -a,
  '~a': (a) => ~a,
  'abs(a)': (a) => (a < 0n ? -a : a),
  'sign(a)': (a) => (a < 0n ? -1n : a > 0n ? 1n : 0n),
  'clamp(a, min(b, a), max(a, b))': (a) => a,
  'floor(a)': (a) => a,
  'popcount(a)': (a, _, bits) => BigInt(BigInt.asUintN(Number(bits), a).toString(2).replaceAll('0', '').length),
  'clz(a)': (a, _, bits) => {
    const u = BigInt.asUintN(Number(bits), a);
    return u === 0n ? bits : bits - BigInt(u.toString(2).length);
  },
  'a < b': (a, b) => a < b,
  'a <= b': (a, b) => a <= b,
  'a > b': (a, b) => a > b,
  'a >= b': (a, b) => a >= b,
  'a == b': (a, b) => a === b,
  'a != b': (a, b) => a !== b,
  'isnan(a) || !isfinite(a) || isinf(a)': () => false,
};

describe.each(INTS)('%s', (d) => {
  const all = samples(d, 1);
  const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));

  test.each(Object.keys(OPS))('%s', (op) => {
    const f = OPS[op]!;
    const divides = op.includes('//') || op.includes('div') || op.includes('%');
    const used = divides ? pairs.filter(([, b]) => b !== 0n) : pairs;
    const bits = BigInt(DTYPES[d].bits);
    const want = used.map(([a, b]) => f(a, b, bits));
    const isBool = typeof want[0] === 'boolean';
    const got = evaluate(op, isBool ? 'bool' : d, { a: [d, used.map(([a]) => a)], b: [d, used.map(([, b]) => b)] });
    const wrapped = want.map((x): Scalar => (typeof x === 'boolean' ? Number(x) : wrapInteger(d, x)));
    got.forEach((x, i) => {
      if (x !== wrapped[i]) expect(`${used[i]} gives ${x}`).toBe(`${used[i]} gives ${wrapped[i]}`);
    });
  });

  test('shifts', () => {
    const { bits } = DTYPES[d];
    const by = Array.from({ length: bits }, (_, i) => i);
    const used = all.flatMap((a) => by.map((n) => [a, n] as const));
    const inputs = { a: [d, used.map(([a]) => a)], n: ['i32', used.map(([, n]) => n)] } as const;
    const left = used.map(([a, n]) => wrapInteger(d, a << BigInt(n)));
    const right = used.map(([a, n]) => wrapInteger(d, a >> BigInt(n)));
    expect(evaluate('a << n', d, inputs)).toEqual(left);
    expect(evaluate('a >> n', d, inputs)).toEqual(right);
    expect(evaluate(`(a << 3_${d}) >> 2_${d}`, d, { a: [d, all] })).toEqual(
      all.map((a) => wrapInteger(d, BigInt(wrapInteger(d, a << 3n)) >> 2n)),
    );
  });

  test.each(INTS)('to %s', (to) => {
    expect(evaluate(`${to}(a)`, to, { a: [d, all] })).toEqual(all.map((a) => wrapInteger(to, a)));
  });

  test('to floats and bool', () => {
    expect(evaluate('f64(a)', 'f64', { a: [d, all] })).toEqual(all.map(Number));
    expect(evaluate('bool(a)', 'bool', { a: [d, all] })).toEqual(all.map((a) => Number(a !== 0n)));
    expect(evaluate('select(a != a, 1.0, f32(bool(a)))', 'f32', { a: [d, all] })).toEqual(
      all.map((a) => Number(a !== 0n)),
    );
  });
});

/** Random nests of operators, so that ranges, wraps and minus zeros meet in all ways. */
describe.each(['i32', 'u32', 'i16', 'i64'] as const)('nested %s', (d) => {
  const suffix = d === 'i32' ? '' : `_${d}`;

  function tree(next: () => number, depth: number): string {
    const pick = <X>(list: readonly X[]): X => list[Math.floor(next() * list.length)]!;
    const literal = (): string => `${pick([0, 1, 2, 3, 7, 16, 100, 127])}${suffix}`;
    if (depth === 0) return next() < 0.3 ? literal() : pick(['a', 'b', d === 'i32' ? 'i' : `${d}(i)`]);
    const x = (): string => `(${tree(next, depth - 1)})`;
    switch (Math.floor(next() * 11)) {
      case 0:
      case 1:
        return `${x()} ${pick(['+', '-'])} ${x()}`;
      case 2:
        return `${x()} * ${x()}`;
      case 3:
        return `${x()} ${pick(['//', '%'])} ${pick([1, 2, 3, 8, 64])}${suffix}`;
      case 4:
        return `ceildiv(${x()}, ${pick([1, 5, 32])}${suffix})`;
      case 5:
        return `${pick(['min', 'max'])}(${x()}, ${x()})`;
      case 6:
        return `${x()} ${pick(['&', '|', '^'])} ${x()}`;
      case 7:
        return `${x()} ${pick(['<<', '>>'])} ${pick([0, 1, 4, 7])}${suffix}`;
      case 8:
        return `select(${x()} ${pick(['<', '==', '>='])} ${x()}, ${x()}, ${x()})`;
      case 9:
        return `${pick(['-', '~'])}${x()}`;
      default:
        return `abs(${x()})`;
    }
  }

  test('agree with exact arithmetic', () => {
    const next = random(DTYPES[d].bits + d.charCodeAt(0));
    const a = samples(d, 2);
    const b = samples(d, 3).reverse();
    const n = a.length;
    const exprs = Array.from({ length: 150 }, () => tree(next, 4));
    const outs = exprs.map((_, k) => `out${k}: ${d}[${n}]`);
    const stores = exprs.map((e, k) => `out${k}[i] = ${e}`);
    // Some values by way of floats, where a minus zero would show.
    const text = `kernel k(A: ${d}[${n}], B: ${d}[${n}], z: f32[${n}], ${outs.join(', ')}) grid(1) threads(32) {
      parallel (i) in (${n}) { let a: ${d} = A[i]
        let b: ${d} = B[i]
        ${stores.join('\n')}
        z[i] = 1.0 / f32((a - a) * -1${suffix === '' ? '' : suffix})
      } }`.replaceAll('-1_u32', '4294967295_u32');
    const kernel = parse(text);
    const tensors = Object.fromEntries([
      ['A', { shape: [n], data: a }],
      ['B', { shape: [n], data: b }],
      ['z', { shape: [n] }],
      ...exprs.map((_, k) => [`out${k}`, { shape: [n] }] as const),
    ]);
    const got = run(kernel, { tensors });
    expect(got.z!.every((x) => x === Infinity)).toBe(true);
    let compared = 0;
    walkStmts(kernel.body, (s) => {
      if (s.kind !== 'store' || s.buffer === 'z') return;
      for (let i = 0; i < n; i++) {
        const want = exact(s.value, { a: a[i]!, b: b[i]!, i: BigInt(i) });
        const found = got[s.buffer]![i]!;
        if (BigInt(found) !== want)
          expect(`${exprs[Number(s.buffer.slice(3))]} at a = ${a[i]}, b = ${b[i]}, i = ${i}: ${found}`).toBe(`${want}`);
        compared++;
      }
    });
    expect(compared).toBe(150 * n);
  });
});

test('no integer is minus zero', () => {
  const n = 16;
  const exprs = [
    'i * -1',
    '-i',
    'ceildiv(-i, 20)',
    '(i - 16) % 4',
    '-i % 3',
    '(i - 8) // -20',
    '0 * (i - 8)',
    '(i - 1) * (i - 9)',
    '-(-i)',
    '-i - 0',
    '-i + -i',
  ];
  const outs = exprs.map((_, k) => `out${k}: f64[${n}]`).join(', ');
  const body = exprs.map((e, k) => `out${k}[i] = 1.0_f64 / f64(${e})`).join('\n');
  const tensors = Object.fromEntries(exprs.map((_, k) => [`out${k}`, { shape: [n] }]));
  const got = run(`kernel k(${outs}) grid(1) threads(32) { parallel (i) in (${n}) { ${body} } }`, { tensors });
  exprs.forEach((e, k) => {
    expect(got[`out${k}`], e).not.toContain(-Infinity);
    expect(got[`out${k}`], e).toContain(Infinity);
  });
});

/** The value by the definition of each node, every result wrapped to its dtype. */
function exact(e: Expr, env: Readonly<Record<string, bigint>>): bigint {
  const wrap = (x: bigint): bigint => BigInt(wrapInteger(e.dtype, x));
  switch (e.kind) {
    case 'const':
      return BigInt(e.value);
    case 'var':
      return env[e.name]!;
    case 'cast':
      return wrap(exact(e.a, env));
    case 'unary':
      return wrap(e.op === 'neg' ? -exact(e.a, env) : ~exact(e.a, env));
    case 'call': {
      const x = exact(e.args[0]!, env);
      return wrap(x < 0n ? -x : x);
    }
    case 'select':
      return exact(e.cond, env) === 1n ? exact(e.a, env) : exact(e.b, env);
    case 'binary': {
      const [a, b] = [exact(e.a, env), exact(e.b, env)];
      switch (e.op) {
        case 'shl':
          return wrap(a << b);
        case 'shr':
          return wrap(a >> b);
        case 'floordiv':
          return wrap(floor(a, b));
        case 'ceildiv':
          return wrap(ceil(a, b));
        case 'rem':
          return wrap(a % b);
        case 'add':
          return wrap(a + b);
        case 'sub':
          return wrap(a - b);
        case 'mul':
          return wrap(a * b);
        case 'min':
          return least(a, b);
        case 'max':
          return greatest(a, b);
        case 'and':
          return wrap(a & b);
        case 'or':
          return wrap(a | b);
        case 'xor':
          return wrap(a ^ b);
        case 'lt':
          return BigInt(a < b);
        case 'eq':
          return BigInt(a === b);
        case 'ge':
          return BigInt(a >= b);
        default:
          throw new Error(e.op);
      }
    }
    default:
      throw new Error(e.kind);
  }
}
