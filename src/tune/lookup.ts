/** What is known of the best configuration for a call, without looking for it. */
import type { KernelConfig } from '../ops/kernels.ts';
import { bestOf, type TuneRecord } from './record.ts';
import { isChoice } from './space.ts';
import type { Store } from './store.ts';
import { keyOf, type Tunable } from './tunable.ts';

/** The fastest configuration of a record that its operator still takes. */
export function configOf(what: Tunable, record: TuneRecord | undefined): KernelConfig | undefined {
  if (!record) return undefined;
  const measured = record.measured.filter((m) => isChoice(what.space, what.params, m.config));
  return bestOf({ measured })?.config;
}

/** Undefined where nothing was measured for such calls on such a GPU. */
export const tunedConfig = (what: Tunable, store: Store): KernelConfig | undefined =>
  configOf(what, store.read(keyOf(what)));
