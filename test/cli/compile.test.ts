import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Bench, fill, hasNvrtc, json, NO_NVRTC, ROOT } from './tilec.ts';

const bench = new Bench();
const FLAGSHIP = [
  join(ROOT, 'kernels', 'gqaPagedPrefill.ts'),
  ...['heads=8', 'headsKv=2', 'dim=64', 'pageSize=16', 'cacheDtype=f8e4m3'].flatMap((d) => ['-D', d]),
];
bench.write('one.ts', fill('one', '1'));

test('without NVRTC: CUDA C, and how to get the rest', async () => {
  const done = await bench.tilec(['compile', 'one.ts', '-o', 'plain'], NO_NVRTC);
  expect(done.code).toBe(0);
  expect(readdirSync(bench.path('plain'))).toEqual(['one.sm_90a.cu']);
  expect(readFileSync(bench.path('plain/one.sm_90a.cu'), 'utf8')).toContain('__global__');
  expect(done.stdout).toMatch(/^one {2}sm_90a, 128 threads/);
  expect(done.stdout).toMatch(/frontend +[\d.]+ ms/);
  expect(done.stderr).toContain('get-nvrtc');
});

test('a cubin asked for where there is no NVRTC ends with 3; what there is, is written', async () => {
  const done = await bench.tilec(['compile', 'one.ts', '-o', 'asked', '--emit', 'cu,cubin'], NO_NVRTC);
  expect(done.code).toBe(3);
  expect(done.stderr).toContain('not written for want of NVRTC: cubin');
  expect(readdirSync(bench.path('asked'))).toEqual(['one.sm_90a.cu']);
  const asJson = await bench.tilec(['compile', 'one.ts', '-o', 'asked', '--emit', 'ptx', '--json'], NO_NVRTC);
  expect(asJson.code).toBe(3);
  expect(json(asJson).missing[0]!.code).toBe('NO_NVRTC');
});

