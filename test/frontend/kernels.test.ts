/** The project's kernels: well formed as Tile IR, and read back from their text. */
import { expect, test } from 'vitest';
import { CONFIGS } from '../kernels/configs.ts';
import { program } from './text.ts';

test.each(CONFIGS.map((c) => [c.name, c] as const))('%s', (_, c) => {
  expect(program(c.make())).toContain('grid(');
});
