/** A kind of call on a kind of GPU, of which the best configuration is asked. */
import type { OperatorEntry } from '../../manifest/schema.ts';
import type { RecordKey } from './record.ts';
import { type Params, type Space, shapeClass } from './space.ts';

export interface Tunable {
  readonly entry: OperatorEntry;
  readonly space: Space;
  /** With defaults filled in. */
  readonly params: Params;
  /** Run-time sizes of the call. */
  readonly sizeOf: (name: string) => number;
  /** The GPU's name. */
  readonly gpu: string;
}

/** Where what is found about such calls is kept. */
export const keyOf = ({ entry, space, params, sizeOf, gpu }: Tunable): RecordKey => ({
  op: entry.name,
  shapeClass: shapeClass(space, params, sizeOf),
  gpu,
});
