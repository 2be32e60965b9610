import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKernel } from '../../src/ir/tile/parser.ts';
import { printKernel } from '../../src/ir/tile/printer.ts';
import type { Kernel, Stmt } from '../../src/ir/tile/schema.ts';
import { verify } from '../../src/ir/tile/verify.ts';
import { wellFormed } from './programs.ts';
import { ATTENTION } from './samples.ts';

test('generated programs are accepted, and are still when they were printed and read', () => {
  fc.assert(
    fc.property(wellFormed, (k) => {
      expect(verify(k)).toEqual([]);
      const back = parseKernel(printKernel(k));
      expect(back).toEqual(k);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('a kernel with everything that passes add is accepted', () => {
  expect(verify(parseKernel(ATTENTION))).toEqual([]);
});

/** A kernel around `body`, with `more` declared; its text positions are its spans. */
const kernelOf = (body: string, more = '', head = 'grid(bx: ceildiv(n, 32), by: 4) threads(128)'): Kernel =>
  parseKernel(
    `kernel k(X: f16[n, 64], Y: f32[n], scale: f32) dims(n) ${head}
  shared a: f16[64, 32]
  shared b: f16[32, 48]
  fragment c: f32[64, 48]
  fragment r: f32[64]
  fragment q: f32[48]
  local tab: i32[4]
  ${more}
{
  ${body}
}`,
    'k.tir',
    { textSpans: true },
  );

/** Each line breaks one rule: the code that is reported, and the words of the message. */
describe.each<[code: string, cases: readonly (readonly [words: string, body: string, more?: string, head?: string])[]]>(
  [
    [
      'TL0820',
      [
        ['`x` is declared twice', 'let x: f32 = 1.0  let x: f32 = 2.0'],
        ['`a` is declared twice', 'for a in serial(4) {}'],
        ['`i` is declared twice', 'parallel (i) in (4) {}  for i in serial(4) {}'],
        ['`n` is declared twice', '', 'shared n: f32[4]'],
        ['`bx` is declared twice', 'let bx: i32 = 1'],
      ],
    ],
    [
      'TL0821',
      [
        ['the name `x` is not declared here', 'if true { let x: i32 = 1 }  Y[x:i32] = 0.0'],
        ['the name `i` is not declared here', 'parallel (i) in (4) {}  Y[i:i32] = 0.0'],
        ['the name `x` is not declared here', 'x = 1'],
        ['the tile `z` is not declared here', 'z[0] = 1.0'],
        ['the tile `z` is not declared here', 'fill 0.0 -> z[0; 1]'],
        ['the tile `z` is not declared here', 'let x: f32 = z[0]:f32'],
        ['the scratch tile `z` is not declared here', 'reduce sum c -> r dim(1) scratch(z)'],
        ['the name `bx` is not declared here', '', '', 'grid(bx: bx:i32, by: 1) threads(32)'],
      ],
    ],
    [
      'TL0822',
      [
        ['the value of `x` is i32, not f32', 'let x: f32 = 1'],
        ['the value of `x` is f32, not i32', 'var x: i32 = 1  x = 2.0'],
        ['`scale` is i32, not f32', 'let x: i32 = scale:i32'],
        ['the right operand of `add` is i32, not f32', 'let x: f32 = scale + 1'],
        ['the left operand of `div` is i32, not a float', 'let x: i32 = 4 / 2'],
        ['the left operand of `floordiv` is f32, not an integer', 'let x: f32 = scale // 2.0'],
        ['the left operand of `land` is i32, not bool', 'let x: i32 = 4 && 2'],
        ['the left operand of `and` is f32, not an integer or bool', 'let x: f32 = scale & scale'],
        ['the left operand of `add` is bool, not a number', 'let x: bool = true + false'],
        ['the right operand of `shl` is f32, not an integer', 'let x: i32 = 1 << 2.0'],
        ['the operand of `neg` is bool, not a number', 'let x: bool = -(true)'],
        ['the operand of `not` is i32, not bool', 'let x: i32 = !(1)'],
        ['the operand of `bitnot` is f32, not an integer', 'let x: f32 = ~scale'],
        ['the condition of `select` is i32, not bool', 'let x: i32 = select(1, 2, 3)'],
        ['the second value of `select` is f32, not i32', 'let x: i32 = select(true, 2, 3.0)'],
        ['the argument of `exp` is i32, not a float', 'let x: i32 = exp(1)'],
        ['the argument of `popcount` is f32, not an integer', 'let x: f32 = popcount(scale)'],
        ['an argument of `fma` is i32, not f32', 'let x: f32 = fma(scale, scale, 1)'],
        ['an index of `Y` is f32, not an integer', 'Y[scale] = 0.0'],
        ['an element of `Y` is f16, not f32', 'let x: f16 = Y[0]:f16'],
        ['what goes into `X` is f32, not f16', 'X[0, 0] = 1.0'],
        ['what goes into `Y` is i32, not f32', 'atomic add 1 -> Y[0]'],
        ['the condition of `if` is i32, not bool', 'if 1 {}'],
        ['the condition of `while` is f32, not bool', 'while scale {}'],
        ['the condition of `assert` is i32, not bool', 'assert 1, "no"'],
        ['the stop of `for` is f32, not an integer', 'for i in serial(0, scale, 1) {}'],
        ['the step of `for` is i64, not i32', 'for i in serial(0, 4, 1_i64) {}'],
        ['an origin in `X` is f32, not an integer', 'copy X[scale, 0; 64, 32] -> a'],
        ['operand a of `gemm` is bool, not a number', 'gemm t, b -> c', 'shared t: bool[64, 32]'],
        ['`reduce` is bool, not a number', 'reduce sum t -> u dim(1)', 'fragment t: bool[4, 4]  fragment u: bool[4]'],
        ['the fallback of `ptx` is i32, not f32', 'let x: f32 = ptx.f32("mov.f32 $0, 0f00000000;"; 1)'],
        ['an extent of the grid is f32, not an integer', '', '', 'grid(bx: scale, by: 1) threads(32)'],
      ],
    ],
    [
      'TL0823',
      [
        ['the constant 300_i8', 'let x: i8 = 300_i8'],
        ['the constant -1_u32', 'let x: u32 = -1_u32'],
        ['the constant 0.5_i32', 'let x: i32 = 0.5_i32'],
        ['the constant 1_bool', 'let x: bool = 1_bool'],
      ],
    ],
    [
      'TL0824',
      [
        ['`Y` has 1 dimension and is indexed with 2', 'Y[0, 0] = 1.0'],
        ['`X` has 2 dimensions and is indexed with 1', 'let x: f16 = X[0]'],
        ['`a` has 2 dimensions and is indexed with 3', 'copy X[0, 0; 64, 32] -> a[0, 0, 0; 1, 64, 32]'],
      ],
    ],
    [
      'TL0825',
      [
        ['the region takes 65 along dimension 0 of `a`, which has 64', 'copy X[0, 0; 65, 32] -> a[0, 0; 65, 32]'],
        ['the region takes 40 along dimension 1 of `a`, which has 32', 'copy X[0, 0; 64, 32] -> a[0, 8; 64, 32]'],
      ],
    ],
    [
      'TL0826',
      [
        ['accumulator of `gemm` `d` must be a fragment', 'gemm a, b -> d', 'shared d: f32[64, 48]'],
        ['operand b of `gemm` `X` must be shared or a fragment', 'gemm a, X[0, 0; 32, 48] -> c'],
        ['`reduce` of `X` must be a tile', 'reduce sum X[0, 0; 64, 48] -> r dim(1)'],
        ['the region `scale` must be a tile or a tensor', 'fill 0.0 -> scale[0; 1]'],
        ['the scratch tile of `reduce`, `q` must be shared', 'reduce sum c -> r dim(1) scratch(q)'],
        ['offset: the tile `f` must be shared', '', 'fragment f: f32[4] offset(0)'],
        ['stages: the tile `f` must be shared', '', 'local f: f32[4] stages(2)'],
        ['layout: the tile `f` must be shared or a fragment', '', 'local f: f32[4] layout(4=4:m1)'],
      ],
    ],
    [
      'TL0827',
      [
        ['`copy`: [64, 16] meets [64, 32]', 'copy X[0, 0; 64, 16] -> a'],
        ['`gemm`, along the sum: [64, 32] meets [48, 32]', 'gemm a, transpose(b) -> c'],
        ['`gemm`, product and accumulator: [32, 48] meets [64, 48]', 'gemm a[0, 0; 32, 32], b -> c'],
        ['`reduce`: [64] meets [48]', 'reduce sum c -> q dim(1)'],
        ['`cumsum`: [64, 48] meets [64]', 'cumsum c -> r dim(1)'],
      ],
    ],
    ['TL0828', [['`reduce` runs along dimension 2 of 2', 'reduce sum c -> r dim(2)']]],
    [
      'TL0829',
      [
        ['`copy` works on tiles', 'parallel (i) in (4) { copy X[0, 0; 64, 32] -> a }'],
        ['`gemm` works on tiles', 'parallel (i) in (4) { if true { gemm a, b -> c } }'],
        ['`parallel` works on tiles', 'parallel (i) in (4) { parallel (j) in (4) {} }'],
        ['`barrier` works on tiles', 'parallel (i) in (4) { barrier }'],
        ['`waitGroup` works on tiles', 'parallel (i) in (4) { waitGroup 0 }'],
        ['`pipelined` works on tiles', 'parallel (i) in (4) { for j in pipelined(0, 4, 1) {} }'],
      ],
    ],
    [
      'TL0830',
      [
        ['`break` stands outside a loop', 'if true { break }'],
        ['`continue` stands outside a loop', 'for i in serial(4) { parallel (j) in (4) { continue } }'],
      ],
    ],
    ['TL0831', [['`return` stands inside a parallel loop', 'parallel (i) in (4) { return }']]],
    [
      'TL0832',
      [
        ['`x` is assigned to but is not a `var`', 'let x: i32 = 1  x = 2'],
        ['`i` is assigned to', 'for i in serial(4) { i = 2 }'],
        ['`bx` is assigned to', 'bx = 2'],
      ],
    ],
    [
      'TL0833',
      [
        [
          'the number of threads is 2000; it must be a whole number, from 1 to 1024',
          '',
          '',
          'grid(bx: 1, by: 1) threads(2000)',
        ],
        ['minBlocks is 0', '', '', 'grid(bx: 1, by: 1) threads(32) minBlocks(0)'],
        ['the number of stages is 0', 'for i in pipelined(0, 4, 1) stages(0) {}'],
        ['an extent of `parallel` is 0', 'parallel (i) in (0) {}'],
        ['the number of variables of `parallel` is 1; it must be that of its extents, 2', 'parallel (i) in (4, 4) {}'],
        ['an extent of `z` is 0', '', 'shared z: f32[0]'],
        ['an extent of the region of `a` is 0', 'fill 0.0_f16 -> a[0, 0; 0, 32]'],
        ['the number of extents of the grid is 4', '', '', 'grid(x: 1, y: 1, z: 1, w: 1) threads(32)'],
      ],
    ],
    [
      'TL0834',
      [
        ['the layout of `f` covers [32], not [64]', '', 'fragment f: f32[64] layout(32=32:t1)'],
        ['the layout of `parallel` covers [4], not [8]', 'parallel (i) in (8) layout(4=4:t1) {}'],
      ],
    ],
    [
      'TL0835',
      [
        ['the layout of `f` must not use the axis `mem`', '', 'fragment f: f32[64] layout(64=64:m1)'],
        ['the layout of `f` must not use the axis `xor`', '', 'fragment f: f32[64] layout(64=64:t1 | xor 1,1,1)'],
        ['the layout of `f` must not use the axis `thread`', '', 'shared f: f32[64] layout(64=64:t1)'],
        ['in its replicas, must not use the axis `reg`', '', 'fragment f: f32[64] layout(64=64:t1 | rep 2:r1)'],
      ],
    ],
    [
      'TL0836',
      [['the layout of `f` reaches thread 255 of 128', '', 'fragment f: f32[64] layout(64=64:t1 | rep 4:t64)']],
    ],
    ['TL0837', [['a slot of `a`, which has no stages', 'fill 0.0_f16 -> a.slot(1)']]],
    ['TL0838', [['the grid has 2 extents and 1 block indices', '', '', 'grid(bx: 1, 4) threads(32)']]],
    [
      'TL0839',
      [
        ['3 × 1 warps do not make 128 threads', 'gemm a, b -> c instr("mma.m16n8k16") warps(3, 1)'],
        ['2 × 2 warps', 'gemm a, b -> c instr("fma") warps(2, 2)'],
      ],
    ],
    [
      'TL0840',
      [
        ['`scale` is a parameter that cannot be written', 'scale = 2.0'],
        ['`n` is a parameter', 'n = 2'],
        ['`scale` is a parameter', 'scale[0] = 2.0'],
      ],
    ],
    ['TL0842', [['a bitcast from f32 to f16', 'let x: f16 = bitcast.f16(scale)']]],
    [
      'TL0843',
      [
        ['does not go from global to shared', 'copy a -> X[0, 0; 64, 32] async'],
        ['does not go from global to shared', 'copy Y[0; 64] -> h async', 'shared h: f16[64]'],
        ['does not go from global to shared', 'parallel (i) in (32) async { a[0, i] = X[0, i] + X[1, i] }'],
      ],
    ],
    ['TL0844', [['`print` has 2 `{}` and 1 argument', 'print "{} of {}", n']]],
    [
      'TL0845',
      [
        [
          '`z` ends at byte 272 of 256',
          '',
          'shared z: f32[4] offset(256)',
          'grid(bx: 1, by: 1) threads(32) sharedBytes(256)',
        ],
        [
          '`z` ends at byte 256 of 128',
          '',
          'shared z: f32[32] stages(2) offset(0)',
          'grid(bx: 1, by: 1) threads(32) sharedBytes(128)',
        ],
      ],
    ],
    [
      'TL0846',
      [
        ['puts two elements into one place', '', 'fragment f: f32[8] layout(8=2:t1,4:t1)'],
        ['puts two elements into one place', '', 'shared f: f32[2, 8] layout(2=2:m4 | 8=8:m1)'],
        ['puts two elements into one place', '', 'fragment f: f32[8] layout(8=8:t1 | rep 4:t4)'],
      ],
    ],
  ],
)('%s', (code, cases) => {
  test.each(cases as readonly (readonly string[])[])('%s (%s)', (words = '', body = '', more = '', head?: string) => {
    const found = verify(kernelOf(body, more, head));
    expect(found.map((d) => d.code)).toContain(code);
    const d = found.find((x) => x.code === code && x.message.includes(words));
    expect(d?.message, found.map((x) => x.message).join('\n')).toContain(words);
    expect(d!.span).toMatchObject({ file: 'k.tir' });
  });
});

test('a call with too few arguments cannot be written, but can be built: TL0841', () => {
  const k = kernelOf('let x: f32 = exp2(scale)');
  const [first] = k.body as [Extract<Stmt, { kind: 'let' }>];
  const broken = { ...k, body: [{ ...first, value: { ...first.value, args: [] } as typeof first.value }] };
  expect(verify(broken).map((d) => d.code)).toEqual(['TL0841']);
});

test('the sound kernel around the broken ones is sound', () => {
  expect(verify(kernelOf('gemm a, b -> c clear  reduce sum c -> r dim(1)'))).toEqual([]);
});
