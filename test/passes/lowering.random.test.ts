/** Generated programs through all passes: what layout inference accepts, lowering can do, and soundly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompileError } from '../../src/diagnostics/diagnostic.ts';
import { printDevice } from '../../src/ir/device/printer.ts';
import { ARCHES, TARGETS } from '../../src/ir/target.ts';
import { runPasses } from '../../src/passes/pipeline.ts';
import { parse } from './helpers.ts';

/** I, J: fresh variables; M, N, D: sizes. */
const PIECES = [
  'gemm a, transpose(b[0, 0; N, N]) -> s clear',
  'gemm p, v -> o',
  'gemm a8, transpose(b8) -> s',
  'gemm w, w -> o2',
  'copy s -> p',
  'copy X[bx * M, 0; M, N] -> a',
  'copy X[bx * M, 8; M, N] -> b[0, 0; M, N]',
  'copy a -> p2',
  'copy p2 -> s',
  'copy s -> out',
  'copy out[0, 0; M, N] -> Y[bx * M, 0; M, N]',
  'copy o -> Y[bx * M, 0; M, D]',
  'copy row -> tab',
  'fill 0.0 -> out',
  'fill 1.0_f16 -> a',
  'reduce max s -> m dim(1)',
  'reduce sum s -> c dim(0)',
  'reduce absmax o -> m dim(1) clear',
  'reduce sum out -> row dim(0)',
  'cumsum out -> out dim(1)',
  'cumsum s -> s dim(0) reverse',
  'parallel (I, J) in (M, N) { s[I, J] = exp2(s[I, J] - m[I]) }',
  'parallel (I, J) in (M, N) { if I < n { s[I, J] = s[I, J] * c[J] } else { s[I, J] = -inf } }',
  'parallel (I, J) in (M, N) { p2[I, J] = f16(s[I, J] + m[I] + c[J]) }',
  'parallel (I, J) in (M, N) { a[I, J] = select(bx * M + I < n, X[bx * M + I, J], 0.0_f16) }',
  'parallel (I, J) in (M, N) { out[I, J] = f32(a[I, J]) * 2.0  atomic add out[I, J] -> Y[bx, J] }',
  'parallel (I, J) in (M, D) { Y[bx * M + I, J] = o[I, J] / m[I] }',
  'parallel (I) in (M) { m[I] = m[I] * m2[I] }',
  'parallel (I) in (M) { m2[I] = Y[bx * M + I, 0] }',
  'parallel (J) in (N) { for K1 in unroll(0, 4, 1) { row[J] = row[J] + tab[K1] } }',
  's[0, bx % N] = 1.0',
  'out[bx % M, 3] = 2.0',
  'print "{}", out[0, 0]',
  'var x: f32 = out[0, 0]  while x > 1.0 { x = x * 0.5 }  Y[0, 0] = x',
] as const;

const loops = [
  '',
  'for L in serial(0, n, 1) {',
  'for L in pipelined(0, n // M, 1) stages(2) {',
  'if bx < n {',
  'for L in unroll(0, 2, 1) {',
];

test('all passes and their verifiers', () => {
  let lowered = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 7 }),
      fc.constantFrom(...loops),
      fc.constantFrom(16, 32, 48, 64),
      fc.constantFrom(16, 48, 64, 176),
      fc.constantFrom(16, 24, 96),
      fc.constantFrom(32, 64, 128, 256),
      fc.constantFrom(1, 8),
      fc.constantFrom(...ARCHES),
      (pieces, loop, M, N, D, threads, multiple, arch) => {
        const sized = (s: string): string =>
          s.replace(/\bM\b/g, `${M}`).replace(/\bN\b/g, `${N}`).replace(/\bD\b/g, `${D}`);
        const body = pieces.map((p, i) => p.replace(/\b(I|J|K1)\b/g, `$1${i}`).replace(/\bx\b/g, `x${i}`)).join('\n');
        const big = Math.max(M, N);
        const text =
          sized(`kernel k(X: f16[n, 128], Y: f32[n, 176]) dims(n % ${multiple}) grid(bx: ceildiv(n, M)) threads(${threads})
          shared a: f16[M, N]  shared b: f16[${big}, N]  shared v: f16[N, D]  shared out: f32[M, N]  shared row: f32[N]
          shared a8: f8e4m3[M, 64]  shared b8: f8e4m3[N, 64]  shared w: f32[16, 16]
          fragment s: f32[M, N]  fragment p: f16[M, N]  fragment p2: f16[M, N]  fragment o: f32[M, D]  fragment o2: f32[16, 16]
          fragment m: f32[M]  fragment m2: f32[M]  fragment c: f32[N]  local tab: f32[N]
        {
          ${loop.replace('L', 'l')}
          ${body}
          ${loop === '' ? '' : '}'}
        }`);
        try {
          const { device } = runPasses(parse(text), { target: TARGETS[arch], verify: true });
          expect(printDevice(device)).not.toContain('undefined');
          lowered++;
        } catch (e) {
          if (!(e instanceof CompileError)) throw new Error(`${e instanceof Error ? e.stack : e}\n${text}`);
          const [d] = e.diagnostics;
          expect(['TL0501', 'TL0502', 'TL0503', 'TL0504', 'TL0601'], `${d!.code} ${d!.message}\n${text}`).toContain(
            d!.code,
          );
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(lowered).toBeGreaterThan(150);
}, 120_000);
