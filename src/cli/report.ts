/** An error as the command line shows it: diagnostics with their frames, a sentence, or JSON. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { hasColor, printJson, progress, reasonOf, tell, tellError } from './terminal.ts';

/** Errors whose message is all that the user needs; a stack is shown for others, which are faults of tilec. */
const EXPLAINED: ReadonlySet<string> = new Set([
  'UsageError',
  'EnvironmentError',
  'CudaError',
  'CaptureError',
  'KernelCallError',
  'OperatorError',
]);

/** Those of a `CompileError`, the one of a `KernelRuntimeError`. */
function diagnosticsOf(e: unknown): readonly Diagnostic[] | undefined {
  if (!(e instanceof Error)) return undefined;
  if ('diagnostics' in e) return e.diagnostics as readonly Diagnostic[];
  return 'diagnostic' in e ? [e.diagnostic as Diagnostic] : undefined;
}

/** With their frames, on stderr. */
export async function tellDiagnostics(diagnostics: readonly Diagnostic[]): Promise<void> {
  const { renderAll } = await import('../diagnostics/render.ts');
  tell(renderAll(diagnostics, { color: hasColor(process.stderr) }));
}

export async function reportError(e: unknown, json: boolean): Promise<void> {
  progress(undefined);
  if (json) {
    printJson(jsonOf(e));
    return;
  }
  const diagnostics = diagnosticsOf(e);
  if (diagnostics) return tellDiagnostics(diagnostics);
  if (!(e instanceof Error)) tellError(String(e));
  else if (EXPLAINED.has(e.name)) tellError(e.message);
  else if (e.name === 'NvrtcError') tellError(`NVRTC refused the CUDA C: ${e.message}`);
  else tellError(`a fault of tilec, please report it: ${e.stack ?? e.message}`);
}

function jsonOf(e: unknown): object {
  const name = e instanceof Error ? e.name : 'Error';
  const code = e instanceof Error && 'code' in e ? { code: e.code } : {};
  return {
    error: { name, ...code, message: reasonOf(e) },
    diagnostics: diagnosticsOf(e) ?? [],
  };
}
