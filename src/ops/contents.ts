/** What small tensors hold, wherever a check may look at it: host copies, CPU tensors, or read back. */
import * as msg from '../diagnostics/messages/ops.ts';
import { Device } from '../runtime/device.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { OperatorError } from './error.ts';
import { readBack } from './readback.ts';
import { isRecord } from './record.ts';
import type { TensorArgs } from './signature.ts';

/**
 * How much of a call is checked. `full` (default): everything; index tensors on a GPU for which there is no host copy are
 * read back, in one synchronisation. `host`: all but what only the GPU knows. `none`: nothing; the caller vouches for it.
 */
export type Validate = 'full' | 'host' | 'none';

/** Copies of small tensors that the caller has anyway, by the tensor's name. They must equal what the tensors hold. */
export type HostCopies = Readonly<Record<string, ArrayLike<number> | undefined>>;

/** Elements by tensor; those that may not be looked at are missing. */
export type Contents = Readonly<Record<string, ArrayLike<number> | undefined>>;

interface Known {
  readonly contents: Contents;
  /** Tensors on a GPU without a host copy. */
  readonly unknown: readonly string[];
}

/** Host copies and CPU tensors. Throws `OperatorError` for copies that cannot be those of the tensors `names`. */
export function knownContents(
  operator: string,
  names: readonly string[],
  args: TensorArgs,
  host: HostCopies = {},
): Known {
  const refuse = (refusal: msg.Refusal): never => {
    throw new OperatorError(operator, refusal);
  };
  if (!isRecord(host)) refuse(msg.notHostCopies(host));
  for (const name in host)
    if (host[name] !== undefined && !names.includes(name)) refuse(msg.unknownHostCopy(name, names));
  const contents: Record<string, ArrayLike<number>> = {};
  const unknown: string[] = [];
  for (const name of names) {
    const t = args[name]!;
    const copy = host[name];
    if (copy !== undefined) {
      const wrong = copyProblem(name, t, copy);
      if (wrong) refuse(wrong);
      contents[name] = copy;
    } else if (t.device instanceof Device) unknown.push(name);
    else contents[name] = t.data as Int32Array | Float32Array;
  }
  return { contents, unknown };
}

/** What is wrong with a copy on the face of it: its kind, its length, elements that the tensor cannot hold. */
function copyProblem(name: string, { dtype, size }: Tensor, copy: ArrayLike<unknown>): msg.Refusal | undefined {
  if (typeof copy !== 'object' || typeof copy?.length !== 'number') return msg.notAHostCopy(name, copy);
  if (copy.length !== size) return msg.hostLength(name, size, copy.length);
  if (dtype === 'i32') {
    if (copy instanceof Int32Array) return undefined;
    for (let i = 0; i < size; i++) {
      const v = copy[i];
      if (typeof v !== 'number' || (v | 0) !== v) return msg.notAnInteger(name, i, v);
    }
  } else for (let i = 0; i < size; i++) if (typeof copy[i] !== 'number') return msg.notANumber(name, i, copy[i]);
  return undefined;
}

/** The same with what only the GPU knows, after one synchronisation. */
export async function readContents(known: Known, args: TensorArgs, stream?: Stream): Promise<Contents> {
  const tensors = known.unknown.map((n): Tensor => args[n]!);
  const raws = await readBack(tensors, stream);
  const read = Object.fromEntries(known.unknown.map((n, i) => [n, raws[i] as Int32Array | Float32Array]));
  return { ...known.contents, ...read };
}
