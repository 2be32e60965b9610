import { Option } from 'commander';
import { ARCHES } from '../../ir/target.ts';
import { list, type Register } from './register.ts';

export const registerOpt: Register = (program, exit) => {
  program
    .command('opt')
    .description('run single passes on Tile IR, as text, and print the result')
    .argument('[file]', "a .tir file, as `compile --emit tir` writes it; '-' is stdin")
    .option('--pass <names>', 'the passes, in order', list('--pass'))
    .option('--list', 'print the passes in the order in which the compiler runs them')
    .addOption(new Option('--arch <arch>', 'the architecture').choices(ARCHES).default('sm_90a'))
    .option('--verify', 'hold the program against the rules of Tile IR before and after each pass')
    .option('--spans', 'print with the places in the source')
    .action(async (file: string | undefined, options) => {
      const { optCommand } = await import('../opt/command.ts');
      exit(await optCommand(file, options));
    });
};
