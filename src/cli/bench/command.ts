/** `tilec bench`. */
import { readFileSync } from 'node:fs';
import { reportPage } from '../../bench/page.ts';
import { joinPeers, type PeersFile, parsePeers } from '../../bench/peers.ts';
import type { Report } from '../../bench/result.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import { Device } from '../../runtime/device.ts';
import { nvrtcLocation } from '../../runtime/ffi/nvrtc.ts';
import type { BenchFlags } from '../commands/bench.ts';
import { EXIT, UsageError } from '../exit.ts';
import { print, printJson, tell } from '../terminal.ts';
import { version } from '../version.ts';
import { deviceNamed } from './device.ts';
import { listJson, listText } from './list.ts';
import { measure, SPECIAL, type Special } from './measure.ts';
import { entriesNamed, targetsOf } from './targets.ts';
import { reportText } from './text.ts';
import { writeOut } from './write.ts';

const isSpecial = (name: string): name is Special => (SPECIAL as readonly string[]).includes(name);

/**
 * Measures what is named, or everything; 1 if a workload failed or gave no result. Throws what `reportError` reports:
 * `EnvironmentError` where the GPU or NVRTC that it all needs is missing.
 */
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
  const device = targets.length > 0 || special.has('overhead') ? deviceNamed(flags.device) : undefined;
  if (device instanceof Device || special.has('compile')) nvrtcLocation();

  const { repeat, graph, tuned } = flags;
  const cublasTflops = peers?.ceilings.cublasTflops;
  const measured = await measure({ targets, special, device, repeat, graph, tuned, cublasTflops });
  const report: Report = {
    format: 1,
    device: device instanceof Device ? device.name : 'cpu',
    date: new Date().toISOString(),
    tilec: version(),
    node: process.version,
    nvrtc: nvrtcVersion(),
    repeat,
    ...measured,
  };
  const joined = peers ? joinPeers(report, peers) : report;
  if (flags.json === '-') printJson(joined);
  else print(reportText(joined));
  if (flags.json !== undefined && flags.json !== '-')
    writeOut(flags.json, `${JSON.stringify(joined, null, 2)}\n`, tell);
  if (flags.html !== undefined) writeOut(flags.html, reportPage(joined), tell);
  return joined.failures.length > 0 || joined.results.some((r) => r.badElements > 0) ? EXIT.user : EXIT.fine;
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
