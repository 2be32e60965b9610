/** What a device function returns for the dtypes of its arguments. */
import type { Flavour, FloatDType, IntDType } from './dtypes.ts';

/** A number that is, or may become, a float; integers of the device are refused. */
export type FloatArg = number & { readonly __dtype?: FloatDType };
/** A number that is, or may become, an integer; floats of the device are refused. */
export type IntArg = number & { readonly __dtype?: IntDType };

/** The dtype in the flavour; never for a plain number. */
type Name<X> = '__dtype' extends keyof X ? NonNullable<X['__dtype' & keyof X]> : never;

/** Arithmetic on small types happens in these. */
type Promoted<D> = D extends 'f16' | 'bf16' | 'f8e4m3' | 'f8e5m2'
  ? 'f32'
  : D extends 'i8' | 'i16'
    ? 'i32'
    : D extends 'u8' | 'u16'
      ? 'u32'
      : D;

// Results of small types may be stored back without a cast, so they are plain numbers.
type Flow<D> = D extends 'f64' | 'f32' | 'i32' | 'u32' | 'i64' | 'u64' ? Flavour<D> : number;

/** The result for one argument: its own dtype, or a plain number for small types and plain numbers. */
export type Same<X extends number> = [Name<X>] extends [never] ? number : Flow<Name<X>>;

type JoinNames<A, B> = [A] extends [B]
  ? A
  : Promoted<A> extends Promoted<B>
    ? Promoted<A>
    : [A, B] extends ['i32', 'i64'] | ['i64', 'i32']
      ? 'i64'
      : never;

/** The result for two arguments: plain numbers adapt, small types promote, i32 widens to i64; never where a cast is needed. */
export type Join<A extends number, B extends number> = [Name<A>] extends [never]
  ? Same<B>
  : [Name<B>] extends [never]
    ? Same<A>
    : [JoinNames<Name<A>, Name<B>>] extends [never]
      ? never
      : Flow<JoinNames<Name<A>, Name<B>>>;

/** The second argument's type, which explains itself where `Join` is never. */
export type JoinsWith<A extends number, B extends number> = [Join<A, B>] extends [never]
  ? { readonly __error: 'the operands differ in dtype: cast one, as in f32(x)' }
  : unknown;
