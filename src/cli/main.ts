/** The command line: parses arguments with commander alone; each command loads what it needs when it runs. */
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { reportError } from './report.ts';
import { printJson } from './terminal.ts';
import { version } from './version.ts';

/** Runs one command line, without node's and the script's name. Reports errors itself. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const program = new Command('tilec')
    .description('GPU kernels in TypeScript: compile, run and look into them.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit codes: 0 fine; 1 an error in the kernel or file, with diagnostics; 2 wrong usage; 3 something is missing on the machine; 130 ended by Ctrl-C.',
    );
  let code: ExitCode = EXIT.fine;
  for (const register of COMMANDS)
    register(program, (result) => {
      code = result;
    });
  for (const command of program.commands) command.exitOverride();
  const json = printsJson(argv);
  // Standard output is one JSON object then; what a user's file prints goes elsewhere.
  if (json) console.log = console.error;
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (e) {
    // Commander has printed what it has to say.
    if (e instanceof CommanderError && e.exitCode === 0) return EXIT.fine;
    if (e instanceof CommanderError) {
      if (json)
        printJson({ error: { name: 'UsageError', message: e.message.replace(/^error: /, '') }, diagnostics: [] });
      return EXIT.usage;
    }
    await reportError(e, json);
    return exitCodeOf(e);
  }
}

/** Is standard output to be one JSON object? To `bench` the option may give a file instead. */
function printsJson(argv: readonly string[]): boolean {
  const at = argv.findIndex((a) => a === '--json' || a.startsWith('--json='));
  if (at < 0) return false;
  const value = argv[at] === '--json' ? argv[at + 1] : argv[at]!.slice('--json='.length);
  return argv[0] !== 'bench' || value === undefined || value.startsWith('-');
}
