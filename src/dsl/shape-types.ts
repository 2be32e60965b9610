/** Shape checks that an editor can do: where both sides are literal numbers they must agree, the rest is left to the compiler. */
import type { Shape } from './tile.ts';

/** An argument's type if `Ok`, else one that nothing has and whose only property is the explanation. */
export type Check<Ok extends boolean, Message extends string> = Ok extends true
  ? unknown
  : { readonly __error: Message };

/** Is the extent unknown to TypeScript: `number`, or a run-time dimension? */
type IsOpen<N> = number extends N ? true : N extends { readonly kind: string } ? true : false;
type Agree<A, B> =
  IsOpen<A> extends true
    ? true
    : IsOpen<B> extends true
      ? true
      : [A] extends [B]
        ? true
        : [B] extends [A]
          ? true
          : false;

type WithoutOnes<S extends Shape> = S extends readonly [infer H extends number, ...infer Rest extends Shape]
  ? [H] extends [1]
    ? WithoutOnes<Rest>
    : readonly [H, ...WithoutOnes<Rest>]
  : readonly [];

type HasOpen<S extends Shape> = S extends readonly [infer H, ...infer Rest extends Shape]
  ? IsOpen<H> extends true
    ? true
    : HasOpen<Rest>
  : false;

type AgreeAll<A extends Shape, B extends Shape> = A extends readonly [infer X, ...infer As extends Shape]
  ? B extends readonly [infer Y, ...infer Bs extends Shape]
    ? Agree<X, Y> extends true
      ? AgreeAll<As, Bs>
      : false
    : HasOpen<A>
  : B extends readonly []
    ? true
    : HasOpen<B>;

/** Could the shapes be one, 1s left out? An extent of unknown size may turn out to be a 1. */
export type SameShape<A extends Shape, B extends Shape> = number extends A['length']
  ? true
  : number extends B['length']
    ? true
    : WithoutOnes<A>['length'] extends WithoutOnes<B>['length']
      ? AgreeAll<WithoutOnes<A>, WithoutOnes<B>>
      : HasOpen<A> extends true
        ? true
        : HasOpen<B>;

/** The shape less dimension `K`; never if there is no such dimension. */
export type Without<S extends Shape, K extends number, Seen extends Shape = readonly []> = number extends S['length']
  ? Shape
  : number extends K
    ? Shape
    : S extends readonly [infer H extends number, ...infer Rest extends Shape]
      ? Seen['length'] extends K
        ? readonly [...Seen, ...Rest]
        : Without<Rest, K, readonly [...Seen, H]> extends infer R
          ? R
          : never
      : never;

type Flag<O, N extends string> = O extends { readonly [K in N]: infer V } ? V : false;
type Transposed<S extends Shape, On> = On extends true
  ? S extends readonly [infer A extends number, infer B extends number]
    ? readonly [B, A]
    : S
  : On extends false | undefined
    ? S
    : Shape;

/** c[M, N] = op(a)[M, K] · op(b)[K, N], as far as the shapes are known. */
export type GemmShapes<A extends Shape, B extends Shape, C extends Shape, O> = GemmPlain<
  Transposed<A, Flag<O, 'transposeA'>>,
  Transposed<B, Flag<O, 'transposeB'>>,
  C
>;
type GemmPlain<A extends Shape, B extends Shape, C extends Shape> = A extends readonly [infer M, infer K]
  ? B extends readonly [infer K2, infer N]
    ? Agree<K, K2> extends true
      ? C extends readonly [infer M2, infer N2]
        ? Agree<M, M2> extends true
          ? Agree<N, N2>
          : false
        : true
      : false
    : true
  : true;
