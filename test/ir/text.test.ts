import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/diagnostics/diagnostic.ts';
import { NO_SPAN, type Span } from '../../src/ir/span.ts';
import { LayoutTextError, parseLayout, printLayout } from '../../src/ir/tile/layout-text.ts';
import { parseExpr, parseKernel } from '../../src/ir/tile/parser.ts';
import { printExpr, printKernel } from '../../src/ir/tile/printer.ts';
import type { Stmt } from '../../src/ir/tile/schema.ts';
import { kernel, layout } from './arbitrary.ts';
import { ATTENTION } from './samples.ts';

const VARS = { a: 'i32', b: 'i32', c: 'i32', p: 'bool', q: 'bool', x: 'f32', y: 'f32', h: 'f16', l: 'i64' } as const;
const BUFFERS = { A: 'f32', H: 'f16' } as const;
const read = (text: string) => parseExpr(text, VARS, BUFFERS);

/** Text that prints as it is read. */
test.each([
  'a + b * c',
  '(a + b) * c',
  'a - (b - c)',
  'a - b - c',
  'a // b % c',
  'a // (b % c)',
  'ceildiv(a, b + 1)',
  'min(a, max(b, c))',
  '-a',
  '-(-a)',
  '-(5)',
  '-5',
  'a - -5',
  '!p && (q || !(p && q))',
  'p || q && p',
  '~(a & b) == c',
  '(a & b) | c',
  'a & b & c',
  '(a << 2) + b',
  'a << (b << c)',
  'x * 0.5 + 1.0',
  'x * 1e-7 - 1e21',
  'x == inf || x != -inf || isnan(x)',
  'nan',
  'nan_f16',
  '-0.0',
  'h + 1.0_f16',
  'l * 9007199254740993_i64',
  '255_u8',
  'f16(x * 2.0)',
  'bitcast.u32(x)',
  'select(p, x, -inf)',
  'exp2((A[a, b] - x) * y)',
  'fma(x, y, 1.0)',
  'H[a // 2, b]',
  'A[]',
  'ptx.f32("ex2.approx.f32 $0, $1;", x)',
  'ptx.f32("say \\"$1\\"\\n", x; exp2(x))',
  'true && p',
])('expression %s', (text) => {
  const e = read(text);
  expect(printExpr(e)).toBe(text);
  expect(parseExpr(printExpr(e), VARS, BUFFERS)).toEqual(e);
});

test.each([
  ['(((a)))', 'a'],
  ['a+b  *c # and a comment', 'a + b * c'],
  ['(a + b) + c', 'a + b + c'],
  ['1.50', '1.5'],
  ['5_i32', '5'],
])('%s is written %s', (text, canonical) => expect(printExpr(read(text))).toBe(canonical));

test('dtypes come from names, literals and operators', () => {
  expect(read('a < b').dtype).toBe('bool');
  expect(read('isnan(h)').dtype).toBe('bool');
  expect(read('A[a, b] * 2.0').dtype).toBe('f32');
  expect(read('bitcast.i16(h)').dtype).toBe('i16');
  expect(read('unknown:f64').dtype).toBe('f64');
  expect(read('3_u64')).toMatchObject({ dtype: 'u64', value: 3n });
});

describe('layouts', () => {
  test.each([
    '16=2:r2,8:t4 | 8=4:t1,2:r1 | rep 2:t32 | xor 3,3,3',
    '64=64:m128 | 128=128:m1 | xor 3,4,3',
    '1 | 1=1:r7',
    'rep 4:t32,2:t128',
    '',
  ])('%s', (text) => expect(printLayout(parseLayout(text))).toBe(text));

  test('any layout comes back', () => {
    fc.assert(
      fc.property(layout, (l) => {
        expect(parseLayout(printLayout(l))).toEqual(l);
      }),
    );
  });

  test.each([
    ['16=2:r2', 'the atoms make 2, not 16', 0],
    ['8=8:t1 | 4=4:q2', 'an atom is', 11],
    ['rep 2:t1 | 2=2:r1', 'before `rep`', 11],
    ['xor 1,2', 'a swizzle is', 0],
    ['xor 1,2,3 | 1', '`xor` comes last', 12],
    ['x', 'a dimension is', 0],
  ])('%s is refused', (text, message, index) => {
    try {
      parseLayout(text);
    } catch (e) {
      expect(e).toBeInstanceOf(LayoutTextError);
      expect((e as LayoutTextError).message).toContain(message);
      expect((e as LayoutTextError).index).toBe(index);
      return;
    }
    throw new Error('it was accepted');
  });
});

// ----------------------------------------------------------------------------------------------------------- kernels

const stripSpans = (x: unknown): unknown =>
  JSON.parse(JSON.stringify(x, (k, v) => (k === 'span' ? undefined : typeof v === 'bigint' ? `${v}n` : v)));

test('a kernel prints as it was read', () => {
  const k = parseKernel(ATTENTION);
  expect(printKernel(k)).toBe(ATTENTION);
  expect(k.body[2]).toMatchObject({ kind: 'for', loop: 'pipelined', stages: 2, v: 'j' });
  expect(k.buffers.map((b) => b.scope)).toEqual(['shared', 'shared', 'shared', 'fragment', 'fragment']);
});

