/** What TypeScript accepts in `legal.ts`, the compiler accepts too. */
import { expect, test } from 'vitest';
import { program } from '../frontend/text.ts';
import { flashAttention } from './flash.ts';
import * as legal from './legal.ts';

test.each([
  ['scalars', legal.scalars],
  ['shapes', legal.shapes()],
  ['products', legal.products],
  ['loops', legal.loops],
  ['macros', legal.macros],
  ['flash attention, causal', flashAttention()],
  ['flash attention, not causal', flashAttention({ causal: false, heads: 4 })],
] as const)('%s', (_, k) => {
  expect(program(k)).toContain('kernel');
});
