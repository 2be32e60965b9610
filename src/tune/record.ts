/** What a search has found so far, for one operator, shape class and GPU. */
import type { KernelConfig } from '../ops/kernels.ts';

export interface Measured {
  readonly config: KernelConfig;
  /** Median milliseconds. */
  readonly ms: number;
  /** Tells the compiled kernels from others. */
  readonly program: string;
}

export type Reason = 'refused' | 'spills' | 'fails';

export interface Rejected {
  readonly config: KernelConfig;
  /** The compiler refused it (it does not fit), it spills registers, or it cannot be launched. */
  readonly reason: Reason;
  readonly detail: string;
}

export interface TuneRecord {
  readonly format: 1;
  readonly op: string;
  readonly shapeClass: string;
  readonly gpu: string;
  readonly measured: readonly Measured[];
  readonly rejected: readonly Rejected[];
  /** Was the whole space searched? */
  readonly complete: boolean;
}

export type RecordKey = Pick<TuneRecord, 'op' | 'shapeClass' | 'gpu'>;

export const emptyRecord = ({ op, shapeClass, gpu }: RecordKey): TuneRecord => ({
  format: 1,
  op,
  shapeClass,
  gpu,
  measured: [],
  rejected: [],
  complete: false,
});

/** The fastest configuration. */
export const bestOf = ({ measured }: Pick<TuneRecord, 'measured'>): Measured | undefined =>
  measured.reduce<Measured | undefined>((best, m) => (best && best.ms <= m.ms ? best : m), undefined);

/** Equal configurations have equal text. */
export const configKey = (config: KernelConfig): string => JSON.stringify(config, Object.keys(config).sort());
