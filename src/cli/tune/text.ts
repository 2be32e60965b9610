/** What a search says while it runs and when it ends. */
import { bestOf, type Reason, type TuneRecord } from '../../tune/record.ts';
import type { Progress } from '../../tune/search.ts';
import { showConfig } from '../../tune/space.ts';
import { table } from '../table.ts';

const SHOWN = 5;
const REASONS: Readonly<Record<Reason, string>> = {
  refused: 'do not fit',
  spills: 'spill',
  fails: 'cannot be launched',
};
const ms = (x: number): string => `${x.toFixed(4)} ms`;

export function progressText({ candidates, compiled, measured, rejected, best }: Progress): string {
  const state = `${compiled} of ${candidates} compiled, ${measured} timed, ${rejected} left out`;
  return best ? `${state}; best ${ms(best.ms)}, ${showConfig(best.config)}` : state;
}

/** The fastest ones, and the kernels' own choice beside them. */
export function recordText(workload: string, record: TuneRecord): string {
  const { op, measured, rejected, complete } = record;
  const own = measured.find((m) => Object.keys(m.config).length === 0);
  const fastest = [...measured].sort((a, b) => a.ms - b.ms).slice(0, SHOWN);
  const shown = own && !fastest.includes(own) ? [...fastest, own] : fastest;
  const counts = (Object.keys(REASONS) as Reason[]).flatMap((r) => {
    const n = rejected.filter((x) => x.reason === r).length;
    return n > 0 ? [`${n} ${REASONS[r]}`] : [];
  });
  const best = bestOf(record);
  const gain = own && best ? `; ${(own.ms / best.ms).toFixed(2)} times as fast as the kernels' own choice` : '';
  return [
    `${op} ${workload}${complete ? '' : ' (not finished)'}: ${[`${measured.length} timed`, ...counts].join(', ')}${gain}`,
    table(shown.map((m) => [`  ${showConfig(m.config)}`, ms(m.ms), own ? `×${(own.ms / m.ms).toFixed(2)}` : ''])),
  ].join('\n');
}
