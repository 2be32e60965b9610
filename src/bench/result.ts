/** What a benchmark finds: the file that `--json` writes and that the table and the page are made of. */
import type { Value } from '../../manifest/rules/evaluate.ts';
import type { KernelConfig } from '../ops/kernels.ts';
import type { Resources } from '../runtime/nvrtc/resources.ts';
import type { Ceilings, Share } from './roofline.ts';

/** Milliseconds. */
export interface Times {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface KernelUse {
  readonly name: string;
  readonly threads: number;
  readonly sharedBytes: number;
  readonly resources?: Resources;
}

/** How somebody else does the same work on the same machine. */
export interface Peer {
  readonly name: string;
  /** Milliseconds, median. */
  readonly ms: number;
  /** Its time over ours: above 1 we are faster. */
  readonly ratio: number;
}

export interface WorkloadResult {
  readonly op: string;
  readonly workload: string;
  readonly params: Readonly<Record<string, Value>>;
  /** What of the kernels' own choice was overridden. */
  readonly config?: KernelConfig;
  readonly ms: Times;
  readonly flops: number;
  readonly bytes: number;
  readonly tflops: number;
  readonly gbs: number;
  readonly roofline?: Share;
  readonly kernels: readonly KernelUse[];
  /** Output elements that are not finite: unwritten or wrong; 0 in a result that counts. */
  readonly badElements: number;
  readonly peers: readonly Peer[];
}

/** A workload that could not be measured. */
export interface Failure {
  readonly op: string;
  readonly workload: string;
  readonly error: string;
}

/** Something that is no operator: the overhead of a call, the compiler. */
export interface Measurement {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: 'µs' | 'ms';
}

export interface Report {
  readonly format: 1;
  /** The GPU's name, or `cpu`. */
  readonly device: string;
  /** ISO 8601. */
  readonly date: string;
  readonly tilec: string;
  readonly node: string;
  readonly nvrtc?: string;
  /** Runs of each workload. */
  readonly repeat: number;
  readonly ceilings?: Ceilings;
  readonly results: readonly WorkloadResult[];
  readonly failures: readonly Failure[];
  readonly measurements: readonly Measurement[];
}
