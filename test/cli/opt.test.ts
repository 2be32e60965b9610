import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PASSES } from '../../src/passes/pipeline.ts';
import { Bench, ROOT } from './tilec.ts';

const bench = new Bench();
const SOURCE = join(ROOT, 'kernels', 'vectorAdd.ts');
const FILE = 'vectorAdd.sm_90a.tir';
await bench.tilec(['compile', SOURCE, '--emit', 'tir', '-o', '.']);

test('--list names every pass', async () => {
  const { code, stdout } = await bench.tilec(['opt', '--list']);
  expect(code).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((l) => l.split(' ')[0]),
  ).toEqual(PASSES.map((p) => p.name));
});

test('one pass changes the text; all of them, one by one, give what the compiler prints', async () => {
  const legal = await bench.tilec(['opt', FILE, '--pass=legalize', '--verify']);
  expect(legal.code).toBe(0);
  const laidOut = await bench.tilec([
    'opt',
    FILE,
    '--pass',
    'legalize,select-instructions,plan-pipeline,infer-layouts',
  ]);
  expect(laidOut.stdout).toContain('layout');
  expect(legal.stdout).not.toContain('layout');
  const compiled = await bench.tilec(['compile', SOURCE, '--emit', 'tir', '--print-after', 'infer-layouts']);
  expect(compiled.stdout).toContain(laidOut.stdout);
});

test('--verify alone prints the program as it is', async () => {
  const { code, stdout } = await bench.tilec(['opt', FILE, '--verify']);
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync(bench.path(FILE), 'utf8'));
});

test('text that is no Tile IR is shown at its line', async () => {
  bench.write('bad.tir', readFileSync(bench.path(FILE), 'utf8').replace('threads(256)', 'threads(many)'));
  const { code, stdout, stderr } = await bench.tilec(['opt', 'bad.tir', '--pass=legalize']);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/error TL08\d\d: .*\n {2}--> bad\.tir:2:/);
});
