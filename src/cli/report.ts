/** An error as the command line shows it: diagnostics with their frames, a sentence, or JSON. */
import type { CompileError } from '../diagnostics/diagnostic.ts';
import { hasColor, paintFor, printJson, progress, tell } from './terminal.ts';

/** Errors whose message is all that the user needs; a stack is shown for others, which are faults of tilec. */
const EXPLAINED: ReadonlySet<string> = new Set([
  'UsageError',
  'EnvironmentError',
  'CudaError',
  'CaptureError',
  'KernelCallError',
  'KernelRuntimeError',
  'OperatorError',
]);

const hasDiagnostics = (e: unknown): e is CompileError => e instanceof Error && 'diagnostics' in e;

export async function reportError(e: unknown, json: boolean): Promise<void> {
  progress(undefined);
  if (json) {
    printJson(jsonOf(e));
    return;
  }
  if (hasDiagnostics(e)) {
    const { renderAll } = await import('../diagnostics/render.ts');
    tell(renderAll(e.diagnostics, { color: hasColor(process.stderr) }));
    return;
  }
  const error = paintFor(process.stderr).red('error');
  if (!(e instanceof Error)) tell(`${error}: ${String(e)}`);
  else if (EXPLAINED.has(e.name)) tell(`${error}: ${e.message}`);
  else if (e.name === 'NvrtcError') tell(`${error}: NVRTC refused the CUDA C: ${e.message}`);
  else tell(`${error}: a fault of tilec, please report it: ${e.stack ?? e.message}`);
}

function jsonOf(e: unknown): object {
  if (hasDiagnostics(e)) return { error: { name: e.name, message: e.message }, diagnostics: e.diagnostics };
  const name = e instanceof Error ? e.name : 'Error';
  const code = e instanceof Error && 'code' in e ? { code: e.code } : {};
  return { error: { name, ...code, message: e instanceof Error ? e.message : String(e) }, diagnostics: [] };
}