test('short loops may be written by hand', () => {
  const k = parseKernel('kernel k() grid() threads(32) { for i in serial(4) { } for j in unroll(1, 4) {} }');
  expect(printKernel(k)).toContain('for i in serial(0, 4, 1) {');
  expect(printKernel(k)).toContain('for j in unroll(1, 4, 1) {');
});

test('generated kernels come back, and print the same again', () => {
  fc.assert(
    fc.property(kernel, (k) => {
      const text = printKernel(k);
      const back = parseKernel(text);
      expect(back).toEqual(k);
      expect(printKernel(back)).toBe(text);
    }),
    { numRuns: 400 },
  );
}, 120_000);

describe('spans', () => {
  const spans: fc.Arbitrary<Span> = fc
    .record({ file: fc.oneof(fc.constant('/home/u/attention.ts'), fc.string()), line: fc.nat(), column: fc.nat() })
    .chain((s) =>
      fc.constantFrom<Span>(
        s,
        { ...s, endLine: 7, endColumn: 9 },
        { ...s, via: { file: 'macro.ts', line: 3, column: 1, via: { file: 'call.ts', line: 1, column: 2 } } },
      ),
    );

  test('of statements and declarations are printed and read', () =>
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const base = parseKernel(ATTENTION);
        const first = base.body[0] as Extract<Stmt, { kind: 'copy' }>;
        const zero = { kind: 'const', dtype: 'i32', value: 0, span: b } as const;
        const q = { ...first.dst, origin: [zero, zero], span: b };
        const k = {
          ...base,
          span: a,
          params: base.params.map((p) => (p.kind === 'tensor' ? { ...p, shape: [], span: a } : { ...p, span: a })),
          dims: base.dims.map((d) => ({ ...d, span: b })),
          grid: [],
          blockVars: [],
          buffers: base.buffers.map((x) => ({ ...x, span: a })),
          body: [{ ...first, src: q, dst: q, span: b }],
        };
        expect(parseKernel(printKernel(k, { spans: true }))).toEqual(k);
      }),
    ));

  test('are absent without being asked for', () => {
    const k = parseKernel(ATTENTION);
    expect(k.span).toEqual(NO_SPAN);
    expect(printKernel(k)).not.toContain('@');
    const there = parseKernel(printKernel(k, { spans: true }).replaceAll('@""', '@f.ts'));
    expect(there.span.file).toBe('f.ts');
    expect(stripSpans(there)).toEqual(stripSpans(k));
  });

  test('may be the places in the text itself', () => {
    const k = parseKernel(ATTENTION, 'a.tir', { textSpans: true });
    expect(k.body[1]!.span).toMatchObject({ file: 'a.tir', line: 10, column: 3 });
  });
});

test.each([
  ['kernel k() grid() threads(1) {\n  copy q ->\n}', 3, 1, 'TL0801', 'expected a name, found `}`'],
  ['kernel k() grid() threads(1) {\n  let x f32 = 1.0\n}', 2, 9, 'TL0801', 'expected `:`, found `f32`'],
  ['kernel k() grid() threads(1) {', 1, 30, 'TL0801', 'expected `}`, found the end of the text'],
  ['kernel k() grid() threads(1) {\n  x = ?\n}', 2, 7, 'TL0801', 'starts nothing'],
  ['kernel k() grid() threads(1) {\n  let x: f99 = 1.0\n}', 2, 10, 'TL0802', '`f99` is no dtype'],
  ['kernel k() grid() threads(1) {\n  let x: f32 = y\n}', 2, 16, 'TL0803', '`y` is not declared'],
  ['kernel k() grid() threads(1) {\n  let x: f32 = foo(1.0)\n}', 2, 16, 'TL0804', 'no function `foo`'],
  ['kernel k() grid() threads(1) {\n  let x: f32 = min(1.0)\n}', 2, 16, 'TL0805', 'takes 2 arguments, not 1'],
  ['kernel k() grid() threads(1.5) {}', 1, 27, 'TL0806', 'whole number'],
  ['kernel k() grid() threads(1) shared a: f16[4] size(2) {}', 1, 47, 'TL0807', '`size` means nothing here'],
  ['kernel k() grid() {}', 1, 8, 'TL0808', '`threads` wants'],
  ['kernel k() grid() threads(1) shared a: f16[4] layout(4=2:m1) {}', 1, 54, 'TL0809', 'the atoms make 2, not 4'],
  ['kernel k() grid() threads(1) { for i in sideways(4) {} }', 1, 41, 'TL0810', 'no kind of loop'],
  ['kernel k() grid() threads(1) { let x: f32 = -nan }', 1, 46, 'TL0811', 'is no number'],
  ['kernel k() grid() threads(1) { let x: f32 = exp("s", 1.0) }', 1, 49, 'TL0801', 'only `ptx`'],
])('a fault is placed: %s', (text, line, column, code, message) => {
  try {
    parseKernel(text, 'k.tir');
  } catch (e) {
    expect(e).toBeInstanceOf(CompileError);
    const d = (e as CompileError).diagnostics[0]!;
    expect(d).toMatchObject({ code, span: { file: 'k.tir', line, column } });
    expect(d.message).toContain(message);
    return;
  }
  throw new Error('it was accepted');
});
