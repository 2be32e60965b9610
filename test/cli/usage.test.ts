import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Bench, fill, json, ROOT } from './tilec.ts';

const bench = new Bench();
const fastest = async (run: () => Promise<{ ms: number }>): Promise<number> => {
  const times = [];
  for (let i = 0; i < 5; i++) times.push((await run()).ms);
  return Math.min(...times);
};

test('--help lists the commands, and costs little more than Node itself', async () => {
  const { code, stdout } = await bench.tilec(['--help']);
  expect(code).toBe(0);
  for (const command of ['compile', 'run', 'opt', 'doctor']) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
  const node = await fastest(() => bench.node(['-e', '0']));
  const help = await fastest(() => bench.tilec(['--help']));
  // About 30 ms on a quiet machine; ts-morph alone would add 300.
  expect(help - node).toBeLessThan(200);
});

test('a reader that has enough ends it quietly', async () => {
  const flagship = join(ROOT, 'kernels', 'gqaPagedPrefill.ts');
  const sizes = ['heads=8', 'headsKv=2', 'dim=128', 'pageSize=64'].flatMap((d) => ['-D', d]);
  // More than a pipe holds.
  const args = ['compile', flagship, '-k', 'gqaPagedPrefill', ...sizes, '--emit', 'tir', '--print-after', 'all'];
  const { stdout, stderr } = await bench.piped(args, 'head -c 10');
  expect(stdout).toHaveLength(10);
  expect(stderr).not.toContain('EPIPE');
});

test('a command has help of its own', async () => {
  const { code, stdout } = await bench.tilec(['compile', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('--emit');
});

bench.write('one.ts', fill('one', '1'));
bench.write('two.ts', fill('one', '1') + fill('two', '2').replace(/import.*\n/, ''));
bench.write('none.ts', 'export const x = 1;\n');

describe('what cannot be meant ends with 2 and says why', () => {
  test.each([
    [[], 'Usage: tilec'],
    [['nonsense'], "unknown command 'nonsense'"],
    [['compile'], "missing required argument 'file'"],
    [['compile', 'nix.ts'], 'there is no file nix.ts'],
    [['compile', 'none.ts'], 'none.ts exports no kernel'],
    [['compile', 'one.ts', '--arch', 'sm_70'], "argument 'sm_70' is invalid"],
    [['compile', 'one.ts', '--emit', 'sass'], "there is no form 'sass'"],
    [['compile', 'one.ts', '--print-after', 'x'], "there is no pass 'x'"],
    [['compile', 'one.ts', '-k', 'two'], "exports no kernel 'two'; there are one"],
    [['compile', 'one.ts', '-D', 'BM'], "'BM' is not of the form name=value"],
    [['compile', 'one.ts', '-D', 'BM=64'], 'one reads no option BM'],
    [['run', 'two.ts'], 'two.ts exports several kernels; -k names one of one, two'],
    [['run', 'one.ts', '--shape', 'm=3'], 'no dimension m'],
    [['run', 'one.ts', '--shape', 'n=2.5'], "n: '2.5'"],
    [['run', 'one.ts', '--set', 'b=0'], 'no parameter b; the parameters are a'],
    [['run', 'one.ts', '--seed', '-1'], "--seed: '-1'"],
    [['opt', 'x.tir'], '--pass'],
    [['opt', 'x.tir', '--pass=legalize'], 'there is no file x.tir'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await bench.tilec(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

test('with --json an error is JSON, and what the file prints stays out of it', async () => {
  bench.write('loud.ts', `console.log('loud');\n${fill('loud', 'true')}`);
  const done = await bench.tilec(['compile', 'loud.ts', '--json']);
  expect(done.code).toBe(1);
  expect(done.stderr).toBe('loud\n');
  expect(json(done).diagnostics[0]!.span.line).toBe(7);
  const usage = await bench.tilec(['compile', 'nix.ts', '--json']);
  expect(usage.code).toBe(2);
  expect(json(usage).error.message).toBe('there is no file nix.ts');
});

test('no colour where nobody watches', async () => {
  const { stderr } = await bench.tilec(['compile', 'loud.ts'], { FORCE_COLOR: undefined });
  expect(stderr).toContain('error TL');
  expect(stderr).not.toContain('\u001b[');
});
