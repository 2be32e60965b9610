import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError, type Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import type { Layout } from '../../src/ir/layout.ts';
import { TARGETS } from '../../src/ir/target.ts';
import { printKernel } from '../../src/ir/tile/printer.ts';
import type { Expr, Kernel, Region } from '../../src/ir/tile/schema.ts';
import { ownExprs, walkExprs, walkStmts } from '../../src/ir/tile/walk.ts';
import { evaluate, extentOf } from '../../src/layout/layout.ts';
import { inferLayouts } from '../../src/passes/inferLayouts.ts';
import { dedent, parse, refusal, through, tilesOf } from './helpers.ts';

const kernel = (text: string, threads = 128): Kernel =>
  parse(`kernel k(X: f16[n, 64], Y: f32[n, 64]) dims(n) grid(bx: n // 8) threads(${threads})\n${text}`);
const placed = (text: string, threads?: number) => through(kernel(text, threads), 'legalize', 'infer-layouts');

test('attention: the products decide, everything else follows without a shuffle', () => {
  const k = placed(`shared q: f16[64, 64]  shared k: f16[64, 64]  shared v: f16[64, 48]
  fragment s: f32[64, 64]  fragment p: f16[64, 64]  fragment o: f32[64, 48]  fragment m: f32[64]  fragment b: f32[64]
{
  gemm q, transpose(k) -> s clear
  reduce max s -> m dim(1) clear
  parallel (i, j) in (64, 64) { s[i, j] = s[i, j] - m[i] + b[j] }
  copy s -> p
  gemm p, v -> o
  parallel (i2, j2) in (64, 48) { if bx + i2 < n { Y[bx + i2, j2] = o[i2, j2] } }
}`);
  expect(tilesOf(k)).toBe(
    dedent(`
      shared q: f16[64, 64] layout(64=64:m64 | 64=64:m1 | xor 3,3,3)
      shared k: f16[64, 64] layout(64=64:m64 | 64=64:m1 | xor 3,3,3)
      shared v: f16[64, 48] layout(64=64:m56 | 48=48:m1)
      fragment s: f32[64, 64] layout(64=4:t32,2:r2,8:t4 | 64=8:r4,4:t1,2:r1)
      fragment p: f16[64, 64] layout(64=4:t32,2:r2,8:t4 | 64=8:r4,4:t1,2:r1)
      fragment o: f32[64, 48] layout(64=4:t32,2:r2,8:t4 | 48=6:r4,4:t1,2:r1)
      fragment m: f32[64] layout(64=4:t32,2:r1,8:t4 | rep 4:t1)
      fragment b: f32[64] layout(64=8:r2,4:t1,2:r1 | rep 32:t4)
    `),
  );
  expect(printKernel(k)).toContain('parallel (i2, j2) in (64, 48) layout(64=4:t32,2:r2,8:t4 | 48=6:r4,4:t1,2:r1)');
});

test('what nothing constrains gets coalesced rows of 16 bytes; what is smaller than the block, copies', () => {
  const k = placed(`fragment f: f32[96, 40]  fragment r: f32[96]  fragment alone: f16[3, 5]  shared t: f32[96, 40]
{
  copy t -> f
  reduce sum f -> r dim(1)
  fill 0.0_f16 -> alone
}`);
  expect(tilesOf(k)).toBe(
    dedent(`
      fragment f: f32[96, 40] layout(96=3:r20,32:t2 | 40=5:r4,2:t1,4:r1 | rep 2:t64)
      fragment r: f32[96] layout(96=3:r1,32:t2 | rep 2:t64,2:t1)
      fragment alone: f16[3, 5] layout(4=4:t8 | 8=8:t1 | rep 4:t32)
      shared t: f32[96, 40] layout(96=96:m40 | 40=40:m1)
    `),
  );
});

