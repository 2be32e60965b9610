import { existsSync } from 'node:fs';
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
  for (const command of ['compile', 'run', 'bench', 'tune', 'opt', 'doctor', 'cache'])
    expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
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
bench.write('one.txt', '');
bench.write('huge.ts', fill('huge', '1').replace('tensor(f32, [hugeSize])', 'tensor(f32, [hugeSize, 65536])'));
bench.write('none.ts', 'export const x = 1;\n');

describe('what cannot be meant ends with 2 and says why', () => {
  test.each([
    [[], 'Usage: tilec'],
    [['nonsense'], "unknown command 'nonsense'"],
    [['compile'], "missing required argument 'file'"],
    [['compile', 'nix.ts'], 'there is no file nix.ts'],
    [['compile', ''], 'there is no file '],
    [['compile', '.'], '. is a folder, and a file is needed'],
    [['compile', 'one.txt'], 'one.txt is no TypeScript file'],
    [['compile', 'none.ts'], 'none.ts exports no kernel'],
    [['compile', 'one.ts', '--emit', ','], '--emit: the list is empty'],
    [['compile', 'one.ts', '--arch', 'sm_70'], "argument 'sm_70' is invalid"],
    [['compile', 'one.ts', '--emit', 'sass'], "there is no form 'sass'"],
    [['compile', 'one.ts', '--print-after', 'x'], "there is no pass 'x'"],
    [['compile', 'one.ts', '-k', 'two'], "exports no kernel 'two'; there are one"],
    [['compile', 'one.ts', '-D', 'BM'], "'BM' is not of the form name=value"],
    [['compile', 'one.ts', '-D', 'BM=64'], 'one reads no option BM'],
    [['run', 'two.ts'], 'two.ts exports several kernels; -k names one of one, two'],
    [['run', 'one.ts', '--shape', 'm=3'], 'no dimension m'],
    [['run', 'one.ts', '--shape', 'n=2.5'], "n: expected a whole number from 0 to 2147483647, got '2.5'"],
    [['run', 'one.ts', '--shape', 'n=1e30'], "n: expected a whole number from 0 to 2147483647, got '1e+30'"],
    [['run', 'one.ts', '--shape', 'n=2000000000', '--set', 'a=x'], "a: expected a number, true or false, got 'x'"],
    [['run', 'huge.ts', '--shape', 'n=2000000000'], 'a: f32 [2000000000, 65536]: this machine has not the memory'],

    [['run', 'one.ts', '--set', 'b=0'], 'no parameter b; the parameters are a'],
    [['run', 'one.ts', '--seed', '-1'], "--seed: '-1' is not a whole number from 0"],
    [['bench', 'softmax', '-D', 'n=x', '--device', 'cpu'], "softmax: n: expected an integer from 1 to 32768, got 'x'"],
    [['bench', 'softmax', '--repeat', '0'], "--repeat: '0' is not a whole number from 1"],
    [['bench', '-w', 'nix'], "no operator has a workload 'nix'"],
    [['bench', 'softmax', '--json', '/nonexistent/x.json'], '/nonexistent/x.json cannot be written'],
    [['tune', 'softmax', '--parallel', '0'], "--parallel: '0' is not a whole number from 1"],
    [['opt', 'x.tir'], '--pass'],
    [['opt', 'x.tir', '--pass=legalize'], 'there is no file x.tir'],
    [['opt', '.', '--pass=legalize'], '. cannot be read: EISDIR'],
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

test('--json alone prints, for every command, and takes no option for a file', async () => {
  const small = ['bench', 'softmax', '-w', '8192x8192', '-D', 'rows=4', '-D', 'n=64', '--repeat', '1'];
  const report = await bench.tilec([...small, '--json', '--device', 'cpu']);
  expect([report.code, report.stderr]).toEqual([0, '']);
  expect(JSON.parse(report.stdout)).toMatchObject({ device: 'cpu', results: [{ op: 'softmax' }] });
  const listed = await bench.tilec(['bench', 'softmax', '--list', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({ workloads: [{ op: 'softmax' }, { op: 'softmax' }] });
  // Where JSON goes into a file, errors are for people.
  const file = await bench.tilec(['bench', 'nix', '--json', 'x.json']);
  expect([file.code, file.stdout]).toEqual([2, '']);
  expect(file.stderr).toContain("there is no operator 'nix'");
  const tune = await bench.tilec(['tune', 'softmax', '--json', '-D', 'n=x']);
  expect(tune.code).toBe(2);
  expect(json(tune).error).toEqual({ name: 'UsageError', message: expect.stringContaining('softmax: n: expected') });
  const option = await bench.tilec(['compile', 'one.ts', '--json', '--nope']);
  expect(option.code).toBe(2);
  expect(json(option).error.message).toBe("unknown option '--nope'");
});

test.skipIf(existsSync('/dev/nvidiactl'))('without a GPU the advice is for the command line', async () => {
  for (const [args, advice] of [
    [['bench', 'softmax'], '--device cpu times the CPU backend'],
    [['tune', 'softmax'], '`tilec tune` needs a GPU'],
    [['run', 'one.ts', '--device', 'cuda'], '--device cpu runs it on the CPU'],
  ] as const) {
    const { code, stderr } = await bench.tilec(args);
    expect(code).toBe(3);
    expect(stderr).toContain(advice);
    expect(stderr).not.toContain("device: 'cpu'");
  }
});

test('no colour where nobody watches', async () => {
  const { stderr } = await bench.tilec(['compile', 'loud.ts'], { FORCE_COLOR: undefined });
  expect(stderr).toContain('error TL');
  expect(stderr).not.toContain('\u001b[');
});
