/** C libraries through koffi, each described by one table of signatures. */
import { createRequire } from 'node:module';
import type koffiModule from 'koffi';
import { ffiMissing } from '../../diagnostics/messages/runtime.ts';
import { EnvironmentError } from '../errors.ts';

export type Koffi = typeof koffiModule;

/** koffi's maximum. */
const STACK_BYTES = 16 * 2 ** 20;

let loaded: Koffi | undefined;
/** koffi, loaded when first needed: it costs 11 ms. Throws `EnvironmentError` where it does not run. */
export function koffi(): Koffi {
  if (!loaded) {
    try {
      loaded = createRequire(import.meta.url)('koffi') as Koffi;
    } catch (cause) {
      throw new EnvironmentError(ffiMissing(cause instanceof Error ? cause.message : String(cause)), { cause });
    }
    // C code runs on stacks of koffi's own; NVRTC recurses deeply.
    loaded.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  }
  return loaded;
}

/** An address: of C memory, of the memory behind a typed array (valid during the call), or null. */
export type Pointer = bigint | ArrayBufferView | null;

/** The C types that the tables use, and what JavaScript passes for them. */
interface CTypes {
  readonly int: number;
  readonly 'unsigned int': number;
  readonly 'unsigned short': number;
  readonly 'unsigned char': number;
  readonly float: number;
  readonly size_t: number | bigint;
  readonly uint64_t: bigint | number;
  readonly 'const char *': string;
  readonly 'void *': Pointer;
}
export type CType = keyof CTypes;

/** Name → argument types. Every function returns an `int`, zero for success. */
export type Table = Readonly<Record<string, readonly CType[]>>;

type Args<A extends readonly CType[]> = { -readonly [I in keyof A]: CTypes[A[I]] };

export interface Foreign<A extends readonly CType[]> {
  (...args: Args<A>): number;
  /** On a thread of its own; what the arguments point to must outlive the call. */
  async(...args: [...Args<A>, (error: Error | null, result: number) => void]): void;
}
export type Functions<T extends Table> = { readonly [K in keyof T]: Foreign<T[K]> };

/** The functions of `table`, looked up in the library when they are first used. Throws what the loader says if the library cannot be loaded. */
export function loadLibrary<const T extends Table>(path: string, table: T): Functions<T> {
  const library = koffi().load(path);
  const functions = {} as Record<string, unknown>;
  for (const [name, args] of Object.entries(table)) {
    Object.defineProperty(functions, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = library.func(name, 'int', [...args]);
        Object.defineProperty(functions, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return functions as Functions<T>;
}

/** The text at a `const char *` that a C function left in `out[0]`. */
export const textAt = (out: BigUint64Array): string => (out[0] ? String(koffi().decode(out[0], 'char', -1)) : '');

/** Loads a library for its names alone, so that others find it without a search path. */
export function preload(path: string): void {
  koffi().load(path, { global: true });
}
