/** Each lesson runs to its end, where it has checked itself, and its kernels compile for GPUs. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { f32, isKernel, type Kernel, Tensor } from 'tilec';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kernelSymbol } from '../../src/codegen/cuda/printer.ts';
import { toCuda } from '../../src/compile.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { compileCuda } from '../../src/runtime/nvrtc/compile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lessons = readdirSync(`${root}examples`).filter((f) => /^\d\d-.*\.ts$/.test(f));

const printed: string[] = [];
beforeEach(() => {
  vi.stubEnv('TILEC_DEVICE', 'cpu');
  vi.spyOn(console, 'log').mockImplementation((...line: unknown[]) => void printed.push(line.join(' ')));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  printed.length = 0;
});

const load = (file: string): Promise<Record<string, unknown>> =>
  import(new URL(`../../examples/${file}`, import.meta.url).href);

test('they are numbered from 1 on', () => {
  expect(lessons.map((f) => Number(f.slice(0, 2)))).toEqual(lessons.map((_, i) => i + 1));
  for (const [i, f] of lessons.entries())
    expect(readFileSync(`${root}examples/${f}`, 'utf8')).toMatch(new RegExp(`^/\\*\\*\\n \\* Lesson ${i + 1}: `));
});

describe.each(lessons)('%s', (file) => {
  test('runs on the CPU', async () => {
    await load(file);
    if (!file.includes('looking-inside')) expect(printed.join('\n')).toMatch(/\d elements on cpu, largest error/);
  });

  test.skipIf(findNvrtc().length === 0)('its kernels are cubins without spills', async () => {
    // Of options there are defaults.
    const made = Object.values(await load(file)).map((x) => (isKernel(x) ? x : (x as () => Kernel)()));
    for (const kernel of made)
      for (const arch of ['sm_80', 'sm_90a'] as const) {
        const { device, source } = await toCuda(kernel.def, { arch });
        const { resources } = await compileCuda(source, arch, kernelSymbol(device));
        expect(resources, kernel.kernelName).toMatchObject({ spillBytes: 0 });
      }
  });
});

test('looking inside shows two stages of Tile IR, CUDA C and a diagnostic', async () => {
  vi.resetModules();
  await load(lessons.find((f) => f.includes('looking-inside'))!);
  const text = printed.join('\n');
  for (const part of ['after legalize:', 'after insert-barriers:', 'layout(', '__global__', 'error TL0201', '> 51 |'])
    expect(text).toContain(part);
});

test('a lesson that computes wrongly fails', async () => {
  const { check } = await import('../../examples/support.ts');
  const got = Tensor.from([1, 2, Number.NaN], f32);
  await expect(check('it', got, [1, 2, 3], { atol: 1 })).rejects.toThrow('element 2 is NaN, not 3');
  await expect(check('it', got, [1, 2.5, 3], { atol: 0.1 })).rejects.toThrow('element 1');
  await expect(check('it', got, [1])).rejects.toThrow('3 elements, not 1');
});

test('as a program of its own, from TypeScript', () => {
  const args = ['--import', 'tilec/register', 'examples/01-vector-add.ts'];
  const env = { ...process.env, TILEC_DEVICE: 'cpu' };
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
  expect(done.stderr).toBe('');
  expect(done.stdout).toBe('vector add: 5000 elements on cpu, largest error 0.0\n');
});