test('Tile IR and Device IR as files, and Tile IR after passes', async () => {
  const done = await bench.tilec([
    'compile',
    'one.ts',
    '-o',
    'ir',
    '--emit',
    'tir,dir',
    '--print-after',
    'frontend,plan-shared',
  ]);
  expect(done.code).toBe(0);
  expect(readdirSync(bench.path('ir'))).toEqual(['one.sm_90a.dir', 'one.sm_90a.tir']);
  expect(readFileSync(bench.path('ir/one.sm_90a.tir'), 'utf8')).toMatch(/^kernel one\(/);
  expect(readFileSync(bench.path('ir/one.sm_90a.dir'), 'utf8')).toMatch(/^device one\(mutable a: f32\*/m);
  expect(done.stdout).toMatch(/^\/\/ after frontend\nkernel one\([\s\S]*^\/\/ after plan-shared\nkernel one\(/m);
});

const FACTORY = `import { dim, f32, kernel, T, tensor } from 'tilec';
const n = dim('n');
const scaled = (by: number) =>
  kernel({ x: tensor(f32, [n]) }, ({ x }) => {
    const [i] = T.grid([n]);
    x[i] *= by;
  });
export const twice = scaled(2);
export const thrice = scaled(3);
`;

test('kernels of one factory are told apart by their exports', async () => {
  bench.write('factory.ts', FACTORY);
  for (const cache of [['--no-cache'], [], []]) {
    const done = await bench.tilec(['compile', 'factory.ts', '-o', 'made', '--emit', 'cu', ...cache], NO_NVRTC);
    expect(done.code).toBe(0);
    expect(readdirSync(bench.path('made'))).toEqual(['thrice.sm_90a.cu', 'twice.sm_90a.cu']);
  }
  expect(readFileSync(bench.path('made/thrice.sm_90a.cu'), 'utf8')).toContain('3.0f');
});

test('a product that misses the tensor cores is pointed out, with its line', async () => {
  bench.write(
    'thin.ts',
    `import { f16, f32, kernel, T, tensor } from 'tilec';
export const thin = kernel({ x: tensor(f16, [64, 40]), y: tensor(f32, [64, 64]) }, ({ x, y }) => {
  T.grid([1]);
  const a = T.shared(f16, [64, 40]);
  const c = T.fragment(f32, [64, 64]);
  T.copy(x, a);
  T.clear(c);
  T.gemm(a, a, c, { transposeB: true });
  T.copy(c, y);
});
`,
  );
  const done = await bench.tilec(['compile', 'thin.ts', '-o', 'thin', '--emit', 'cu'], NO_NVRTC);
  expect(done.code).toBe(0);
  expect(done.stderr).toContain('warning TL0711: this T.gemm does not run on the tensor cores: a depth of 40');
  expect(done.stderr).toMatch(/--> thin\.ts:8:3\n[\s\S]*> +8 \| {3}T\.gemm\(a, a, c/);
  const asJson = await bench.tilec(['compile', 'thin.ts', '-o', 'thin', '--emit', 'cu', '--json'], NO_NVRTC);
  expect(asJson.stderr).toBe('');
  expect(JSON.parse(asJson.stdout).kernels[0].warnings).toMatchObject([{ code: 'TL0711', span: { line: 8 } }]);
});

test('an error leaves no file behind', async () => {
  bench.write('wrong.ts', fill('fine', '1') + fill('wrong', 'true').replace(/import.*\n/, ''));
  const done = await bench.tilec(['compile', 'wrong.ts', '-o', 'nothing'], NO_NVRTC);
  expect(done.code).toBe(1);
  expect(done.stderr).toMatch(/error TL\d{4}: .*\n {2}--> wrong\.ts:12:/);
  expect(existsSync(bench.path('nothing'))).toBe(false);
});

test('what cannot be written is no half file', async () => {
  bench.write('blocked', 'a file where a folder should be');
  const done = await bench.tilec(['compile', 'one.ts', '-o', 'blocked'], NO_NVRTC);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('cannot write into blocked');
});

describe.runIf(hasNvrtc)('with NVRTC', () => {
  test('the flagship: cold, then from the cache, the same', async () => {
    const cold = await bench.tilec(['compile', ...FLAGSHIP, '-o', 'cold', '--json']);
    expect(cold.stderr).toBe('');
    expect(cold.code).toBe(0);
    const [kernel] = json(cold).kernels;
    expect(kernel).toMatchObject({ name: 'gqaPagedPrefill', arch: 'sm_90a', cached: false, threads: 128 });
    expect(kernel!.resources.registers).toBeGreaterThan(32);
    expect(Object.keys(kernel!.timings)).toEqual(
      expect.arrayContaining(['load', 'frontend', 'passes', 'print', 'nvrtc']),
    );
    expect(Object.keys(kernel!.artefacts)).toEqual(['cu', 'ptx', 'cubin']);

    const warm = await bench.tilec(['compile', ...FLAGSHIP, '-o', 'warm', '--json']);
    const [again] = json(warm).kernels;
    expect(again).toMatchObject({ cached: true, resources: kernel!.resources, sharedBytes: kernel!.sharedBytes });
    expect(Object.keys(again!.timings)).toEqual(['load', 'cache']);
    for (const form of ['cu', 'ptx', 'cubin']) {
      const file = `gqaPagedPrefill.sm_90a.${form}`;
      expect(readFileSync(bench.path(`warm/${file}`)).equals(readFileSync(bench.path(`cold/${file}`)))).toBe(true);
    }
    expect(readFileSync(bench.path('cold/gqaPagedPrefill.sm_90a.cubin')).subarray(1, 4).toString()).toBe('ELF');
    // ts-morph, chevrotain and NVRTC take longer, each.
    expect(warm.ms).toBeLessThan(cold.ms / 2);
  });

  test('other options and another architecture are other entries', async () => {
    const run = async (...args: string[]): Promise<boolean> => {
      const done = await bench.tilec(['compile', 'one.ts', '--json', ...args]);
      expect(done.code).toBe(0);
      return json(done).kernels[0]!.cached;
    };
    expect(await run()).toBe(false);
    expect(await run()).toBe(true);
    expect(await run('--arch', 'sm_80')).toBe(false);
    expect(await run('--emit', 'cu')).toBe(true);
    expect(await run('--no-cache')).toBe(false);
  });
});
