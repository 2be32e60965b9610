/** `tilec bench`. */
import { readFileSync } from 'node:fs';
import { reportPage } from '../../bench/page.ts';
import { joinPeers, type PeersFile, parsePeers } from '../../bench/peers.ts';
import type { Report } from '../../bench/result.ts';
import * as M from '../../diagnostics/messages/bench.ts';
import { Device } from '../../runtime/device.ts';
import { nvrtcLocation } from '../../runtime/ffi/nvrtc.ts';
import type { BenchFlags } from '../commands/bench.ts';
import { EXIT, type ExitCode, UsageError } from '../exit.ts';
import { reasonOf } from '../terminal.ts';
import { version } from '../version.ts';
import { deviceNamed } from './device.ts';
import { listJson, listText } from './list.ts';
import { measure, SPECIAL, type Special, STEPS } from './measure.ts';
import { output, outputsOf } from './output.ts';
import { entriesNamed, OPERATORS, targetsOf } from './targets.ts';
import { reportText } from './text.ts';

const isSpecial = (name: string): name is Special => (SPECIAL as readonly string[]).includes(name);

/**
 * Measures what is named, or everything; 1 if a workload failed, gave no result or could not be written, 130 after Ctrl-C.
 * Throws what `reportError` reports: `EnvironmentError` where the GPU or NVRTC that it all needs is missing.
 */
export async function benchCommand(what: readonly string[], flags: BenchFlags, steps = STEPS): Promise<ExitCode> {
  const outputs = outputsOf(flags, [...OPERATORS, ...SPECIAL, 'all']);
  const operators = what.length === 0 ? ['all'] : what.filter((name) => !isSpecial(name));
  const special = new Set(what.length === 0 ? SPECIAL : what.filter(isSpecial));
  const entries = [...new Set(operators.flatMap((name) => entriesNamed(name, SPECIAL)))];
  const targets = entries.length > 0 ? targetsOf(entries, flags.workload, flags.define ?? []) : [];
  if (flags.list && flags.html !== undefined) throw new UsageError(M.listHasNoPage);
  if (flags.list)
    return output(outputs, { json: listJson(targets), text: () => listText(targets) }) ? EXIT.fine : EXIT.user;
  const peers = flags.peers === undefined ? undefined : readPeers(flags.peers);
  const needsDevice = targets.length > 0 || special.has('overhead');
  const device = needsDevice ? deviceNamed(flags.device, M.benchWithoutGpu) : undefined;
  const { repeat, graph, tuned } = flags;
  if (device && !(device instanceof Device) && (graph || tuned))
    throw new UsageError(M.gpuOnly(graph ? '--graph' : '--tuned'));
  if (device instanceof Device || special.has('compile')) nvrtcLocation();

  const cublasTflops = peers?.ceilings?.cublasTflops;
  const { interrupted, ...measured } = await measure(
    { targets, special, device, repeat, graph, tuned, cublasTflops },
    steps,
  );
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
  const written = output(outputs, { json: joined, text: () => reportText(joined), page: () => reportPage(joined) });
  if (interrupted) return EXIT.interrupted;
  const right = joined.failures.length === 0 && joined.results.every((r) => r.badElements === 0);
  return right && written ? EXIT.fine : EXIT.user;
}

function readPeers(path: string): PeersFile {
  try {
    return parsePeers(readFileSync(path, 'utf8'));
  } catch (e) {
    throw new UsageError(M.notPeers(path, reasonOf(e)));
  }
}

function nvrtcVersion(): string | undefined {
  try {
    return nvrtcLocation().version.join('.');
  } catch {
    return undefined;
  }
}
