/** `kernel(signature, body)`: a GPU kernel as a TypeScript function. */
import type { DType } from '../ir/dtype.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Capture } from './capture/record.ts';
import { captureOf } from './capture-error.ts';
import type { Params, ScalarSig, Sig, TensorSig } from './sig.ts';
import type { TensorLike } from './tensor-like.ts';

export interface KernelDef {
  readonly params: Sig;
  readonly capture: Capture;
}

type ScalarArg<D extends DType> = D extends 'i64' | 'u64' ? number | bigint : D extends 'bool' ? boolean : number;

/** What a kernel is called with: tensors of the signature's dtypes, numbers for scalars. */
export type Args<S extends Sig> = {
  readonly [K in keyof S]: Arg<Exclude<S[K], undefined>>;
};
/**
 * `undefined` is excluded: a factory may leave a parameter out of some of its kernels. Of tensor or scalar at once, as in
 * `Sig` itself, there is no argument, so that any kernel is a `Kernel<Sig>`.
 */
type Arg<P> = [P] extends [TensorSig<infer D>]
  ? TensorLike<D>
  : [P] extends [ScalarSig<infer D>]
    ? ScalarArg<D>
    : never;

export type DeviceName = 'cpu' | 'cuda' | `cuda:${number}`;

export interface LaunchOptions {
  readonly stream?: Stream;
}

export interface Kernel<S extends Sig = Sig> {
  /**
   * Compiles on first use for the device of the tensors, then launches; resolves once the launch is queued.
   * Throws `KernelCallError` for arguments that do not fit the signature, `CompileError`, `CaptureError`.
   */
  (args: Args<S>, options?: LaunchOptions): Promise<void>;
  readonly kernelName: string;
  /** Throws `CaptureError` where the file was loaded without capture. */
  readonly def: KernelDef;
  /** Compiled for a device (default: the GPU if there is one, else the CPU). Throws `CompileError`, `CaptureError`. */
  compile(options?: { readonly device?: DeviceName }): Promise<Executable>;
}

/** What of a call does not fit. */
export interface CallMismatch {
  /** The parameter or dimension. */
  readonly argument: string;
  readonly expected: string;
  readonly got: string;
}

/** The arguments of a call do not fit the kernel's signature. Nothing was launched. */
export class KernelCallError extends Error {
  override readonly name = 'KernelCallError';
  readonly mismatch: CallMismatch | undefined;
  constructor(message: string, mismatch?: CallMismatch) {
    super(message);
    this.mismatch = mismatch;
  }
}

const KERNEL = Symbol.for('tilec.kernel');

export const isKernel = (value: unknown): value is Kernel => typeof value === 'function' && KERNEL in value;

/**
 * Defines a kernel. `params` gives names, dtypes and shapes; `_body` is never run: the compiler reads its text and the
 * values it closes over. The loader supplies `capture`.
 */
export function kernel<const S extends Sig>(
  params: S,
  _body: (params: Params<S>) => void,
  capture?: Capture,
): Kernel<S> {
  const kernelName = capture?.name ?? 'kernel';
  const what = capture ? `kernel \`${kernelName}\`` : `the kernel over (${Object.keys(params).join(', ')})`;
  const captured = captureOf(capture, what, kernel);
  const def = (): KernelDef => ({ params, capture: captured() });

  const pending = new Map<DeviceName | undefined, Promise<Executable>>();
  /** By the device as tensors name it. */
  const ready = new Map<string, Executable>();
  let queued = 0;
  const compile = (options: { readonly device?: DeviceName } = {}): Promise<Executable> => {
    const known = pending.get(options.device);
    if (known) return known;
    const made = compileOn(def, options.device).then((executable) => {
      ready.set(executable.device, executable);
      return executable;
    });
    pending.set(options.device, made);
    // A failure is not remembered: a second try may find what the first one lacked.
    made.catch(() => pending.delete(options.device));
    return made;
  };
  const tensors = Object.keys(params).filter((p) => params[p]!.kind === 'tensor');
  const call = async (args: Args<S>, options?: LaunchOptions): Promise<void> => {
    const device = deviceOf(args, tensors);
    const executable = queued === 0 && device !== undefined ? ready.get(device) : undefined;
    if (executable) {
      executable.launch(args, options);
      return;
    }
    // Calls made while one waits for the compiler wait behind it, so that all launch in the order in which they were made.
    queued++;
    try {
      const { checkCall } = await import('../runtime/check-call.ts');
      checkCall(kernelName, params, args);
      (await compile({ device })).launch(args, options);
    } finally {
      queued--;
    }
  };
  const self = Object.assign(call, { compile, kernelName, [KERNEL]: true, def: undefined });
  Object.defineProperty(self, 'def', { get: def, enumerable: true });
  Object.defineProperty(self, 'name', { value: kernelName });
  return self as unknown as Kernel<S>;
}

async function compileOn(def: () => KernelDef, device: DeviceName | undefined): Promise<Executable> {
  const known = def();
  const { compileForDevice } = await import('../compile.ts');
  return compileForDevice(known, device);
}

/** Where the first tensor of the call is; the executable checks that the others are there too. */
function deviceOf(args: Readonly<Record<string, unknown>>, tensors: readonly string[]): DeviceName | undefined {
  // What is wrong with such a call is said where its arguments are checked.
  if (typeof args !== 'object' || args === null) return undefined;
  for (const name of tensors) {
    const t = args[name];
    if (typeof t === 'object' && t !== null && 'device' in t) return String(t.device) as DeviceName;
  }
  return undefined;
}
