import { expect, test } from 'vitest';
import { vectorAdd } from '../../kernels/vectorAdd.ts';
import { normal, poisoned, seeded } from './data.ts';

test.each([
  { n: 1, block: 256 },
  { n: 255, block: 256 },
  { n: 1000, block: 128 },
])('$n elements in blocks of $block', async ({ n, block }) => {
  const r = seeded(`vectorAdd ${n}`);
  const a = normal(r, [n], 'f32');
  const b = normal(r, [n], 'f32');
  const c = poisoned([n], 'f32');
  await vectorAdd({ block })({ a: a.tensor, b: b.tensor, c });
  expect(await c.toFloat64Array()).toEqual(a.values.map((x, i) => Math.fround(x + b.values[i]!)));
});
