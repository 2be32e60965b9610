import type { ExitCode } from '../exit.ts';
import { DEFINE_WORKLOAD, type Register, repeated, wholeNumber } from './register.ts';
import { separate } from './separate.ts';

export interface TuneFlags {
  readonly workload: string;
  readonly define?: readonly string[];
  readonly device: string;
  readonly repeat: number;
  readonly parallel?: number;
  readonly json?: boolean;
}

export const registerTune: Register = (program, exit) => {
  program
    .command('tune')
    .description("find the fastest tiles of an operator's kernels on this GPU, for operators with `tune: true`")
    .argument('<operator>', "as the manifest names it, or 'all'")
    .option('-w, --workload <name>', 'one workload of the operator', 'all')
    .option('-D, --define <name=value>', DEFINE_WORKLOAD, repeated)
    .option('--device <device>', 'cuda, or cuda:<number>', 'cuda')
    .option('--repeat <n>', 'runs that count, of each that may be the fastest', wholeNumber('--repeat', 1), 20)
    .option(
      '--parallel <n>',
      'how many are compiled at once; default: one less than processors',
      wholeNumber('--parallel', 1),
    )
    .option('--json', 'print the records as JSON')
    .action(async (operator: string, options: TuneFlags) => {
      const { tuneCommand } = await separate<TuneModule>('tune/command');
      exit(await tuneCommand(operator, options));
    });
};

interface TuneModule {
  tuneCommand(operator: string, flags: TuneFlags): Promise<ExitCode>;
}
