/** The Device IR of every kernel of the project is sound, and holds its fragments in registers. */
import { describe, expect, test } from 'vitest';
import { buildTileIR, lowerToDevice, targetOf } from '../../src/compile.ts';
import { printDevice } from '../../src/ir/device/printer.ts';
import { verifyDevice } from '../../src/ir/device/verify.ts';
import { COMPILED, CONFIGS } from '../kernels/configs.ts';

describe.each(COMPILED)('%s', (arch) => {
  test.each(CONFIGS.filter((c) => c.arches.includes(arch)).map((c) => [c.name, c.make] as const))(
    '%s',
    async (_, make) => {
      const target = targetOf(arch);
      const { device } = await lowerToDevice(await buildTileIR(make().def), target);
      expect(verifyDevice(device, target).map((d) => `${d.span.line}: ${d.message}`)).toEqual([]);
      expect(printDevice(device)).not.toMatch(/undefined|\[object/);
    },
  );
});
