import { Option } from 'commander';
import { ARCHES } from '../../ir/target.ts';
import { list, type Register, repeated } from './register.ts';

export const registerCompile: Register = (program, exit) => {
  program
    .command('compile')
    .description('compile the kernels of a TypeScript file')
    .argument('<file>', 'a TypeScript file that exports kernels, or functions that return them')
    .option('-k, --kernel <name>', 'the export to compile; default: all kernels of the file')
    .option(
      '-D, --define <name=value>',
      'an option for a function that returns a kernel: a number, true, false or text',
      repeated,
    )
    .addOption(new Option('--arch <arch>', 'the architecture').choices(ARCHES).default('sm_90a'))
    .option(
      '--emit <forms>',
      'tir, dir, cu, ptx, cubin; default: cu, and ptx and cubin where there is NVRTC',
      list('--emit'),
    )
    .option('-o, --out <folder>', 'where the artefacts go', 'tilec-out')
    .option(
      '--print-after <passes>',
      "print the Tile IR after these passes, 'frontend' or 'all'",
      list('--print-after'),
    )
    .option('--no-cache', 'neither look in the cache nor write to it')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options) => {
      const { compileCommand } = await import('../compile/command.ts');
      exit(await compileCommand(file, options));
    });
};
