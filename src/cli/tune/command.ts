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
import { EXIT, type ExitCode, UsageError } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { print, printJson, progress, tell } from '../terminal.ts';
import { progressText, recordText } from './text.ts';

/** What a search is given beside its target. */
export interface Found {
  readonly store: FileStore;
  readonly pool: CompilePool;
  readonly signal: AbortSignal;
}

/**
 * 130 after Ctrl-C. Throws what `reportError` reports: `EnvironmentError` without a GPU or NVRTC. `searchFor` is replaced where
 * there is no GPU to search on.
 */
export async function tuneCommand(operator: string, flags: TuneFlags, searchFor = tuneTarget): Promise<ExitCode> {
  const targets = targetsOf(tunedEntries(operator), flags.workload, flags.define ?? []);
  const device = deviceNamed(flags.device, M.tuneNeedsGpu);
  if (!(device instanceof Device)) throw new EnvironmentError({ code: 'NO_GPU', message: M.tuneNeedsGpu });
  nvrtcLocation();

  const store = new FileStore();
  const pool = new CompilePool(flags.parallel);
  const records: TuneRecord[] = [];
  const interrupted = await interruptible(async (signal) => {
    try {
      for (const target of targets) {
        if (signal.aborted) break;
        const record = await searchFor(target, device, flags, { store, pool, signal });
        progress(undefined);
        records.push(record);
        if (!flags.json) print(recordText(target.workload.name, record));
      }
    } finally {
      progress(undefined);
      await pool.dispose();
    }
    return signal.aborted;
  });
  if (flags.json) printJson(records);
  if (!interrupted) return EXIT.fine;
  tell(M.tuneInterrupted);
  return EXIT.interrupted;
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
  found: Found,
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
