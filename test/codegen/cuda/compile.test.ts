/** Every row of the printer and every piece of the prelude, as cubins for every architecture. No GPU is needed, but NVRTC. */
import { describe, expect, test } from 'vitest';
import { pieces } from '../../../src/codegen/cuda/prelude.ts';
import { kernelSymbol, printCuda } from '../../../src/codegen/cuda/printer.ts';
import type { DeviceKernel } from '../../../src/ir/device/schema.ts';
import { ARCHES, type Arch, TARGETS } from '../../../src/ir/target.ts';
import { findNvrtc } from '../../../src/runtime/ffi/discover.ts';
import { compileCuda } from '../../../src/runtime/nvrtc/compile.ts';
import { at, dim, kernel, num, scalar, shared, tensor, v } from './build.ts';
import { programs } from './programs.ts';

const missing = findNvrtc().length === 0;
if (missing)
  console.warn('SKIPPED: emitted CUDA is not compiled, since there is no NVRTC. `npm run setup` fetches it.');

async function compiled(k: DeviceKernel, arch: Arch): Promise<string> {
  const { cubin, ptx } = await compileCuda(printCuda(k, TARGETS[arch]), arch, kernelSymbol(k));
  expect(Buffer.from(cubin.subarray(0, 4)).toString('latin1')).toBe('\x7fELF');
  expect(ptx).toContain(`.entry ${kernelSymbol(k)}`);
  return ptx;
}

describe.skipIf(missing).each(ARCHES)('%s', (arch) => {
  test.each(programs(TARGETS[arch]).map((k) => [k.name, k] as const))('%s', async (_, k) => {
    await compiled(k, arch);
  });
});

/** Names that mean something to C++, CUDA, or the emitted text itself. */
const TAKEN = [
  'float',
  'int',
  'register',
  'and',
  'this',
  'threadIdx',
  'warpSize',
  'min',
  'printf',
  'atomicAdd',
  'half_t',
  'u32',
  'load_vec',
  'INFINITY',
  'shared_memory',
  'warp',
  '__x',
  '_',
  '$t',
  'größe',
  '数',
  '2nd',
  'a b',
  'a_b',
  'x',
  'x_',
  '__syncthreads',
  'main',
  'class',
  'exp2_fast',
  'mma_m16n8k16',
  'add',
  'mov',
  'ret',
  'exit',
  'tid',
  'b32',
  'shared',
];

test.skipIf(missing)(
  'names that are taken',
  async () => {
    for (const name of TAKEN)
      await compiled(
        kernel(
          [
            { kind: 'declare', name: `${name}1`, dtype: 'f32', const: true, value: v(`${name}2`, 'f32') },
            { kind: 'registers', name: `${name}5`, dtype: 'f32', length: 2, init: num(0, 'f32') },
            { kind: 'store', addr: at(name, v(`${name}3`)), value: v(`${name}1`, 'f32') },
            { kind: 'store', addr: shared(`${name}4`, 0, 'f32'), value: v(`${name}1`, 'f32') },
          ],
          {
            name,
            params: [tensor(name, 'f32'), scalar(`${name}2`, 'f32')],
            writes: [name],
            dims: [dim(`${name}3`)],
            shared: [{ name: `${name}4`, dtype: 'f32', length: 4, offset: 0 }],
            sharedBytes: 128,
          },
        ),
        'sm_90a',
      );
  },
  120_000,
);

test.skipIf(missing)('names that become one C name stay apart', async () => {
  const names = ['a$', 'a_', 'a', 'int', 'int_', 'int__'];
  const k = kernel(
    names.map((name, i) => ({ kind: 'store', addr: at('out', i), value: v(name, 'f32') })),
    { params: [tensor('out', 'f32'), ...names.map((n) => scalar(n, 'f32'))], writes: ['out'] },
  );
  expect((await compiled(k, 'sm_90a')).match(/\.param \.f32/g)).toHaveLength(names.length);
});

test('the programs leave no piece of the prelude untried', () => {
  const sources = [...new Set(ARCHES)].flatMap((arch) =>
    programs(TARGETS[arch]).map((k) => printCuda(k, TARGETS[arch])),
  );
  const heads = (text: string): string[] =>
    text.split('\n').filter((l) => /^(__device__|struct|using|#define)/.test(l));
  const all = sources.join('\n');
  const untried = [...pieces().values()].filter(
    (p) => heads(p.text).length > 0 && !heads(p.text).some((h) => all.includes(h)),
  );
  expect(untried.map((p) => p.name)).toEqual([]);
});
