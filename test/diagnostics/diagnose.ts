/** What the compiler says to a case. */
import { targetOf } from '../../src/compile.ts';
import { CompileError, type Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { compileError } from '../../src/diagnostics/report.ts';
import { buildKernel } from '../../src/frontend/index.ts';
import { runPasses } from '../../src/passes/pipeline.ts';
import { around, define } from '../frontend/define.ts';
import type { Case } from './cases.ts';

/** The diagnostics of a case's source, or undefined where it compiles without a word. */
export function diagnose(c: Case, source: string): CompileError | undefined {
  const k = define(c.module ? source : around(source), `/app/${c.code}.ts`);
  try {
    const kernel = buildKernel(k.def);
    const warnings: Diagnostic[] = [];
    if (c.arch !== undefined) runPasses(kernel, { target: targetOf(c.arch), warn: (d) => warnings.push(d) });
    if (warnings.length > 0) return compileError(warnings);
  } catch (e) {
    if (e instanceof CompileError) return e;
    throw e;
  }
  return undefined;
}
