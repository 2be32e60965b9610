import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Binary, freeNames, type Rule, show, value } from '../../manifest/rules/ast.ts';
import { compile, evaluate, fold, invert, RuleError } from '../../manifest/rules/evaluate.ts';
import { parseRule, RuleSyntaxError } from '../../manifest/rules/grammar.ts';

const run = (text: string, env = {}) => evaluate(parseRule(text), env);

describe('reading', () => {
  it('knows precedence, associativity, unary operators', () => {
    expect(run('2 + 3 * 4')).toBe(14);
    expect(run('(2 + 3) * 4')).toBe(20);
    expect(run('20 - 5 - 3')).toBe(12);
    expect(run('100 / 5 / 2')).toBe(10);
    expect(run('7 % 4 * 2')).toBe(6);
    expect(run('-3 + 2')).toBe(-1);
    expect(run('2 - -3')).toBe(5);
    expect(run('1 + 1 == 2 && !(3 < 2) || false')).toBe(true);
    expect(run('1e-5')).toBe(1e-5);
  });
  it('knows names that begin like words of the language', () => {
    expect(run('summit + all_of + sqrtN', { summit: 1, all_of: 2, sqrtN: 3 })).toBe(6);
  });
  it('quantifies', () => {
    const env = { n: 3, xs: [4, 1, 7], ys: [1, 1, 2] };
    expect(run('sum(b < n, xs[b] * ys[b])', env)).toBe(19);
    expect(run('largest(b < n, ceilDiv(xs[b], 2))', env)).toBe(4);
    expect(run('all(b < n - 1, xs[b] <= xs[b + 1])', env)).toBe(false);
    expect(run('all(b < 0, xs[b] > 9)', env)).toBe(true);
    expect(run('sum(i < 2, sum(j < 3, i * j))')).toBe(3);
  });
  it('has functions; select computes one side only', () => {
    expect(run('ceilDiv(7, 2) + floorDiv(7, 2) + min(1, 2) + max(1, 2)')).toBe(10);
    expect(run("bytes('bf16') + bytes(d)", { d: 'f8e4m3' })).toBe(3);
    expect(run("select(d == 'f16', 1, missing)", { d: 'f16' })).toBe(1);
    expect(run('isPowerOfTwo(64) && !isPowerOfTwo(48) && !isPowerOfTwo(0)')).toBe(true);
  });
  it.each(['2 +', '(1', '1 2', 'ceilDiv(1)', 'sum(n, 1)', 'a[', '#', "'open", ''])('refuses %j, quoting it', (text) => {
    expect(() => parseRule(text)).toThrow(RuleSyntaxError);
    expect(() => parseRule(text)).toThrow(`rule \`${text}\`:`);
  });
  it('refuses unknown names, lists as numbers, entries that are not there', () => {
    expect(() => run('a + 1')).toThrow(new RuleError('`a` has no value'));
    expect(() => run('a + 1', { a: [1] })).toThrow('`a` is a list');
    expect(() => run('a[2]', { a: [1] })).toThrow('a[2] is not there');
    expect(() => run("'x' + 1")).toThrow('x is not a number');
    expect(() => run("bytes('f12')")).toThrow('no such dtype');
  });
});

const OPS: Binary[] = ['+', '-', '*', '/', '%', '==', '<', '>=', '&&', '||'];
const rules: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.nat(20).map(value),
    fc.constantFrom('batch', 'dim', 'x1').map((n): Rule => ({ k: 'name', n })),
    fc.tuple(fc.constantFrom(...OPS), tie('rule'), tie('rule')).map(([op, a, b]): Rule => ({ k: 'bin', op, a, b })),
    tie('rule').map((a): Rule => ({ k: 'un', op: '!', a })),
    fc.tuple(tie('rule'), tie('rule')).map((args): Rule => ({ k: 'call', fn: 'ceilDiv', args })),
    tie('rule').map((i): Rule => ({ k: 'at', list: 'xs', i })),
    fc.tuple(tie('rule'), tie('rule')).map(([n, body]): Rule => ({ k: 'each', q: 'sum', v: 'i', n, body })),
  ),
})).rule;

describe('properties', () => {
  it('what is shown parses back', () => {
    fc.assert(
      fc.property(rules, (r) => {
        expect(parseRule(show(r))).toEqual(r);
      }),
      { numRuns: 300 },
    );
  });

  const arithmetic: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 4 },
      fc.nat(20).map(value),
      fc.constantFrom('a', 'b').map((n): Rule => ({ k: 'name', n })),
      fc
        .tuple(fc.constantFrom<Binary>('+', '-', '*'), tie('rule'), tie('rule'))
        .map(([op, a, b]): Rule => ({ k: 'bin', op, a, b })),
      fc
        .tuple(tie('rule'), tie('rule'), tie('rule'))
        .map(([c, x, y]): Rule => ({ k: 'call', fn: 'select', args: [{ k: 'bin', op: '<', a: c, b: x }, x, y] })),
      fc.tuple(tie('rule'), tie('rule')).map((args): Rule => ({ k: 'call', fn: 'min', args })),
    ),
  })).rule;
  const slot = (n: string): number => (n === 'a' ? 0 : 1);

  it('folding and compiling keep the value', () => {
    fc.assert(
      fc.property(arithmetic, fc.nat(50), fc.nat(50), (r, a, b) => {
        const want = evaluate(r, { a, b });
        const folded = fold(r, { a });
        expect(freeNames(folded).has('a')).toBe(false);
        expect(evaluate(folded, { b })).toBe(want);
        expect(compile(r, slot)([a, b])).toBe(want);
      }),
    );
  });

  it('an inverted rule gives the name back', () => {
    for (const text of ['b', 'b + 1', '64 * b', 'b * 64 - a', 'a - b', '(b + a) / 2', '3 * (a + 2 * b)']) {
      const r = parseRule(text);
      expect(invert(r, 'b', slot)?.(Number(evaluate(r, { a: 5, b: 12 })), [5, 0]), text).toBe(12);
    }
    for (const text of ['b + b', '1 / b', 'b % 4', 'ceilDiv(b, 2)', 'a'])
      expect(invert(parseRule(text), 'b', slot), text).toBeUndefined();
  });
});
