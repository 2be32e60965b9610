import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NvrtcError } from '../../src/runtime/errors.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { compileCuda } from '../../src/runtime/nvrtc/compile.ts';
import { parseResources } from '../../src/runtime/nvrtc/resources.ts';

const root = mkdtempSync(join(tmpdir(), 'tilec-nvrtc-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** An NVRTC as far as its file names go. */
function install(folder: string, version: string): string {
  const at = join(root, folder);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, `libnvrtc.so.${version.split('.')[0]}`), '');
  writeFileSync(join(at, `libnvrtc-builtins.so.${version}`), '');
  return at;
}
/** What is found with nothing but `env` to go by, less what this machine itself has. */
const found = (env: NodeJS.ProcessEnv): string[] =>
  findNvrtc(root, env)
    .filter((f) => f.library.startsWith(root))
    .map((f) => `${f.source} ${f.version.join('.')}`);

describe('finding NVRTC', () => {
  test('in a toolkit, in pip’s packages of both layouts, on the library path, and beside the package, in that order', () => {
    const toolkit = join(install('cuda/lib64', '12.8'), '..');
    install('venv/lib/python3.12/site-packages/nvidia/cu13/lib', '13.0');
    install('venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib', '12.6');
    const path = install('libs', '12.5');
    install('build/nvrtc/usr/lib/x86_64-linux-gnu', '12.4');
    const env = { CUDA_HOME: toolkit, VIRTUAL_ENV: join(root, 'venv'), LD_LIBRARY_PATH: `/nowhere:${path}` };
    expect(found(env)).toEqual(['CUDA toolkit 12.8', 'pip 13.0', 'pip 12.6', 'system 12.5', 'tilec 12.4']);
    expect(found({})).toEqual(['tilec 12.4']);
  });

  test('TILEC_NVRTC, a file or a folder, excludes all others', () => {
    const folder = install('mine', '12.9');
    expect(findNvrtc(root, { TILEC_NVRTC: folder }).map((f) => f.version)).toEqual([[12, 9]]);
    expect(findNvrtc(root, { TILEC_NVRTC: join(folder, 'libnvrtc.so.12') })).toHaveLength(1);
    expect(findNvrtc(root, { TILEC_NVRTC: '/nowhere' })).toEqual([]);
  });

  test('what is too old, too new or without its builtins is passed over', () => {
    for (const version of ['12.3', '11.8', '14.0'])
      expect(findNvrtc(root, { TILEC_NVRTC: install(`v${version}`, version) })).toEqual([]);
    const folder = install('bare', '12.9');
    rmSync(join(folder, 'libnvrtc-builtins.so.12.9'));
    expect(findNvrtc(root, { TILEC_NVRTC: folder })).toEqual([]);
  });
});

test('the assembler’s report is read for the kernel that is asked about', () => {
  const log = `ptxas info    : 8 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 20 registers, 372 bytes cmem[0]
ptxas info    : Compiling entry function 'second' for 'sm_80'
ptxas info    : Function properties for second
ptxas         .     64 bytes stack frame, 40 bytes spill stores, 48 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 1024 bytes smem, 372 bytes cmem[0]`;
  expect(parseResources(log, 'first')).toEqual({ registers: 20, spillBytes: 0, localBytes: 0, staticSharedBytes: 0 });
  expect(parseResources(log, 'second')).toEqual({
    registers: 255,
    spillBytes: 48,
    localBytes: 64,
    staticSharedBytes: 1024,
  });
  expect(parseResources(log, 'third')).toBeUndefined();
});

const SOURCE = `extern "C" __global__ void __launch_bounds__(64)
twice(float* x) {
  // scale.ts:12
  x[threadIdx.x] *= 2.0f;
}
`;

describe.skipIf(findNvrtc().length === 0)('compiling', () => {
  test.each(['sm_80', 'sm_89', 'sm_90', 'sm_90a'] as const)('for %s', async (arch) => {
    const made = await compileCuda(SOURCE, arch, 'twice');
    expect(Buffer.from(made.cubin).toString('latin1', 1, 4)).toBe('ELF');
    expect(made.ptx).toContain(`.target ${arch}`);
    expect(made.resources?.registers).toBeGreaterThan(2);
  });

  test('several at once, with the event loop turning meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const made = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => compileCuda(SOURCE.replaceAll('twice', name), 'sm_90a', name)),
    );
    clearInterval(timer);
    expect(made.map((m) => m.ptx.match(/\.entry (\w+)/)?.[1])).toEqual(['a', 'b', 'c', 'd']);
    expect(turns).toBeGreaterThan(2);
  });

  test('a refusal shows the line of CUDA C and the place in the user’s file', async () => {
    const error = await compileCuda(SOURCE.replace('2.0f', 'two'), 'sm_90a', 'twice').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NvrtcError);
    const { message, code, log } = error as NvrtcError;
    expect(code).toBe('NVRTC_ERROR_COMPILATION');
    expect(message).toBe(
      'NVRTC refused the CUDA C of twice:\n' +
        'twice.cu(4): error: identifier "two" is undefined\n  4 | x[threadIdx.x] *= two;\n  from scale.ts:12',
    );
    expect(log).toContain('1 error detected');
  });

  test('what the assembler refuses is shown too', async () => {
    const source = SOURCE.replace('x[threadIdx.x] *= 2.0f;', 'asm volatile("no.such.instruction;");');
    const error = (await compileCuda(source, 'sm_90a', 'twice').catch((e: unknown) => e)) as NvrtcError;
    expect(error.message).toMatch(/NVRTC refused the CUDA C of twice:\nptxas [\s\S]*any known instruction: 'no'/);
  });
});
