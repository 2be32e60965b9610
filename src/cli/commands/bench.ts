import type { ExitCode } from '../exit.ts';
import { DEFINE_WORKLOAD, type Register, repeated, wholeNumber } from './register.ts';
import { separate } from './separate.ts';

export interface BenchFlags {
  readonly workload: string;
  readonly define?: readonly string[];
  /** A file; true or `-` for standard output. */
  readonly json?: string | true;
  readonly html?: string;
  readonly peers?: string;
  readonly device: string;
  readonly repeat: number;
  readonly graph?: boolean;
  readonly tuned?: boolean;
  readonly list?: boolean;
}

export const registerBench: Register = (program, exit) => {
  program
    .command('bench')
    .description('time operators over their workloads, beside what the machine can do at most')
    .argument('[what...]', "operators, 'overhead' (of a call), 'compile' (the compiler); default: all of them")
    .option('-w, --workload <name>', 'one workload of each operator', 'all')
    .option('-D, --define <name=value>', DEFINE_WORKLOAD, repeated)
    .option('--json [file]', 'print the report as JSON instead of the tables, or write it to a file beside them')
    .option('--html <file>', 'write the report as a page with charts')
    .option('--peers <file>', 'put the times that bench/peers.py wrote beside ours')
    .option('--device <device>', 'cuda, cuda:<number>, or cpu, whose times say nothing about a GPU', 'cuda')
    .option('--repeat <n>', 'runs of each workload that count', wholeNumber('--repeat', 1), 20)
    .option('--graph', 'replay each call as a CUDA graph')
    .option('--list', 'print the workloads, and measure nothing')
    .option('--tuned', 'use the configurations that `tilec tune` found')
    .action(async (what: readonly string[], options: BenchFlags) => {
      const { benchCommand } = await separate<BenchModule>('bench/command');
      exit(await benchCommand(what, options));
    });
};

interface BenchModule {
  benchCommand(what: readonly string[], flags: BenchFlags): Promise<ExitCode>;
}