describe('a thread takes as many neighbours as lie together in memory, aligned', () => {
  const layoutOf = (text: string): string =>
    tilesOf(
      through(
        parse(`kernel k(X: f16[n, 64], R: f16[n, 33], E: f16[n, 66]) dims(n) grid(bx: n // 8) threads(128)
  shared s: f16[64, 64]  fragment f: f16[8, 64]
{ ${text} }`),
        'legalize',
        'infer-layouts',
      ),
    )
      .split('\n')
      .find((l) => l.startsWith('fragment f'))!
      .replace(/.*layout/, '');

  test.each([
    ['rows of a length in 16 bytes', 'copy X[bx, 0; 8, 64] -> f', '(8=8:t8 | 64=8:t1,8:r1 | rep 2:t64)'],
    ['rows that start anywhere', 'copy R[bx, 0; 8, 64] -> f', '(8=4:r1,2:t64 | 64=64:t1)'],
    ['rows that start at even elements', 'copy f -> E[bx, 0; 8, 64]', '(8=2:r2,4:t32 | 64=32:t1,2:r1)'],
    ['a tile that starts at an odd column', 'copy X[bx, 1; 8, 64] -> f', '(8=4:r1,2:t64 | 64=64:t1)'],
    ['a column of rows', 'parallel (i, j) in (8, 64) { f[i, j] = X[j, i] }', '(8=4:r1,2:t64 | 64=64:t1)'],
    ['elements, one by one', 'parallel (i, j) in (8, 64) { f[i, j] = X[i, j] }', '(8=8:t8 | 64=8:t1,8:r1 | rep 2:t64)'],
    [
      'elements under a condition of their own',
      'parallel (i, j) in (8, 64) { if j < n { f[i, j] = X[i, j] } }',
      '(8=4:r1,2:t64 | 64=64:t1)',
    ],
    ['a shared tile, transposed', 'parallel (i, j) in (8, 64) { f[i, j] = s[j, i] }', '(8=4:r1,2:t64 | 64=64:t1)'],
    ['one element for all', 'parallel (i, j) in (8, 64) { f[i, j] = X[0, 0] }', '(8=8:t16 | 64=16:t1,4:r1)'],
  ])('%s', (_, text, want) => expect(layoutOf(text)).toBe(want));
});

test('a reduction across warps gets a scratch tile each, under names that are free', () => {
  const k = placed(
    `fragment f: f32[8, 512]  fragment r: f32[8]  shared r_scratch: f32[4]
{
  copy Y[0, 0; 8, 512] -> f
  reduce sum f -> r dim(1)
  reduce max f -> r dim(1)
}`,
    256,
  );
  expect(tilesOf(k)).toContain('fragment r: f32[8] layout(8=4:r1,2:t128 | rep 128:t1)');
  expect(tilesOf(k).match(/shared r_scratch_?\d+: f32\[32\] layout\(32=32:m1\)/g)).toHaveLength(2);
});

describe('refusals show both demands', () => {
  const refused = (text: string) => refusal(() => placed(text));
  test('of two products on one loop', () => {
    const d = refused(`shared a: f16[64, 64]  shared b: f16[64, 64]  fragment c: f32[64, 64]  fragment d: f32[64, 64]
{
  gemm a, b -> c
  parallel (i, j) in (64, 64) { d[j, i] = c[i, j] }
  gemm a, b -> d
}`);
    expect(d).toMatchObject({ code: 'TL0501', span: { line: 5 } });
    expect(d.notes.map((n) => [n.message, n.span?.line])).toEqual([
      ['`c`: `c` accumulates this T.gemm', 4],
      ['this T.Parallel: `d` accumulates this T.gemm', 6],
    ]);
    expect(d.hint).toContain('through a T.shared tile');
  });

  test('of a product and an operand of another', () => {
    const d =
      refused(`shared a: f16[128, 64]  shared b: f16[64, 128]  fragment c: f32[128, 128]  fragment p: f16[128, 128]
  shared v: f16[128, 16]  fragment o: f32[128, 16]
{
  gemm a, b -> c
  parallel (i, j) in (128, 128) { p[i, j] = f16(c[j, i]) }
  gemm p, v -> o
}`);
    expect(d.notes.map((n) => [n.message, n.span?.line])).toEqual([
      ['`c`: `c` accumulates this T.gemm', 5],
      ['this T.Parallel: `p` is an operand of this T.gemm in registers', 7],
    ]);
  });

  test('of one fragment against itself', () => {
    const d = refused('fragment c: f32[64, 64]\n{ parallel (i, j) in (64, 64) { c[j, i] = c[i, j] } }');
    expect(d.code).toBe('TL0501');
    expect(d.notes).toHaveLength(2);
  });

  test.each([
    [
      'TL0502',
      'a part of a fragment',
      'fragment c: f32[64, 64]  fragment d: f32[32, 64]\n{ copy c[0, 0; 32, 64] -> d }',
    ],
    [
      'TL0504',
      'operand b in registers',
      'shared a: f16[64, 32]  fragment b: f16[32, 64]  fragment c: f32[64, 64]\n{ gemm a, b -> c }',
    ],
    [
      'TL0504',
      'a transposed operand a in registers',
      'fragment a: f16[64, 64]  shared b: f16[64, 64]  fragment c: f32[64, 64]\n{ gemm transpose(a), b -> c }',
    ],
  ])('%s: %s', (code, _, text) => expect(refused(text)).toMatchObject({ code, span: { line: 3 } }));
});

