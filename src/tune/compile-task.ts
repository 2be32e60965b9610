/** One configuration of an operator's kernels, compiled into the cache on disk. */
import { createHash } from 'node:crypto';
import { entryOf } from '../../manifest/index.ts';
import { makeOperator } from '../bench/operators.ts';
import { compileToCubin } from '../compile.ts';
import type { Compiled } from './search.ts';
import type { CompileTask } from './task.ts';

/** Throws `EnvironmentError` without NVRTC; what the compiler refuses is an answer. */
export async function compileTask({ op, params, config, tensors, arch }: CompileTask): Promise<Compiled> {
  const entry = entryOf(op);
  if (!entry) throw new Error(`internal: there is no operator ${op}`);
  const hash = createHash('sha256');
  let spillBytes = 0;
  try {
    const operator = makeOperator(entry, params, { config });
    for (const { kernel } of operator.kernels(standIns(tensors) as never)) {
      const { record, cubin } = await compileToCubin(kernel.def, { arch });
      hash.update(cubin);
      spillBytes += record.resources?.spillBytes ?? 0;
    }
  } catch (e) {
    if (e instanceof Error && e.name === 'EnvironmentError') throw e;
    return { ok: false, detail: e instanceof Error ? e.message.split('\n')[0]! : String(e) };
  }
  return { ok: true, program: hash.digest('hex').slice(0, 16), spillBytes };
}

/** Enough of tensors to tell which kernels a call with them takes. */
function standIns(tensors: CompileTask['tensors']): Readonly<Record<string, object>> {
  const at = { device: 'stand-in', disposed: false, address: 0n };
  return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, { ...t, ...at }]));
}
