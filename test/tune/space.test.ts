import { describe, expect, test } from 'vitest';
import { MANIFEST } from '../../manifest/index.ts';
import type { OperatorEntry } from '../../manifest/schema.ts';
import { resolveWorkload } from '../../manifest/workload.ts';
import { makeInputs } from '../../src/bench/inputs.ts';
import { makeOperator } from '../../src/bench/operators.ts';
import type { OperatorKernel } from '../../src/ops/kernels.ts';
import { fingerprint } from '../../src/runtime/cache/fingerprint.ts';
import { cpu } from '../../src/runtime/cpu-device.ts';
import { type Choice, choicesOf, isChoice, type Space, shapeClass } from '../../src/tune/space.ts';
import { SPACES } from '../../src/tune/spaces.ts';
import { SMALL } from '../bench/small.ts';

const space: Space = {
  sizes: ['m'],
  axes: { BM: [1, 2], BN: [1, 2, 3] },
  fits: (c, p) => c.BM! * c.BN! <= Number(p.most),
};

test('choices are all combinations that fit', () => {
  expect(choicesOf(space, { most: 2 })).toEqual([
    { BM: 1, BN: 1 },
    { BM: 1, BN: 2 },
    { BM: 2, BN: 1 },
  ]);
});

test("a stored configuration counts only while the space has it; the kernels' own choice always", () => {
  const has = (config: Choice): boolean => isChoice(space, { most: 3 }, config);
  expect(has({ BM: 1, BN: 3 })).toBe(true);
  expect(has({})).toBe(true);
  expect(has({ BM: 2, BN: 3 })).toBe(false);
  expect(has({ BM: 1, BN: 4 })).toBe(false);
  expect(has({ BM: 1 })).toBe(false);
  expect(has({ BM: 1, BN: 1, BK: 1 })).toBe(false);
});

test('a shape class joins sizes that are near, and calls whose numbers need other kernels it parts', () => {
  const of = (m: number, params = {}): string =>
    shapeClass(space, { heads: 8, dtype: 'f16', softcap: 0, smScale: 0.1, ...params }, () => m);
  expect(of(4096)).toBe(of(3000));
  expect(of(4096)).toBe(of(8192));
  expect(of(4096)).not.toBe(of(2048));
  expect(of(0)).not.toBe(of(1));
  expect(of(1)).not.toBe(of(16));
  expect(of(1, { smScale: 0.125 })).toBe(of(1));
  expect(of(1, { softcap: 30.5 })).not.toBe(of(1));
  expect(of(1, { heads: 4 })).not.toBe(of(1));
});

describe('the declared spaces', () => {
  test.each(Object.entries(SPACES))('%s: axes are tiles of the operator, which takes every choice', (op, s) => {
    const entry: OperatorEntry = Object.values(MANIFEST).find((e) => e.name === op)!;
    for (const axis of Object.keys(s.axes)) expect(entry.tiles).toHaveProperty(axis);
    for (const w of entry.workloads) {
      const { params } = resolveWorkload(entry, w);
      for (const config of choicesOf(s, params)) makeOperator(entry, params, { config });
    }
  });

  test.each(Object.entries(SPACES))(
    '%s: sizes are the operator’s, and every axis makes other kernels',
    async (op, s) => {
      const { entry, workload } = SMALL[op]!;
      for (const name of s.sizes) expect(workload.env[name], name).toBeTypeOf('number');
      // Of the size that is tuned, where the small one leaves no choice.
      const params = { ...workload.params, ...('n' in workload.params ? { n: 4096 } : {}) };
      const choices = choicesOf(s, params);
      expect(choices.length).toBeGreaterThan(3);
      const inputs = await makeInputs(workload, cpu);
      const kernelsOf = (c: Choice): string =>
        makeOperator(entry, workload.params, { config: c })
          .kernels(inputs as never)
          .map((k: OperatorKernel) => fingerprint(k.kernel.def) ?? expect.fail('its closure cannot be seen'))
          .join();
      for (const axis of Object.keys(s.axes)) {
        const rest = ({ [axis]: _, ...others }: Choice): string => JSON.stringify(others);
        const pair = choices.flatMap((a) =>
          choices.filter((b) => rest(a) === rest(b) && a[axis] !== b[axis]).map((b) => [a, b] as const),
        )[0];
        expect(pair, `two choices that differ in ${axis} alone`).toBeDefined();
        expect(kernelsOf(pair![0]), axis).not.toBe(kernelsOf(pair![1]));
      }
    },
  );
});
