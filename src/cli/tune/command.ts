/** `tilec tune`. */
import { disposeInputs, makeInputs } from '../../bench/inputs.ts';
import { timerOn } from '../../bench/timer.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import { Device } from '../../runtime/device.ts';
import { EnvironmentError } from '../../runtime/errors.ts';
import { nvrtcLocation } from '../../runtime/ffi/nvrtc.ts';
import { CompilePool } from '../../tune/pool.ts';
import type { TuneRecord } from '../../tune/record.ts';
import { SPACES } from '../../tune/spaces.ts';
import { FileStore } from '../../tune/store.ts';
import type { Tunable } from '../../tune/tunable.ts';
import { tune } from '../../tune/tune.ts';
import { deviceNamed } from '../bench/device.ts';
import { entriesNamed, type Target, targetsOf } from '../bench/targets.ts';
import type { TuneFlags } from '../commands/tune.ts';
import { EXIT, UsageError } from '../exit.ts';
import { print, printJson, progress, tell } from '../terminal.ts';
import { progressText, recordText } from './text.ts';

/** Throws what `reportError` reports: `EnvironmentError` without a GPU or NVRTC. */
export async function tuneCommand(operator: string, flags: TuneFlags): Promise<0 | 1> {
  const targets = targetsOf(tunedEntries(operator), flags.workload, flags.define ?? []);
  const device = deviceNamed(flags.device);
  if (!(device instanceof Device)) throw new EnvironmentError({ code: 'NO_GPU', message: M.tuneNeedsGpu });
  nvrtcLocation();

  const store = new FileStore();
  const pool = new CompilePool(flags.parallel);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const records: TuneRecord[] = [];
  try {
    for (const target of targets) {
      if (interrupt.signal.aborted) break;
      const record = await tuneTarget(target, device, flags, { store, pool, signal: interrupt.signal });
      progress(undefined);
      records.push(record);
      if (!flags.json) print(recordText(target.workload.name, record));
    }
  } finally {
    progress(undefined);
    process.off('SIGINT', onInterrupt);
    await pool.dispose();
  }
  if (flags.json) printJson(records);
  if (interrupt.signal.aborted) {
    tell(M.tuneInterrupted);
    // As the signal would have done: whoever called us sees that it came.
    process.kill(process.pid, 'SIGINT');
  }
  return EXIT.fine;
}

function tunedEntries(operator: string): ReturnType<typeof entriesNamed> {
  const entries = entriesNamed(operator).filter((e) => e.name in SPACES);
  if (entries.length === 0) throw new UsageError(M.noTuning(operator, Object.keys(SPACES)));
  return entries;
}

async function tuneTarget(
  { entry, workload }: Target,
  device: Device,
  { repeat }: TuneFlags,
  found: { readonly store: FileStore; readonly pool: CompilePool; readonly signal: AbortSignal },
): Promise<TuneRecord> {
  const what: Tunable = {
    entry,
    space: SPACES[entry.name]!,
    params: workload.params,
    sizeOf: (name) => Number(workload.env[name]),
    gpu: device.name,
  };
  const inputs = await makeInputs(workload, device);
  try {
    return await tune(what, {
      ...found,
      inputs,
      arch: device.arch,
      timer: timerOn(device),
      iterations: repeat,
      onProgress: (p) => progress(`${entry.name} ${workload.name}: ${progressText(p)}`),
    });
  } finally {
    disposeInputs(inputs);
  }
}
