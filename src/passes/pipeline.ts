/** The compiler's middle, top to bottom. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { compileError } from '../diagnostics/report.ts';
import type { DeviceKernel } from '../ir/device/schema.ts';
import { verifyDevice } from '../ir/device/verify.ts';
import type { Kernel } from '../ir/tile/schema.ts';
import { verify } from '../ir/tile/verify.ts';
import { inferLayouts } from './inferLayouts.ts';
import { insertBarriers } from './insertBarriers.ts';
import { legalize } from './legalize.ts';
import { lowerKernel } from './lower/index.ts';
import type { Pass, PassContext } from './pass.ts';
import { planPipeline } from './planPipeline.ts';
import { planShared } from './planShared.ts';
import { selectInstructions } from './selectInstructions.ts';

export const PASSES: readonly Pass[] = [
  { name: 'legalize', summary: 'rewrite what the later passes do not know in terms of what they do', run: legalize },
  {
    name: 'select-instructions',
    summary: 'choose an instruction and a warp grid for every gemm',
    run: selectInstructions,
  },
  { name: 'plan-pipeline', summary: 'multi-buffer pipelined loops and start their copies ahead', run: planPipeline },
  { name: 'infer-layouts', summary: 'place every tile in threads, registers and shared memory', run: inferLayouts },
  { name: 'plan-shared', summary: 'give shared tiles offsets, reusing what is dead', run: planShared },
  { name: 'insert-barriers', summary: 'order conflicting accesses to shared memory', run: insertBarriers },
];

export interface PassResult {
  /** The program after the last pass on tiles. */
  readonly kernel: Kernel;
  readonly device: DeviceKernel;
}

export interface PassOptions extends PassContext {
  /** Holds the program against the rules of Tile IR before the first pass and after each, and against Device IR's at the end. */
  readonly verify?: boolean;
  /** Sees the program after each pass. */
  readonly onPass?: (name: string, kernel: Kernel) => void;
}

export function runPasses(kernel: Kernel, { warn, ...rest }: PassOptions): PassResult {
  const options: PassOptions = { ...rest, warn: warn && once(warn) };
  let program = kernel;
  const check = (k: Kernel): void => {
    const faults = options.verify ? verify(k) : [];
    if (faults.length > 0) throw compileError(faults);
  };
  check(program);
  for (const pass of PASSES) {
    program = pass.run(program, options);
    check(program);
    options.onPass?.(pass.name, program);
  }
  const device = lowerKernel(program, options);
  const faults = options.verify ? verifyDevice(device, options.target).filter((d) => d.severity === 'error') : [];
  if (faults.length > 0) throw compileError(faults);
  return { kernel: program, device };
}

/** A statement that passes have copied is pointed out once. */
function once(warn: (d: Diagnostic) => void): (d: Diagnostic) => void {
  const said = new Set<string>();
  return (d) => {
    const key = JSON.stringify([d.message, d.span]);
    if (!said.has(key)) warn(d);
    said.add(key);
  };
}
