/** The Device IR of every kernel of the project is sound, and holds its fragments in registers. */
import { describe, expect, test } from 'vitest';
import { buildTileIR, lowerToDevice, targetOf } from '../../src/compile.ts';
import { printDevice } from '../../src/ir/device/printer.ts';
import { verifyDevice } from '../../src/ir/device/verify.ts';
import { CONFIGS } from '../kernels/configs.ts';

describe.each(['sm_80', 'sm_90a'])('%s', (arch) => {
  test.each(CONFIGS.map((c) => [c.name, c.make] as const))('%s', async (_, make) => {
    const target = targetOf(arch);
    const { device } = await lowerToDevice(await buildTileIR(make().def), target);
    expect(verifyDevice(device, target).map((d) => `${d.span.line}: ${d.message}`)).toEqual([]);
    expect(printDevice(device)).not.toMatch(/undefined|\[object/);
  });
});
