/** `tilec bench`. */
import { readFileSync } from 'node:fs';
import { measureCeilings } from '../../bench/ceilings.ts';
import { measureProcesses, measureStages } from '../../bench/compile-times.ts';
import { measureOverhead } from '../../bench/overhead.ts';
import { reportPage } from '../../bench/page.ts';
import { joinPeers, type PeersFile, parsePeers } from '../../bench/peers.ts';
import type { Failure, Measurement, Report, WorkloadResult } from '../../bench/result.ts';
import { benchWorkload } from '../../bench/run.ts';
import { timerOn } from '../../bench/timer.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import type { KernelConfig } from '../../ops/kernels.ts';
import { Device } from '../../runtime/device.ts';
import { nvrtcLocation } from '../../runtime/ffi/nvrtc.ts';
import { tunedConfig } from '../../tune/lookup.ts';
import { SPACES } from '../../tune/spaces.ts';
import { FileStore } from '../../tune/store.ts';
import type { BenchFlags } from '../commands/bench.ts';
import { EXIT, UsageError } from '../exit.ts';
import { print, printJson, progress, tell } from '../terminal.ts';
import { version } from '../version.ts';
import { deviceNamed } from './device.ts';
import { listJson, listText } from './list.ts';
import { entriesNamed, type Target, targetsOf } from './targets.ts';
import { reportText } from './text.ts';
import { writeOut } from './write.ts';

const WARMUP = 3;
/** Calls of which the overhead is the median. */
const CALLS = 10_000;
const CALLS_CPU = 100;
const SPECIAL = ['overhead', 'compile'] as const;
const isSpecial = (name: string): boolean => (SPECIAL as readonly string[]).includes(name);

/** Measures what is named, or everything; 1 if a workload failed or gave no result. Throws what `reportError` reports. */
export async function benchCommand(what: readonly string[], flags: BenchFlags): Promise<0 | 1> {
  const operators = what.length === 0 ? ['all'] : what.filter((name) => !isSpecial(name));
  const special = new Set(what.length === 0 ? SPECIAL : what.filter(isSpecial));
  const entries = operators.flatMap((name) => entriesNamed(name, SPECIAL));
  const targets = entries.length > 0 ? targetsOf(entries, flags.workload, flags.define ?? []) : [];
  if (flags.list) {
    if (flags.json === undefined) print(listText(targets));
    else printJson(listJson(targets));
    return EXIT.fine;
  }
  const peers = flags.peers === undefined ? undefined : readPeers(flags.peers);
  const device = entries.length > 0 || special.has('overhead') ? deviceNamed(flags.device) : undefined;

  const results: WorkloadResult[] = [];
  const failures: Failure[] = [];
  const measurements: Measurement[] = [];
  // What was measured is told even so; a second Ctrl-C ends the process.
  let interrupted = false;
  const onInterrupt = (): void => {
    interrupted = true;
  };
  process.once('SIGINT', onInterrupt);
  const attempt = async (op: string, workload: string, work: () => Promise<void>): Promise<void> => {
    if (interrupted) {
      failures.push({ op, workload, error: M.interrupted });
      return;
    }
    progress(`${op} ${workload}`.trim());
    try {
      await work();
    } catch (e) {
      failures.push({ op, workload, error: e instanceof Error ? `${e.name}: ${e.message}` : String(e) });
    }
  };

  let ceilings: Report['ceilings'];
  if (device instanceof Device && targets.length > 0) {
    await attempt('ceilings', '', async () => {
      ceilings = { ...(await measureCeilings(device)), cublasTflops: peers?.ceilings.cublasTflops };
    });
  }
  if (device) {
    const timer = timerOn(device);
    const common = { device, timer, ceilings, iterations: flags.repeat, warmup: WARMUP, graph: flags.graph };
    for (const { entry, workload } of targets)
      await attempt(entry.name, workload.name, async () => {
        const config = flags.tuned && device instanceof Device ? tunedFor({ entry, workload }, device) : undefined;
        results.push(await benchWorkload(entry, workload, { ...common, config }));
      });
    if (special.has('overhead'))
      await attempt(
        'overhead',
        '',
        async () =>
          void measurements.push(...(await measureOverhead(device, device instanceof Device ? CALLS : CALLS_CPU))),
      );
  }
  if (special.has('compile')) {
    await attempt('compile', 'stages', async () => void measurements.push(...(await measureStages())));
    await attempt('compile', 'processes', async () => void measurements.push(...measureProcesses()));
  }
  process.off('SIGINT', onInterrupt);
  progress(undefined);

  const report: Report = {
    format: 1,
    device: device instanceof Device ? device.name : 'cpu',
    date: new Date().toISOString(),
    tilec: version(),
    node: process.version,
    nvrtc: nvrtcVersion(),
    repeat: flags.repeat,
    ceilings,
    results,
    failures,
    measurements,
  };
  const joined = peers ? joinPeers(report, peers) : report;
  if (flags.json === '-') printJson(joined);
  else print(reportText(joined));
  if (flags.json !== undefined && flags.json !== '-')
    writeOut(flags.json, `${JSON.stringify(joined, null, 2)}\n`, tell);
  if (flags.html !== undefined) writeOut(flags.html, reportPage(joined), tell);
  return failures.length > 0 || results.some((r) => r.badElements > 0) ? EXIT.user : EXIT.fine;
}

function tunedFor({ entry, workload }: Target, device: Device): KernelConfig | undefined {
  const space = SPACES[entry.name];
  if (!space) return undefined;
  const sizeOf = (name: string): number => Number(workload.env[name]);
  return tunedConfig({ entry, space, params: workload.params, sizeOf, gpu: device.name }, new FileStore());
}

function readPeers(path: string): PeersFile {
  try {
    return parsePeers(readFileSync(path, 'utf8'));
  } catch (e) {
    throw new UsageError(M.notPeers(path, e instanceof Error ? e.message : String(e)));
  }
}

function nvrtcVersion(): string | undefined {
  try {
    return nvrtcLocation().version.join('.');
  } catch {
    return undefined;
  }
}
