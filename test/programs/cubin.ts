/** Kernels as cubins, without a GPU; where there is no NVRTC the tests that need it say so and are left out. */
import type { Kernel } from 'tilec';
import { describe, test } from 'vitest';
import { kernelSymbol } from '../../src/codegen/cuda/printer.ts';
import { toCuda } from '../../src/compile.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { compileCuda } from '../../src/runtime/nvrtc/compile.ts';

const missing = findNvrtc().length === 0;
if (missing)
  console.warn('SKIPPED: no program is compiled to a cubin, since there is no NVRTC. `npm run setup` fetches it.');

const ARCHES = ['sm_80', 'sm_90a'] as const;
export type Program = () => Pick<Kernel, 'def'>;

/** Compiles for the architecture; throws with NVRTC's log. Gives what the kernel takes of a multiprocessor. */
export async function compileToCubin(make: Program, arch: (typeof ARCHES)[number]) {
  const { device, source } = await toCuda(make().def, { arch });
  return (await compileCuda(source, arch, kernelSymbol(device))).resources;
}

/** Each architecture in a suite of its own. */
export const onEachArch = describe.skipIf(missing).each(ARCHES);

/** A test for each program that NVRTC accepts it: the architectures take turns. */
export function testAccepted(programs: readonly (readonly [name: string, make: Program])[]): void {
  const all = programs.map(([name, make], i) => [name, ARCHES[i % ARCHES.length]!, make] as const);
  test.skipIf(missing).each(all)('%s compiles for %s', async (_, arch, make) => {
    await compileToCubin(make, arch);
  });
}
