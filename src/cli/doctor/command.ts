/** `tilec doctor`. */
import { EXIT, type ExitCode } from '../exit.ts';
import { type Paint, paintFor, print, printJson } from '../terminal.ts';
import { version } from '../version.ts';
import { type Examination, examine } from './examine.ts';

export interface DoctorFlags {
  readonly json?: boolean;
}

/** Fine whatever is missing: nothing but Node is needed for all. */
export function doctorCommand({ json }: DoctorFlags): ExitCode {
  const found = examine(version());
  if (json) printJson(found);
  else print(textOf(found, paintFor(process.stdout)));
  return EXIT.fine;
}

function textOf(x: Examination, paint: Paint): string {
  const yes = paint.green('✓');
  const no = paint.yellow('–');
  const line = (mark: string, what: string, text: string): string => `${mark} ${what.padEnd(7)} ${text}`;
  const used = x.nvrtc[0];
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(0)} GiB`;
  return [
    line(yes, 'tilec', `${x.tilec.version}, in ${x.tilec.folder}`),
    line(
      x.missing.some((m) => m.code === 'OLD_NODE') ? no : yes,
      'Node',
      `${x.node.version}, ${x.node.platform}, ${x.node.path}`,
    ),
    x.driver ? line(yes, 'driver', `for CUDA ${x.driver.cuda}`) : line(no, 'driver', 'none'),
    ...(x.gpus.length === 0 ? [line(no, 'GPU', 'none: kernels run on the CPU')] : []),
    ...x.gpus.map((g) =>
      line(
        g.arch ? yes : no,
        'GPU',
        `${g.name}, ${gib(g.memory)}, ${g.arch ? `kernels are compiled for ${g.arch}` : `compute capability ${g.capability} is not supported`}`,
      ),
    ),
    used
      ? line(used.works ? yes : no, 'NVRTC', `${used.version}, from ${used.source}: ${used.library}`)
      : line(no, 'NVRTC', 'none: kernels compile to CUDA C, not to cubins'),
    ...x.nvrtc.slice(1).map((n) => line(' ', '', paint.dim(`not used: ${n.version}, from ${n.source}: ${n.library}`))),
    line(yes, 'cache', `${x.cache.kernels} kernels, ${(x.cache.bytes / 2 ** 20).toFixed(1)} MiB, in ${x.cache.folder}`),
    ...x.missing.flatMap((m) => ['', `${paint.yellow('missing')} ${m.message}`]),
  ].join('\n');
}
