/** Spaces of configurations: what may be tried for an operator's kernels. */
import type { ResolvedWorkload } from '../../manifest/workload.ts';
import type { KernelConfig } from '../ops/kernels.ts';

export type Params = ResolvedWorkload['params'];
export type Choice = Readonly<Record<string, number>>;

export interface Space {
  /** The run-time sizes, beside the parameters, on which the best choice depends. */
  readonly sizes: readonly string[];
  /** By the names that the kernels take. */
  readonly axes: Readonly<Record<string, readonly number[]>>;
  /** Leaves out what cannot work or surely is not good, before anything is compiled. */
  readonly fits?: (choice: Choice, params: Params) => boolean;
}

/** All choices, the first axis slowest. The empty one, the kernels' own choice, is not among them. */
export function choicesOf(space: Space, params: Params): readonly Choice[] {
  let all: Choice[] = [{}];
  for (const [name, values] of Object.entries(space.axes))
    all = all.flatMap((c) => values.map((v) => ({ ...c, [name]: v })));
  return all.filter((c) => space.fits?.(c, params) ?? true);
}

/** May an operator be given this? The kernels' own choice always, others if the space still has them. */
export const isChoice = (space: Space, params: Params, config: KernelConfig): boolean => {
  const names = Object.keys(config);
  if (names.length === 0) return true;
  return (
    names.length === Object.keys(space.axes).length &&
    names.every((n) => space.axes[n]?.includes(config[n] as number)) &&
    (space.fits?.(config as Choice, params) ?? true)
  );
};

export const showConfig = (config: KernelConfig): string =>
  Object.entries(config)
    .map(([n, v]) => `${n}=${v}`)
    .join(' ') || "the kernels' own choice";

/** Sizes in bands of a factor of 4, whose ends are no usual sizes: 4096 and 8192 are alike, 2048 is not. */
const alike = (size: number): number => (size > 0 ? 4 ** Math.floor(Math.log2(size) / 2 + 0.25) : 0);

/**
 * Calls that share a tuned configuration: those with the same parameters (of numbers that are not whole only the sign
 * counts) and sizes alike.
 */
export function shapeClass(space: Space, params: Params, sizeOf: (name: string) => number): string {
  const shown = Object.entries(params).map(([n, v]) =>
    typeof v === 'number' && !Number.isInteger(v) ? `${n}=${v > 0 ? '+' : '-'}` : `${n}=${v}`,
  );
  return [...shown, ...space.sizes.map((n) => `${n}~${alike(sizeOf(n))}`)].join(' ');
}
