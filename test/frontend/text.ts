/** Kernels as Tile IR text, for tests. */

import type { KernelDef } from 'tilec';
import { expect } from 'vitest';
import { buildKernel } from '../../src/frontend/index.ts';
import { parseKernel } from '../../src/ir/tile/parser.ts';
import { printKernel } from '../../src/ir/tile/printer.ts';
import { verify } from '../../src/ir/tile/verify.ts';

type Defined = { readonly def: KernelDef };

/** The whole program; it must be well formed and read back to itself. */
export function program(k: Defined): string {
  const built = buildKernel(k.def);
  expect(verify(built)).toEqual([]);
  const text = printKernel(built);
  expect(printKernel(parseKernel(text))).toBe(text);
  return text;
}

/** The statements of the program. */
export function statements(k: Defined): string {
  const text = program(k);
  return dedent(text.slice(text.indexOf('\n{\n') + 3, text.lastIndexOf('}\n')));
}

/** A template's text without its common indentation and outer line breaks. */
export function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const indent = Math.min(...lines.filter((l) => l.trim() !== '').map((l) => l.length - l.trimStart().length));
  return lines.map((l) => l.slice(indent)).join('\n');
}
