import { type Register, wholeNumber } from './register.ts';

export interface CacheFlags {
  readonly prune?: number;
  readonly clear?: boolean;
  readonly tuned?: boolean;
  readonly json?: boolean;
}

export const registerCache: Register = (program, exit) => {
  program
    .command('cache')
    .description(
      'say what tilec keeps on disk, or remove it: compiled kernels, prepared files, what `tilec tune` measured',
    )
    .option('--prune <days>', 'remove what was not used for that many days', wholeNumber('--prune', 1))
    .option('--clear', 'remove all, used or not')
    .option('--tuned', 'with either: also what was measured by tuning, which is kept otherwise')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      "\nThe folder is $TILEC_CACHE_DIR, else tilec in the user's cache folder. Files there that are not of tilec stay. Processes " +
        'that use the cache\nmeanwhile go on, and compile again what they miss.',
    )
    .action(async (options: CacheFlags) => {
      const { cacheCommand } = await import('../cache/command.ts');
      exit(cacheCommand(options));
    });
};
