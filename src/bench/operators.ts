/** Operators by their entries in the manifest. */
import type { OperatorEntry } from '../../manifest/schema.ts';
import type { ResolvedWorkload } from '../../manifest/workload.ts';
import * as ops from '../ops/index.ts';
import type { Inputs } from './inputs.ts';

type AnyOperator = ops.Operator<OperatorEntry>;

/** The operator with the workload's parameters. Throws `OperatorError` for parameters that do not fit. */
export function makeOperator(
  entry: OperatorEntry,
  params: ResolvedWorkload['params'],
  options: ops.OperatorOptions = {},
): AnyOperator {
  const exported: Readonly<Record<string, unknown>> = ops;
  const Class = exported[entry.operator];
  if (typeof Class !== 'function') throw new Error(`internal: tilec/ops has no ${entry.operator}`);
  return new (Class as new (params: ResolvedWorkload['params'], options: ops.OperatorOptions) => AnyOperator)(
    params,
    options,
  );
}

/** `launch` without checks, on memory of its own, as work that may be repeated and captured. Everything must be compiled. */
export async function preparedWork(op: AnyOperator, inputs: Inputs): Promise<{ run(): void; dispose(): void }> {
  await op.prepare(inputs as never);
  const workspace = op.workspace(inputs as never);
  return {
    run: () => op.launch(inputs as never, { validate: 'none', workspace }),
    dispose: () => {
      for (const t of Object.values(workspace)) t.dispose();
    },
  };
}
