/** `kernel(signature, body)`: a GPU kernel as a TypeScript function. */
import type { DType } from '../ir/dtype.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Stream } from '../runtime/stream.ts';
import type { Capture } from './capture/record.ts';
import { checked } from './capture-error.ts';
import type { Params, ScalarSig, Sig, TensorSig } from './sig.ts';
import type { TensorLike } from './tensor-like.ts';

export interface KernelDef {
  readonly params: Sig;
  readonly capture: Capture;
}

type ScalarArg<D extends DType> = D extends 'i64' | 'u64' ? number | bigint : D extends 'bool' ? boolean : number;

/** What a kernel is called with: tensors of the signature's dtypes, numbers for scalars. */
export type Args<S extends Sig> = {
  readonly [K in keyof S]: S[K] extends TensorSig<infer D>
    ? TensorLike<D>
    : S[K] extends ScalarSig<infer D>
      ? ScalarArg<D>
      : never;
};

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

/** The arguments of a call do not fit the kernel's signature. Nothing was launched. */
export class KernelCallError extends Error {
  override readonly name = 'KernelCallError';
}

const KERNEL = Symbol.for('tilec.kernel');

export const isKernel = (value: unknown): value is Kernel => typeof value === 'function' && KERNEL in value;

/**
 * Defines a kernel. `params` gives names, dtypes and shapes; `body` is never run: the compiler reads its text and the
 * values it closes over. The loader supplies `capture`.
 */
export function kernel<const S extends Sig>(
  params: S,
  body: (params: Params<S>) => void,
  capture?: Capture,
): Kernel<S> {
  const kernelName = capture?.name ?? 'kernel';
  const what = capture ? `kernel \`${kernelName}\`` : `the kernel over (${Object.keys(params).join(', ')})`;
  const def = (): KernelDef => ({ params, capture: checked(capture, what) });

  const compiled = new Map<DeviceName | undefined, Promise<Executable>>();
  const compile = (options: { readonly device?: DeviceName } = {}): Promise<Executable> => {
    const known = compiled.get(options.device);
    if (known) return known;
    const pending = compileOn(def, options.device);
    compiled.set(options.device, pending);
    // A failure is not remembered: a second try may find what the first one lacked.
    pending.catch(() => compiled.delete(options.device));
    return pending;
  };
  const call = async (args: Args<S>, options?: LaunchOptions): Promise<void> => {
    const device = checkArgs(kernelName, params, args);
    const executable = await compile({ device });
    executable.launch(args as unknown as Parameters<Executable['launch']>[0], options);
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

/** The device that all tensors of the call are on; undefined for a call without tensors. */
function checkArgs(name: string, params: Sig, args: Readonly<Record<string, unknown>>): DeviceName | undefined {
  let device: string | undefined;
  let first = '';
  const refuse = (what: string): never => {
    throw new KernelCallError(`${name}: ${what}`);
  };
  for (const p in params) {
    const sig = params[p]!;
    const arg = args[p];
    if (sig.kind === 'scalar') {
      if (typeof arg !== 'number' && typeof arg !== 'bigint' && typeof arg !== 'boolean')
        refuse(`scalar \`${p}\` is ${describe(arg)}, not ${sig.dtype}`);
      continue;
    }
    if (!isTensorLike(arg)) refuse(`\`${p}\` is ${describe(arg)}, not a tensor of ${sig.dtype}`);
    const t = arg as TensorLike;
    if (t.dtype !== sig.dtype) refuse(`\`${p}\` holds ${t.dtype}, not ${sig.dtype}`);
    const on = String(t.device);
    if (device === undefined) {
      device = on;
      first = p;
    } else if (on !== device) refuse(`\`${p}\` is on ${on}, but \`${first}\` is on ${device}`);
  }
  for (const a in args)
    if (!(a in params)) refuse(`there is no parameter \`${a}\`; it has ${Object.keys(params).join(', ')}`);
  return device as DeviceName | undefined;
}

const isTensorLike = (x: unknown): x is TensorLike =>
  typeof x === 'object' && x !== null && 'dtype' in x && 'device' in x;
const describe = (x: unknown): string =>
  x === undefined ? 'missing' : isTensorLike(x) ? 'a tensor' : x === null ? 'null' : `of type ${typeof x}`;
