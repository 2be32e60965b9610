/** Device IR for several tests: the kernels of test/codegen, and Tile IR lowered. */
import type { DeviceKernel } from '../../src/ir/device/schema.ts';
import { type Arch, TARGETS } from '../../src/ir/target.ts';
import { parseKernel } from '../../src/ir/tile/parser.ts';
import { runPasses } from '../../src/passes/pipeline.ts';

/** Tile IR, as text, down to Device IR, each step verified. */
export const lowered = (text: string, arch: Arch = 'sm_90a'): DeviceKernel =>
  runPasses(parseKernel(text, 'k.tir', { textSpans: true }), { target: TARGETS[arch], verify: true }).device;
