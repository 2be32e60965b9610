/** Floats: arithmetic to the last bit, functions within the documented bounds, over their domains and at all edges. */
import { type DType, type f16 as F16, type f32 as F32, f32, macro, T } from 'tilec';
import { describe, it } from 'vitest';
import { codeCount, decoded, isNarrow, NARROW } from '../codegen/js/data.ts';
import { DEVICES } from '../ops/paged.ts';
import { random } from '../reference/random.ts';
import { testAccepted } from './cubin.ts';
import { evaluate, expectSame, expectWithin } from './elements.ts';
import { best, EXACT, FEW, INEXACT, OTHERS, pow, TESTS } from './floatFunctions.ts';
import { edges, FORMAT, samples, ulp } from './floats.ts';
import { type EachElement, eachElement } from './kernels/eachElement.ts';
import { nearest } from './nearest.ts';

describe.each(DEVICES)('on %s', (device) => {
  describe.each(['f32', 'f64'] as const)('%s', (d) => {
    const { round, array } = FORMAT[d];
    const r = random(41);
    const xs = samples(d, r);
    const bound =
      (ulps: number) =>
      (want: number): number =>
        ulps * ulp(d, want);
    const run = (inputs: readonly number[][], functions: Parameters<typeof evaluate>[2]) =>
      evaluate(
        device,
        inputs.map((x) => ({ dtype: d, raw: array.from(x) })),
        functions,
        (name) => (TESTS.includes(name) ? 'bool' : d),
      );

    it('arithmetic, rounding and comparison, exactly', async () => {
      const some = [...edges(d), ...xs.slice(-20)];
      const a = [...some.flatMap((x) => some.map(() => x)), ...xs];
      const b = [...some.flatMap(() => some), ...r.shuffle(xs.slice())];
      const got = await run([a, b], Object.fromEntries(Object.entries(EXACT).map(([k, v]) => [k, v.device])));
      for (const [name, { host, anyZero }] of Object.entries(EXACT)) {
        const normal = (x: number): number => (anyZero ? x + 0 : x);
        expectSame(
          name,
          Array.from(got[name]!, (x) => normal(Number(x))),
          a.map((x, i) => normal(round(host(x, b[i]!)))),
          (i) => `${a[i]}, ${b[i]}`,
        );
      }
    });

    it('functions of one number', async () => {
      const got = await run([xs], Object.fromEntries(Object.entries(INEXACT).map(([k, v]) => [k, v.device])));
      for (const [name, { host, ulps, slack }] of Object.entries(INEXACT))
        for (const [i, x] of xs.entries()) {
          const exactly = host(x);
          // Beyond the largest number there is infinity only.
          const want = Number.isFinite(round(exactly)) ? exactly : round(exactly);
          const most = bound(ulps?.[d] ?? FEW[d])(want) + (slack?.(d, x) ?? 0);
          expectWithin(
            name,
            [got[name]![i]!],
            [want],
            () => most,
            () => String(x),
          );
        }
    });

    it('pow, atan2', async () => {
      const some = [...edges(d), ...xs.filter((x) => Math.abs(x) < 100).slice(0, 60)];
      const a = [...some.flatMap((x) => some.map(() => x)), ...xs];
      const b = [...some.flatMap(() => some), ...xs.map(() => round(20 * r.uniform() - 10))];
      const got = await run([a, b], OTHERS);
      const of = (i: number): string => `${a[i]}, ${b[i]}`;
      const finite = (x: number): number => (Number.isFinite(round(x)) ? x : round(x));
      const powers = a.map((x, i) => finite(pow(x, b[i]!)));
      expectWithin('pow', got.pow!, powers, bound(FEW[d]), of);
      expectWithin('**', got.operator!, powers, bound(FEW[d]), of);
      expectWithin(
        'atan2',
        got.atan2!,
        a.map((x, i) => Math.atan2(x, b[i]!)),
        bound(FEW[d]),
        of,
      );
    });
  });

  it('fma rounds once', async () => {
    const r = random(42);
    const a = Array.from({ length: 500 }, () => Math.fround(4 * r.uniform() - 2));
    const b = Array.from({ length: 500 }, () => Math.fround(4 * r.uniform() - 2));
    // All but the last digits cancel: products of two f32 are exact in f64.
    const c = a.map((x, i) => -Math.fround(x * b[i]!));
    const inputs = [a, b, c].map((x) => ({ dtype: 'f32' as const, raw: Float32Array.from(x) }));
    const got = await evaluate(device, inputs, { fma: macro((x: F32, y: F32, z: F32) => T.fma(x, y, z)) }, () => 'f32');
    expectSame(
      'fma',
      got.fma!,
      a.map((x, i) => x * b[i]! + c[i]!),
      (i) => `${a[i]}, ${b[i]}, ${c[i]}`,
    );
  });

  it.each(NARROW)('arithmetic of all %s numbers, by way of f32', async (d) => {
    const codes = Array.from({ length: codeCount(d) }, (_, i) => i);
    const xs = codes.map((code) => decoded(d, code));
    const raw = (codeCount(d) === 256 ? Uint8Array : Uint16Array).from(codes);
    const functions = {
      square: [macro((x: F16) => x * x), (x: number) => x * x],
      above: [macro((x: F16) => x + 1), (x: number) => x + 1],
      third: [macro((x: F16) => x / 3), (x: number) => x / 3],
      sqrt: [macro((x: F16) => T.sqrt(x)), Math.sqrt],
      floor: [macro((x: F16) => T.floor(x)), Math.floor],
      atLeast: [macro((x: F16) => T.max(x, 1)), (x: number) => best(x, 1, Math.max)],
      mixed: [macro((x: F16) => f32(x) * 0.3), (x: number) => x * Math.fround(0.3)],
    } as const;
    const dtypeOf = (name: string): DType => (name === 'mixed' ? 'f32' : d);
    const got = await evaluate(
      device,
      [{ dtype: d, raw }],
      Object.fromEntries(Object.entries(functions).map(([k, [fn]]) => [k, fn])),
      dtypeOf,
    );
    for (const [name, [, host]] of Object.entries(functions)) {
      const want = xs.map((x) => nearest(name === 'mixed' ? 'f32' : d, Math.fround(host(x))));
      expectSame(name, got[name]!, want, (i) => String(xs[i]));
    }
  });
});

const FUNCTIONS: EachElement['functions'] = {
  ...Object.fromEntries(Object.entries({ ...EXACT, ...INEXACT }).map(([name, { device }]) => [name, device])),
  ...OTHERS,
};
// An element and a result in f32 make one of f32, which a narrow dtype does not take.
const { select: _, ...ON_NARROW } = FUNCTIONS;
testAccepted(
  (['f32', 'f64', ...NARROW] as const).map((d) => {
    const dtypeOf = (name: string): DType => (TESTS.includes(name) ? 'bool' : d);
    const functions = isNarrow(d) ? ON_NARROW : FUNCTIONS;
    return [d, () => eachElement({ inputs: [d, d], functions, dtypeOf })] as const;
  }),
);
