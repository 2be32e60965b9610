/** Checks on the finished program: what no single statement shows. */
import { compileError } from '../diagnostics/report.ts';
import type { Kernel } from '../ir/tile/schema.ts';
import { checkBounds } from './checks/bounds.ts';
import { checkInitialized } from './checks/initialized.ts';
import { checkParallel } from './checks/parallel.ts';

/** Throws `CompileError` with everything that was found. */
export function check(kernel: Kernel): void {
  const found = [...checkBounds(kernel), ...checkInitialized(kernel), ...checkParallel(kernel)];
  if (found.length > 0) throw compileError(found);
}
