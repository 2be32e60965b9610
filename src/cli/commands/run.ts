import { Option } from 'commander';
import { type Register, repeated, wholeNumber } from './register.ts';

export const registerRun: Register = (program, exit) => {
  program
    .command('run')
    .description('run a kernel of a TypeScript file on random numbers')
    .argument('<file>', 'a TypeScript file that exports kernels, or functions that return them')
    .option('-k, --kernel <name>', 'the export to run, where there are several')
    .option('-D, --define <name=value>', 'an option for a function that returns a kernel', repeated)
    .option('--shape <dim=size>', 'the size of a run-time dimension; default: about 256', repeated)
    .option('--set <parameter=value>', 'a scalar, or all elements of a tensor; default: 1, or random', repeated)
    .addOption(new Option('--device <device>', 'default: the GPU if there is one').choices(['cpu', 'cuda']))
    .option('--seed <n>', 'of the random numbers', wholeNumber('--seed', 0), 1)
    .option('--json', 'print one JSON object')
    .action(async (file: string, options) => {
      const { runCommand } = await import('../run/command.ts');
      exit(await runCommand(file, options));
    });
};