// ----------------------------------------------------------------------------- every thread holds what it works on

/** The threads that hold, or work on, the element. */
function holders(l: Layout, coords: readonly number[]): Set<number> {
  let threads = [evaluate(l, coords).thread];
  for (const a of l.replicate)
    threads = threads.flatMap((t) => Array.from({ length: a.extent }, (_, i) => t + i * a.stride));
  return new Set(threads);
}
const isSubset = (a: Set<number>, b: Set<number>): boolean => [...a].every((x) => b.has(x));

function* coordinates(shape: readonly number[]): Generator<number[]> {
  const [first, ...rest] = shape;
  if (first === undefined) return yield [];
  for (let i = 0; i < first; i++) for (const tail of coordinates(rest)) yield [i, ...tail];
}

/** Faults of the placement: a fragment's element that a thread needs and does not hold, or holds and does not get. */
function misplaced(k: Kernel): string[] {
  const faults: string[] = [];
  const fragments = new Map(k.buffers.flatMap((b) => (b.scope === 'fragment' ? [[b.name, b.layout!]] : [])));
  const long = (r: Region): number[] => r.extent.flatMap((n, d) => (n > 1 ? [d] : []));
  walkStmts(k.body, (s) => {
    if (s.kind === 'parallel' && s.layout)
      for (const at of coordinates(s.extents)) {
        const here = holders(s.layout, at);
        const place = (indices: readonly Expr[]) =>
          indices.map((e) =>
            e.kind === 'var' ? at[s.vars.indexOf(e.name)]! : e.kind === 'const' ? Number(e.value) : 0,
          );
        walkStmts(s.body, (t) => {
          for (const e of ownExprs(t))
            walkExprs(e, (x) => {
              const l = x.kind === 'load' ? fragments.get(x.buffer) : undefined;
              if (x.kind === 'load' && l && !isSubset(here, holders(l, place(x.indices))))
                faults.push(`${x.buffer} is read at ${at}`);
            });
          const l = t.kind === 'store' ? fragments.get(t.buffer) : undefined;
          if (t.kind === 'store' && l && !isSubset(holders(l, place(t.indices)), here))
            faults.push(`${t.buffer} is written at ${at}`);
        });
      }
    if (s.kind === 'copy') {
      const [a, b] = [fragments.get(s.src.buffer), fragments.get(s.dst.buffer)];
      if (!a || !b) return;
      for (const at of coordinates(long(s.src).map((d) => s.src.extent[d]!))) {
        const full = (r: Region): number[] =>
          r.extent.map((_, d) => (long(r).includes(d) ? at[long(r).indexOf(d)]! : 0));
        if (!isSubset(holders(b, full(s.dst)), holders(a, full(s.src))))
          faults.push(`${s.src.buffer} is copied at ${at}`);
      }
    }
    if (s.kind === 'reduce') {
      const [a, b] = [fragments.get(s.src.buffer)!, fragments.get(s.dst.buffer)!];
      for (const at of coordinates(s.dst.extent)) {
        const row = new Set<number>();
        // Lanes behind the edge take part, with nothing to add.
        for (let i = 0; i < extentOf(a.dims[s.dim]!); i++)
          for (const t of holders(a, at.toSpliced(s.dim, 0, i))) row.add(t);
        if (!isSubset(holders(b, at), row)) faults.push(`${s.dst.buffer} is reduced at ${at}`);
      }
    }
  });
  return faults;
}

