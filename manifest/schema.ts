/**
 * What an entry of the manifest holds. Everything that is said of an operator's interface is said here, once: validation,
 * random inputs, benchmarks and the table of operators read it. Rules are text in the language of `rules/grammar.ts`.
 */
import type { DType } from '../src/ir/dtype.ts';

/** A parameter of the constructor. One without a default must be given. */
export type ParamEntry = {
  readonly doc: string;
} & (
  | { readonly type: 'int'; readonly min?: number; readonly max?: number; readonly default?: number | string }
  | { readonly type: 'float'; readonly min?: number; readonly max?: number; readonly default?: number | string }
  | { readonly type: 'bool'; readonly default?: boolean }
  | { readonly type: 'choice'; readonly of: readonly string[]; readonly default?: string }
  | { readonly type: 'dtype'; readonly of: readonly DType[]; readonly default?: string }
);

/** How random inputs fill a tensor. Outputs, and what nothing may read, are poisoned. */
export type Fill =
  | { readonly kind: 'normal'; readonly scale?: number }
  | { readonly kind: 'poison' }
  | { readonly kind: 'constant'; readonly value: number }
  /** cos or sin of the usual rotary angles; the last dimension has `rotaryDim / 2` entries. */
  | { readonly kind: 'rotary'; readonly of: 'cos' | 'sin' }
  /** Uniform integers in 0 … below − 1. */
  | { readonly kind: 'index'; readonly below: string }
  /** 0, then the running sums of a list of the workload. */
  | { readonly kind: 'prefixSums'; readonly list: string }
  | { readonly kind: 'list'; readonly list: string }
  /** Distinct pages for each request, shuffled; `tokens` is how many the request b holds in the end. */
  | { readonly kind: 'pages'; readonly tokens: string };

export interface TensorEntry {
  readonly doc: string;
  /** A dtype, or the name of a dtype parameter. */
  readonly dtype: string;
  /** A rule for each dimension, over parameters and run-time sizes. */
  readonly shape: readonly string[];
  readonly role: 'in' | 'out' | 'inout';
  /** The tensor is there only if this holds of the parameters. */
  readonly when?: string;
  /** Inputs of the same shape and dtype in whose very place it may be written; otherwise its memory is its own. */
  readonly inPlace?: readonly string[];
  readonly fill: Fill;
}

/** Must hold of the parameters, or of the tiles. */
export interface Requirement {
  readonly rule: string;
  /** The argument that the error names. */
  readonly argument: string;
  readonly expected: string;
}

export interface Workload {
  readonly name: string;
  readonly params: Readonly<Record<string, number | boolean | string>>;
  /** Sizes that are free: those that `sizes` does not derive. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Lists; a number stands for as many of it as the list is long. */
  readonly lists?: Readonly<Record<string, number | readonly number[]>>;
}

export interface OperatorEntry {
  /** As the command line has it. */
  readonly name: string;
  /** The class in `tilec/ops`. */
  readonly operator: string;
  readonly summary: string;
  readonly params: Readonly<Record<string, ParamEntry>>;
  readonly requires: readonly Requirement[];
  /**
   * What `config` may choose, by name: positive integers that change how fast a call is and never what it computes. Their
   * defaults are the kernels'.
   */
  readonly tiles: Readonly<Record<string, string>>;
  /** Of tiles and parameters; each counts where all tiles that it names are chosen. */
  readonly tileRules: readonly Requirement[];
  /** In the order in which they are checked: a size is bound where it first stands. */
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  /** Lists of a workload and their lengths. */
  readonly lists?: Readonly<Record<string, string>>;
  /** Sizes of a workload that follow from others, in order. */
  readonly derived?: Readonly<Record<string, string>>;
  readonly roofline: {
    readonly flops: string;
    readonly bytes: string;
  };
  readonly workloads: readonly Workload[];
}

// ------------------------------------------------------------------------------------- types that follow from an entry

type ParamType<P extends ParamEntry> = P extends { type: 'int' | 'float' }
  ? number
  : P extends { type: 'bool' }
    ? boolean
    : P extends { of: readonly (infer C)[] }
      ? C
      : never;
type Defaulted<E extends OperatorEntry> = {
  [K in keyof E['params']]: E['params'][K] extends { default: unknown } ? K : never;
}[keyof E['params']];

/** Parameters as the constructor takes them. */
export type ParamsOf<E extends OperatorEntry> = {
  readonly [K in Exclude<keyof E['params'], Defaulted<E>>]: ParamType<E['params'][K]>;
} & { readonly [K in Defaulted<E>]?: ParamType<E['params'][K]> };

/** Parameters with their defaults filled in. */
export type ResolvedParams<E extends OperatorEntry> = { readonly [K in keyof E['params']]: ParamType<E['params'][K]> };

/** What `config` may hold. */
export type TilesOf<E extends OperatorEntry> = { readonly [K in keyof E['tiles']]?: number };

type Conditional<E extends OperatorEntry> = {
  [K in keyof E['tensors']]: E['tensors'][K] extends { when: string } ? K : never;
}[keyof E['tensors']];

/** The tensors of a call; those that depend on the parameters are optional to the type checker. */
export type TensorsOf<E extends OperatorEntry, T> = {
  readonly [K in Exclude<keyof E['tensors'], Conditional<E>>]: T;
} & { readonly [K in Conditional<E>]?: T };
