/** Checks that generated code calls. Each call names a site by its number; a failure is reported at the site's span. */
import * as msg from '../../../diagnostics/messages/cpu.ts';
import type { Span } from '../../../ir/span.ts';
import { runtimeError } from '../errors.ts';

/** A place in the kernel that a check stands for. */
export interface Site {
  readonly span: Span;
  readonly buffer: string;
  /** The dimension that is indexed; -1 where none is. */
  readonly dim: number;
  readonly access: 'read' | 'written';
  /** In a parallel loop: its variables and extents, and what else touches the buffer there. */
  readonly loop?: {
    readonly vars: readonly string[];
    readonly extents: readonly number[];
    readonly accesses: readonly { readonly span: Span; readonly access: 'read' | 'written' }[];
  };
  /** The text of a failed `assert`. */
  readonly message?: string;
}

export interface Checks {
  /** `i`, if it lies in [0, n). */
  readonly at: (i: number, n: number, site: number) => number;
  /** The same for what need not be a 32-bit integer. */
  readonly atWide: (i: bigint, n: number, site: number) => number;
  /** Throws unless `extent` elements from `from` lie in [0, n). Returns `from`. */
  readonly within: (from: number, extent: number, n: number, site: number) => number;
  /** `b`, if it is not 0. */
  readonly nonzero: <X extends number | bigint>(b: X, site: number) => X;
  readonly written: (flag: boolean, site: number) => void;
  readonly assert: (holds: boolean, site: number) => void;
}

/** `block`: the indices of the block that runs now. */
export function makeChecks(sites: readonly Site[], block: readonly number[]): Checks {
  const outside = (i: number, n: number, site: number): never => {
    const s = sites[site]!;
    throw runtimeError(msg.outOfBounds(s.access, s.buffer, s.dim, i, n, block), s.span);
  };
  return {
    at: (i, n, site) => (i >>> 0 < n ? i : outside(i, n, site)),
    atWide: (big, n, site) => {
      const i = Number(big);
      return i >= 0 && i < n ? i : outside(i, n, site);
    },
    within: (from, extent, n, site) => {
      if (from >= 0 && from + extent <= n) return from;
      const s = sites[site]!;
      throw runtimeError(msg.regionOutside(s.buffer, s.dim, from, from + extent, n, block), s.span);
    },
    nonzero: (b, site) => {
      // biome-ignore lint/suspicious/noDoubleEquals: 0 and 0n alike.
      if (b == 0) throw runtimeError(msg.divisionByZero(block), sites[site]!.span);
      return b;
    },
    written: (flag, site) => {
      if (!flag) throw runtimeError(msg.uninitialized(sites[site]!.buffer, block), sites[site]!.span);
    },
    assert: (holds, site) => {
      if (!holds) throw runtimeError(msg.assertion(sites[site]!.message ?? '', block), sites[site]!.span);
    },
  };
}
