/** `tilec run`. */
import { runWithoutGpu } from '../../diagnostics/messages/cli.ts';
import type { DeviceName } from '../../dsl/kernel.ts';
import { signatureOfSig } from '../../runtime/signature.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findKernel } from '../load/kernels.ts';
import { loadUserModule } from '../load/load.ts';
import { parseDefinitions } from '../load/options.ts';
import { table } from '../table.ts';
import { paintFor, print, printJson, progress } from '../terminal.ts';
import { advised } from '../without-gpu.ts';
import { makeInputs } from './inputs.ts';
import { launchOnce, timeOnGpu } from './launch.ts';
import { changedTensors, type OutputSummary } from './outputs.ts';

export interface RunFlags {
  readonly kernel?: string;
  readonly define?: readonly string[];
  readonly shape?: readonly string[];
  readonly set?: readonly string[];
  readonly device?: 'cpu' | 'cuda';
  readonly seed: number;
  readonly json?: boolean;
}

/** Throws what `reportError` reports. */
export async function runCommand(file: string, flags: RunFlags): Promise<ExitCode> {
  const module = await loadUserModule(file);
  const { name, kernel } = await findKernel(module, {
    kernel: flags.kernel,
    options: parseDefinitions(flags.define ?? []),
  });
  const signature = signatureOfSig(name, kernel.def.params);
  const { dims, tensors, scalars } = makeInputs(signature, {
    shape: parseDefinitions(flags.shape ?? []),
    set: parseDefinitions(flags.set ?? []),
    seed: flags.seed,
  });

  progress(`compiling ${name}`);
  const executable = await kernel.compile({ device: flags.device }).catch((e: unknown) => {
    throw advised(e, runWithoutGpu);
  });
  progress(`running ${name} on ${executable.device}`);
  const here: Record<string, Tensor> = {};
  for (const [p, t] of Object.entries(tensors)) here[p] = await t.to(executable.device as DeviceName);
  const args = { ...here, ...scalars };
  const launch = await launchOnce(executable, args);
  const outputs = await changedTensors(tensors, here);
  const gpu = await timeOnGpu(executable, args);
  progress(undefined);

  const { device, info } = executable;
  if (flags.json)
    printJson({
      file,
      kernel: name,
      device,
      seed: flags.seed,
      dims,
      launch,
      gpu: gpu ?? null,
      compile: info.timings,
      outputs,
    });
  else print(textOf(name, device, dims, outputs, launch, gpu));
  return EXIT.fine;
}

function textOf(
  name: string,
  device: string,
  dims: Readonly<Record<string, number>>,
  outputs: readonly OutputSummary[],
  launch: number,
  gpu: number | undefined,
): string {
  const paint = paintFor(process.stdout);
  const sizes = Object.entries(dims).map(([d, n]) => `${d} = ${n}`);
  const number = (x: number | null): string => (x === null ? '–' : String(Number(x.toPrecision(6))));
  const rows = outputs.map((o) => [
    `  ${o.name}`,
    `${o.dtype} [${o.shape.join(', ')}]`,
    ...[o.min, o.max, o.mean].map(number),
    String(o.nan),
    String(o.infinite),
  ]);
  return [
    `${paint.bold(name)} on ${device}${sizes.length > 0 ? `, ${sizes.join(', ')}` : ''}`,
    ...(rows.length > 0
      ? [table([['  output', '', 'min', 'max', 'mean', 'NaN', '±∞'], ...rows], 2)]
      : ['  no tensor was changed']),
    `  ${launch.toFixed(2)} ms${gpu === undefined ? '' : ` the first time, then ${(gpu * 1000).toFixed(1)} µs on the GPU (median of 10)`}`,
  ].join('\n');
}