const PIECES = [
  'gemm a, transpose(b) -> s',
  'gemm p, v -> o',
  'copy s -> p',
  'copy a -> p2',
  'copy p2 -> s',
  'reduce max s -> m dim(1)',
  'reduce sum s -> c dim(0)',
  'reduce sum o -> m dim(1)',
  'parallel (I, J) in (M, N) { s[I, J] = s[I, J] - m[I] }',
  'parallel (I, J) in (M, N) { s[I, J] = s[I, J] * c[J] }',
  'parallel (I, J) in (M, N) { p2[I, J] = f16(s[I, J] + m[I] + c[J]) }',
  'parallel (I, J) in (M, D) { o[I, J] = o[I, J] / m[I] }',
  'parallel (I) in (M) { m[I] = m[I] * m2[I] }',
  'parallel (I) in (M) { m2[I] = Y[I, 0] }',
  'parallel (J) in (N) { c[J] = c[J] + Y[0, J] }',
  'copy m -> m2',
  'fill 0.0 -> o',
] as const;

test('in accepted programs every thread holds what it works on, and every copy of an element is written', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.subarray([...PIECES], { minLength: 2, maxLength: 8 }),
      fc.constantFrom(16, 32, 48, 64),
      fc.constantFrom(16, 48, 64, 176),
      fc.constantFrom(16, 24, 96),
      fc.constantFrom(32, 64, 96, 128, 256),
      (pieces, M, N, D, threads) => {
        const body = pieces
          .map((p, i) => p.replace(/\bI\b/g, `i${i}`).replace(/\bJ\b/g, `j${i}`))
          .join('\n')
          .replace(/\bM\b/g, `${M}`)
          .replace(/\bN\b/g, `${N}`)
          .replace(/\bD\b/g, `${D}`);
        const text = `shared a: f16[${M}, ${N}]  shared b: f16[${N}, ${N}]  shared v: f16[${N}, ${D}]
          fragment s: f32[${M}, ${N}]  fragment p: f16[${M}, ${N}]  fragment p2: f16[${M}, ${N}]  fragment o: f32[${M}, ${D}]
          fragment m: f32[${M}]  fragment m2: f32[${M}]  fragment c: f32[${N}]
        {
          ${body}
        }`;
        let k: Kernel;
        try {
          k = placed(text, threads);
        } catch (e) {
          if (!(e instanceof CompileError)) throw e;
          expect(e.diagnostics[0]!.code).toBe('TL0501');
          return;
        }
        accepted++;
        expect(misplaced(k), printKernel(k)).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
  expect(accepted).toBeGreaterThan(80);
}, 120_000);

test('a fragment that no thread has registers for is pointed out, with its line', () => {
  const warned = (text: string): readonly Diagnostic[] => {
    const found: Diagnostic[] = [];
    inferLayouts(kernel(text), { target: TARGETS.sm_90a, warn: (d) => found.push(d) });
    return found;
  };
  const [d, ...more] = warned(`fragment small: f32[128, 255]
  fragment large: f32[128, 256]
{ fill 0.0 -> small  fill 0.0 -> large }`);
  expect(more).toEqual([]);
  expect(d).toMatchObject({ code: 'TL0712', severity: 'warning', span: { line: 3 } });
  expect(d!.message).toContain("fragment `large` takes 256 registers of each of the block's 128 threads");
  expect(warned('fragment half: f16[128, 256]\n{ fill 0.0_f16 -> half }')).toEqual([]);
});

test('reductions of tiles of any shape are placed, whatever the number of warps', () => {
  for (const threads of [32, 96, 192, 224, 320, 384, 768])
    for (const [rows, columns] of [
      [12, 5],
      [48, 20],
      [2, 3],
      [5, 8],
      [24, 48],
      [7, 100],
    ])
      for (const dim of [0, 1]) {
        const kept = dim === 0 ? columns : rows;
        const text = `kernel k(X: f32[${rows}, ${columns}], O: f32[${kept}]) grid(bx: 1) threads(${threads})
  fragment f: f32[${rows}, ${columns}]  fragment r: f32[${kept}]
{
  copy X[0, 0; ${rows}, ${columns}] -> f
  reduce min f -> r dim(${dim})
  copy r -> O[0; ${kept}]
}`;
        expect(
          () => through(parse(text), 'legalize', 'infer-layouts'),
          `${rows} × ${columns} on ${threads}`,
        ).not.toThrow();
      }
});
