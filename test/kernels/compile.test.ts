/** Every kernel as a cubin, without a GPU: the emitted CUDA C is accepted, and no value is spilt for want of registers. */
import { describe, expect, test } from 'vitest';
import { kernelSymbol } from '../../src/codegen/cuda/printer.ts';
import { toCuda } from '../../src/compile.ts';
import { TARGETS } from '../../src/ir/target.ts';
import { findNvrtc } from '../../src/runtime/ffi/discover.ts';
import { compileCuda } from '../../src/runtime/nvrtc/compile.ts';
import { COMPILED, CONFIGS } from './configs.ts';

const missing = findNvrtc().length === 0;
if (missing)
  console.warn('SKIPPED: no kernel is compiled to a cubin, since there is no NVRTC. `npm run setup` fetches it.');

describe.skipIf(missing).each(COMPILED)('%s', (arch) => {
  test.each(CONFIGS.filter((c) => c.arches.includes(arch)).map((c) => [c.name, c.make] as const))(
    '%s',
    async (_, make) => {
      const { device, source } = await toCuda(make().def, { arch });
      const { cubin, resources } = await compileCuda(source, arch, kernelSymbol(device));
      expect(Buffer.from(cubin.subarray(0, 4)).toString('latin1')).toBe('\x7fELF');
      // Without spills there is no local memory at all, unless an array is indexed by what the compiler does not know.
      expect(resources).toMatchObject({ spillBytes: 0, localBytes: 0 });
      expect(device.sharedBytes).toBeLessThanOrEqual(TARGETS[arch].maxSharedBytes);
    },
  );
});
