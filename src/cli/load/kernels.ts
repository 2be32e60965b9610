/** The kernels that a file exports, and those that its functions return. */
import {
  factoryThrew,
  noKernels,
  noSuchKernel,
  notAKernel,
  severalKernels,
  unknownOptions,
} from '../../diagnostics/messages/cli.ts';
import { isKernel, type Kernel } from '../../dsl/kernel.ts';
import { UsageError } from '../exit.ts';
import type { UserModule } from './load.ts';
import { type Options, watched } from './options.ts';

export interface FoundKernel {
  /** The export's name; the kernel's own for a default export. */
  readonly name: string;
  readonly kernel: Kernel;
}

export interface Wanted {
  /** An export; default: all. */
  readonly kernel?: string;
  readonly options: Options;
}

type Factory = (options: Options) => unknown;
type Candidate =
  | { readonly name: string; readonly kernel: Kernel }
  | { readonly name: string; readonly factory: Factory };

/**
 * Throws `UsageError` where the file has no such kernel or none, or where nothing reads an option, and `CompileError` for
 * what a function throws.
 */
export async function findKernels(module: UserModule, wanted: Wanted): Promise<FoundKernel[]> {
  const all = candidates(module.exports, wanted.kernel);
  if (all.length === 0) {
    if (wanted.kernel === undefined) throw new UsageError(noKernels(module.path));
    throw new UsageError(
      noSuchKernel(
        wanted.kernel,
        module.path,
        candidates(module.exports).map((c) => c.name),
      ),
    );
  }
  const read = new Set<string>();
  const found: FoundKernel[] = [];
  for (const c of all) found.push('kernel' in c ? c : await make(c.name, c.factory, module, wanted.options, read));

  // A kernel that closes over its options reads them later.
  const later = (name: string): boolean =>
    found.some((f) => new RegExp(`\\b${name}\\b`).test(f.kernel.def.capture.source));
  const unread = Object.keys(wanted.options).filter((n) => !read.has(n) && !later(n));
  if (unread.length > 0)
    throw new UsageError(
      unknownOptions(
        unread,
        found.map((f) => f.name),
        [...read],
      ),
    );
  return found;
}

/** The one kernel that is wanted. Throws as `findKernels`, and `UsageError` where there are several. */
export async function findKernel(module: UserModule, wanted: Wanted): Promise<FoundKernel> {
  const all = candidates(module.exports, wanted.kernel);
  if (all.length > 1)
    throw new UsageError(
      severalKernels(
        module.path,
        all.map((c) => c.name),
      ),
    );
  return (await findKernels(module, wanted))[0]!;
}

function candidates(exports: Readonly<Record<string, unknown>>, wanted?: string): Candidate[] {
  const found: Candidate[] = [];
  for (const [key, value] of Object.entries(exports)) {
    if (typeof value !== 'function') continue;
    const name = key === 'default' ? nameOf(value) : key;
    if (wanted !== undefined && wanted !== name && wanted !== key) continue;
    if (isKernel(value)) found.push({ name, kernel: value });
    else if (wanted !== undefined || makesKernels(value)) found.push({ name, factory: value as Factory });
  }
  return found;
}

const nameOf = (f: object): string =>
  'kernelName' in f ? String(f.kernelName) : 'name' in f ? String(f.name) : 'default';

/** Its text, as loaded, holds the capture of a kernel. */
const makesKernels = (f: object): boolean => /\b__tilec: 1\b/.test(Function.prototype.toString.call(f));

async function make(
  name: string,
  factory: Factory,
  module: UserModule,
  options: Options,
  readByAll: Set<string>,
): Promise<FoundKernel> {
  const { options: given, read } = watched(options);
  let made: unknown;
  try {
    made = factory(given);
  } catch (e) {
    throw await module.explain(e, (error) => factoryThrew(name, error, [...read]));
  }
  for (const r of read) readByAll.add(r);
  if (isKernel(made)) return { name, kernel: made };
  throw await module.explain(new TypeError('it gave no kernel'), () => notAKernel(name));
}
