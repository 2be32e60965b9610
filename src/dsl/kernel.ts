/** `kernel(signature, body)`: a GPU kernel as a TypeScript function. */
import type { Executable } from '../runtime/executable.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Capture } from './capture/record.ts';
import type { Params, ScalarSig, Sig, TensorSig } from './sig.ts';

export interface KernelDef {
  readonly params: Sig;
  readonly capture: Capture;
}

/** What a kernel is called with: tensors of the signature's dtypes, numbers for scalars. */
export type Args<S extends Sig> = {
  readonly [K in keyof S]: S[K] extends TensorSig<infer D> ? Tensor<D> : S[K] extends ScalarSig<infer D> ? (D extends 'i64' | 'u64' ? number | bigint : number) : never;
};

export type DeviceName = 'cpu' | 'cuda' | `cuda:${number}`;

export interface Kernel<S extends Sig = Sig> {
  /** Compiles on first use for the device of the tensors, then launches; resolves once the launch is queued. */
  (args: Args<S>, options?: { readonly stream?: Stream }): Promise<void>;
  readonly kernelName: string;
  /** Throws where the file was loaded without capture. */
  readonly def: KernelDef;
  /** Compiled for a device (default: the GPU if there is one, else the CPU). Throws `CompileError`. */
  compile(options?: { readonly device?: DeviceName }): Promise<Executable>;
}

/** How a file with kernels must be loaded; said wherever a capture is missing. */
export const CAPTURE_REMEDY =
  "load it with `node --import tilec/register`, or under vitest with the plugin of 'tilec/vitest'";

export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  constructor(what: string) {
    super(`the source of ${what} was not captured: ${CAPTURE_REMEDY}`);
  }
}

const KERNEL = Symbol('tilec.kernel');

/**
 * Defines a kernel. `params` gives names, dtypes and shapes; `body` is never run: the compiler reads its text and the
 * values it closes over.
 */
export function kernel<const S extends Sig>(params: S, body: (params: Params<S>) => void, capture?: Capture): Kernel<S> {
  const name = capture?.name ?? body.name ?? 'kernel';
  const def = (): KernelDef => {
    if (!capture) throw new CaptureError(`kernel '${name || 'kernel'}'`);
    return { params, capture };
  };
  const compiled = new Map<string, Promise<Executable>>();
  const compile = (options: { readonly device?: DeviceName } = {}): Promise<Executable> => {
    const key = options.device ?? 'default';
    let pending = compiled.get(key);
    if (!pending) {
      pending = import('../compile.ts').then((c) => c.compileForDevice(def(), options.device));
      // A failure is not remembered: a second try may find what the first one lacked.
      pending.catch(() => compiled.delete(key));
      compiled.set(key, pending);
    }
    return pending;
  };
  const call = async (args: Args<S>, options?: { readonly stream?: Stream }): Promise<void> => {
    const first = Object.values(args).find((a): a is Tensor => typeof a === 'object' && a !== null && 'device' in a);
    const executable = await compile({ device: first ? deviceName(first) : undefined });
    executable.launch(args as Record<string, Tensor | number | bigint>, options);
  };
  const self = Object.assign(call, { compile, kernelName: name, [KERNEL]: true });
  Object.defineProperty(self, 'def', { get: def, enumerable: true });
  return self as unknown as Kernel<S>;
}

const deviceName = (t: Tensor): DeviceName => String(t.device) as DeviceName;

export const isKernel = (value: unknown): value is Kernel => typeof value === 'function' && KERNEL in value;
