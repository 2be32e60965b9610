/** What `bench/peers.py` measured, joined to our own results. */
import type { Peer, Report } from './result.ts';

export interface PeersFile {
  readonly format: 1;
  readonly device: string;
  readonly torch: string;
  readonly date: string;
  readonly ceilings?: { readonly copyGBs?: number; readonly cublasTflops?: number };
  /** Milliseconds, median. */
  readonly results: readonly {
    readonly op: string;
    readonly workload: string;
    readonly peer: string;
    readonly ms: number;
  }[];
  readonly failures: readonly {
    readonly op: string;
    readonly workload: string;
    readonly peer: string;
    readonly error: string;
  }[];
}

/** Throws SyntaxError for text that is no such file. */
export function parsePeers(text: string): PeersFile {
  const value = JSON.parse(text) as PeersFile;
  const isResult = (r: unknown): boolean => typeof r === 'object' && r !== null;
  if (value?.format !== 1 || !Array.isArray(value.results) || !value.results.every(isResult))
    throw new SyntaxError('it is no file of bench/peers.py');
  return value;
}

/** The peers of a workload, with their times over ours. */
export const peersOf = (peers: PeersFile, op: string, workload: string, ours: number): readonly Peer[] =>
  peers.results
    .filter((r) => r.op === op && r.workload === workload)
    .map(({ peer, ms }) => ({ name: peer, ms, ratio: ms / ours }));

/** The report with peers beside each result. Shares of the roofline stay what they were when it was made. */
export function joinPeers(report: Report, peers: PeersFile): Report {
  return {
    ...report,
    results: report.results.map((r) => ({ ...r, peers: peersOf(peers, r.op, r.workload, r.ms.median) })),
  };
}
