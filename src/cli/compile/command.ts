/** `tilec compile`. */
import { nothingWithoutNvrtc, unknownChoice } from '../../diagnostics/messages/cli.ts';
import type { Arch } from '../../ir/target.ts';
import { EnvironmentError } from '../../runtime/errors.ts';
import { nvrtcLocation } from '../../runtime/ffi/nvrtc.ts';
import { EXIT, type ExitCode, UsageError } from '../exit.ts';
import { findKernels } from '../load/kernels.ts';
import { loadUserModule } from '../load/load.ts';
import { parseDefinitions } from '../load/options.ts';
import { tellDiagnostics } from '../report.ts';
import { paintFor, print, printJson, progress, tell, tellError } from '../terminal.ts';
import { FORMS, type Form, isForm, writeArtefacts } from './artefacts.ts';
import { compileForms } from './stages.ts';
import { type CompiledKernel, jsonOf, summary } from './summary.ts';

export interface CompileFlags {
  readonly kernel?: string;
  readonly define?: readonly string[];
  readonly arch: Arch;
  readonly emit?: readonly string[];
  readonly out: string;
  readonly printAfter?: readonly string[];
  readonly cache: boolean;
  readonly json?: boolean;
}

/** Throws what `reportError` reports; nothing is written then. */
export async function compileCommand(file: string, flags: CompileFlags): Promise<ExitCode> {
  const asked = formsOf(flags.emit);
  const options = parseDefinitions(flags.define ?? []);
  const printAfter = await passFilter(flags.printAfter ?? []);
  const start = performance.now();
  const module = await loadUserModule(file);
  const found = await findKernels(module, { kernel: flags.kernel, options });
  const load = performance.now() - start;

  const missing = nvrtcMissing();
  const needing: readonly Form[] = (['ptx', 'cubin'] as const).filter((f) => asked?.has(f));
  const forms = new Set(asked ?? FORMS.filter((f) => f === 'cu' || f === 'ptx' || f === 'cubin'));
  if (missing) for (const f of ['ptx', 'cubin'] as const) forms.delete(f);

  const compiled = [];
  for (const { name, kernel } of found) {
    progress(`compiling ${name}`);
    const { def } = kernel;
    const result = await compileForms({ def, arch: flags.arch, forms, printAfter, cache: flags.cache });
    // By the export's name, which may differ from the kernel's: a factory's kernels all have the same.
    compiled.push({ ...result, name, arch: flags.arch, timings: { load, ...result.timings } });
  }
  progress(undefined);
  const kernels = compiled.map(
    (c): CompiledKernel => ({
      ...c,
      paths: writeArtefacts(flags.out, `${c.name}.${c.arch}`, c.artefacts),
    }),
  );

  if (flags.json) printJson(jsonOf(file, kernels, missing));
  else {
    const warnings = kernels.flatMap((k) => k.warnings);
    if (warnings.length > 0) await tellDiagnostics(warnings);
    // Programs alone on standard output, for who reads on.
    const printed = kernels.flatMap((k) => k.printed);
    for (const { pass, text } of printed) print(`// after ${pass}\n${text}`);
    (printed.length > 0 ? tell : print)(summary(kernels));
    if (missing && needing.length === 0)
      tell(`${paintFor(process.stderr).yellow('note')}: no cubin: ${missing.message}`);
  }
  if (!missing || needing.length === 0) return EXIT.fine;
  if (!flags.json) tellError(`${nothingWithoutNvrtc(needing)}. ${missing.message}`);
  return EXIT.environment;
}

function formsOf(emit: readonly string[] | undefined): ReadonlySet<Form> | undefined {
  if (!emit) return undefined;
  for (const f of emit) if (!isForm(f)) throw new UsageError(unknownChoice('form', f, FORMS));
  return new Set(emit.filter(isForm));
}

async function passFilter(names: readonly string[]): Promise<(pass: string) => boolean> {
  if (names.length === 0) return () => false;
  const { PASSES } = await import('../../passes/pipeline.ts');
  const known = ['frontend', ...PASSES.map((p) => p.name)];
  for (const n of names)
    if (n !== 'all' && !known.includes(n)) throw new UsageError(unknownChoice('pass', n, [...known, 'all']));
  return (pass) => names.includes('all') || names.includes(pass);
}

function nvrtcMissing(): EnvironmentError | undefined {
  try {
    nvrtcLocation();
    return undefined;
  } catch (e) {
    if (e instanceof EnvironmentError) return e;
    throw e;
  }
}
