/** Passes on text: what goes in and what comes out are read and printed, and hold the rules of Tile IR. */
import { expect } from 'vitest';
import { CompileError, type Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { type Arch, TARGETS } from '../../src/ir/target.ts';
import { parseKernel } from '../../src/ir/tile/parser.ts';
import { printKernel } from '../../src/ir/tile/printer.ts';
import type { Kernel } from '../../src/ir/tile/schema.ts';
import { verify } from '../../src/ir/tile/verify.ts';
import { PASSES } from '../../src/passes/pipeline.ts';

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** The lines without their common indentation, and without empty ones at both ends. */
export function dedent(text: string): string {
  const lines = text.split('\n').map((l) => l.trimEnd());
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  const indent = Math.min(...lines.filter((l) => l !== '').map(indentOf));
  return lines.map((l) => l.slice(indent)).join('\n');
}

/** Places are those in the text. */
export function parse(text: string): Kernel {
  const k = parseKernel(dedent(text), 'k.tir', { textSpans: true });
  expect(verify(k)).toEqual([]);
  return k;
}

/** The kernel after the passes from `first` to `last`. */
export function through(k: Kernel, first: string, last = first, arch: Arch = 'sm_90a'): Kernel {
  const from = PASSES.findIndex((p) => p.name === first);
  const to = PASSES.findIndex((p) => p.name === last);
  let program = k;
  for (const pass of PASSES.slice(from, to + 1)) {
    program = pass.run(program, { target: TARGETS[arch] });
    expect(
      verify(program).map((d) => d.message),
      pass.name,
    ).toEqual([]);
  }
  return program;
}

/** The statements, one a line. */
export const bodyOf = (k: Kernel): string => {
  const lines = printKernel(k).split('\n');
  return dedent(lines.slice(lines.indexOf('{') + 1, lines.lastIndexOf('}')).join('\n'));
};

/** The declarations of tiles. */
export const tilesOf = (k: Kernel): string =>
  dedent(
    printKernel(k)
      .split('\n')
      .filter((l) => /^ {2}(shared|fragment|local) /.test(l))
      .join('\n'),
  );

/** What the call is refused with. */
export function refusal(f: () => unknown): Diagnostic {
  try {
    f();
  } catch (e) {
    if (e instanceof CompileError) return e.diagnostics[0]!;
    throw e;
  }
  throw new Error('it was accepted');
}
