/** `tilec opt`: passes on Tile IR as text. */
import { readFileSync } from 'node:fs';
import { noPass, noSuchFile, unknownChoice, unreadable } from '../../diagnostics/messages/cli.ts';
import { type Arch, TARGETS } from '../../ir/target.ts';
import { PASSES } from '../../passes/pipeline.ts';
import { EXIT, type ExitCode, UsageError } from '../exit.ts';
import { table } from '../table.ts';
import { print, reasonOf } from '../terminal.ts';

export interface OptFlags {
  readonly pass?: readonly string[];
  readonly list?: boolean;
  readonly arch: Arch;
  readonly verify?: boolean;
  readonly spans?: boolean;
}

/** Throws what `reportError` reports; a file of `-` is stdin. */
export async function optCommand(file: string | undefined, flags: OptFlags): Promise<ExitCode> {
  if (flags.list) {
    print(
      table(
        PASSES.map((p) => [p.name, p.summary]),
        2,
      ),
    );
    return EXIT.fine;
  }
  const names = flags.pass ?? [];
  if (file === undefined || (names.length === 0 && !flags.verify)) throw new UsageError(noPass);
  const passes = names.map((name) => {
    const pass = PASSES.find((p) => p.name === name);
    if (!pass)
      throw new UsageError(
        unknownChoice(
          'pass',
          name,
          PASSES.map((p) => p.name),
        ),
      );
    return pass;
  });
  const text = read(file);
  const [{ parseKernel }, { printKernel }, { verify }, { compileError }] = await Promise.all([
    import('../../ir/tile/parser.ts'),
    import('../../ir/tile/printer.ts'),
    import('../../ir/tile/verify.ts'),
    import('../../diagnostics/report.ts'),
  ]);
  let kernel = parseKernel(text, file, { textSpans: true });
  const check = (): void => {
    const faults = flags.verify ? verify(kernel) : [];
    if (faults.length > 0) throw compileError(faults);
  };
  check();
  for (const pass of passes) {
    kernel = pass.run(kernel, { target: TARGETS[flags.arch] });
    check();
  }
  process.stdout.write(printKernel(kernel, { spans: flags.spans ?? false }));
  return EXIT.fine;
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (e) {
    if (e instanceof Error && 'code' in e && e.code === 'ENOENT') throw new UsageError(noSuchFile(file));
    throw new UsageError(unreadable(file, reasonOf(e)));
  }
}
