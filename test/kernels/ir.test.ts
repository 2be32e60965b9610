/** Every kernel on its way through the compiler: its program is sound at each step, and its text says all of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildTileIR, lowerToDevice, targetOf } from '../../src/compile.ts';
import { parseKernel } from '../../src/ir/tile/parser.ts';
import { printKernel } from '../../src/ir/tile/printer.ts';
import type { Kernel, Stmt } from '../../src/ir/tile/schema.ts';
import { verify } from '../../src/ir/tile/verify.ts';
import { mapStmts } from '../../src/ir/tile/walk.ts';
import { findHazards } from '../../src/passes/insertBarriers.ts';
import { PASSES } from '../../src/passes/pipeline.ts';
import { CONFIGS } from './configs.ts';

const kernels = new URL('../../kernels/', import.meta.url);

test('every file of kernels/ that makes some is here', () => {
  const makers = readdirSync(kernels)
    .filter((f) => f.endsWith('.ts') && /\bkernel\(/.test(readFileSync(new URL(f, kernels), 'utf8')))
    .map((f) => f.slice(0, -3));
  expect([...new Set(CONFIGS.map((c) => c.file))].sort()).toEqual(makers.sort());
});

/** Sound, and read back from its text: the same program, with the same lines. */
function check(k: Kernel, after: string): void {
  expect(verify(k), `after ${after}`).toEqual([]);
  const text = printKernel(k, { spans: true });
  const read = parseKernel(text);
  expect(printKernel(read, { spans: true }), `the text after ${after}`).toBe(text);
  expect(spanless(read), `the program after ${after}`).toEqual(spanless(k));
}

function spanless(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(spanless);
  if (typeof x !== 'object' || x === null) return x;
  return Object.fromEntries(Object.entries(x).flatMap(([k, v]) => (k === 'span' ? [] : [[k, spanless(v)]])));
}

/** The program without its barrier number `n`; undefined if it has no more than that. */
function withoutBarrier(k: Kernel, n: number): Kernel | undefined {
  let seen = 0;
  const body = mapStmts(k.body, (s: Stmt) => (s.kind === 'barrier' && seen++ === n ? [] : s));
  return seen > n ? { ...k, body } : undefined;
}

test.each(CONFIGS.map((c) => [c.name, c] as const))('%s', async (_, { make, arches }) => {
  const built = await buildTileIR(make().def);
  check(built, 'the frontend');
  const done: string[] = [];
  const { kernel } = await lowerToDevice(built, targetOf(arches[0]!), {
    onPass: (name, k) => {
      check(k, name);
      done.push(name);
    },
  });
  expect(done).toEqual(PASSES.map((p) => p.name));
  expect(findHazards(kernel)).toEqual([]);
  for (let n = 0; ; n++) {
    const less = withoutBarrier(kernel, n);
    if (!less) break;
    expect(findHazards(less), `without barrier ${n}`).not.toEqual([]);
  }
});
