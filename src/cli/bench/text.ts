/** A report as tables for a terminal. */
import { short } from '../../bench/chart.ts';
import type { Report, WorkloadResult } from '../../bench/result.ts';
import { byOperator } from '../../bench/sort.ts';
import { table } from '../table.ts';

const percent = (x: number): string => `${(x * 100).toFixed(0)} %`;

export function reportText(report: Report): string {
  const { ceilings: c } = report;
  const parts: string[] = [];
  if (c)
    parts.push(
      `${report.device}; ceilings: copy ${short(c.copyGBs)} GB/s, mma.sync ${short(c.mmaTflops)} TFLOP/s${c.cublasTflops === undefined ? '' : `, cuBLAS ${short(c.cublasTflops)} TFLOP/s`}`,
    );
  for (const [op, results] of byOperator(report.results)) parts.push(operatorText(op, results));
  for (const group of new Set(report.measurements.map((m) => m.group)))
    parts.push(
      table([
        [group, ''],
        ...report.measurements
          .filter((m) => m.group === group)
          .map((m) => [`  ${m.name}`, `${short(m.value)} ${m.unit}`]),
      ]),
    );
  if (report.failures.length > 0)
    parts.push(['not measured', ...report.failures.map((f) => `  ${f.op} ${f.workload}: ${f.error}`)].join('\n'));
  return parts.join('\n\n');
}

function operatorText(op: string, results: readonly WorkloadResult[]): string {
  const peers = [...new Set(results.flatMap((r) => r.peers.map((p) => p.name)))];
  const rows = results.map((r) => [
    `  ${r.workload}`,
    `${r.ms.median.toFixed(4)} ms`,
    short(r.tflops),
    short(r.gbs),
    r.roofline ? percent(r.roofline.share) : '–',
    r.roofline?.bound ?? '–',
    r.kernels.map((k) => k.resources?.registers ?? '–').join('+'),
    r.kernels.map((k) => k.resources?.spillBytes ?? '–').join('+'),
    ...peers.map((name) => {
      const p = r.peers.find((x) => x.name === name);
      return p ? `${p.ms.toFixed(4)} ms ×${p.ratio.toFixed(2)}` : '–';
    }),
    r.badElements > 0 ? `WRONG: ${r.badElements} elements not finite` : '',
  ]);
  const head = [op, 'median', 'TFLOP/s', 'GB/s', 'of roofline', 'bound by', 'registers', 'spills', ...peers, ''];
  return table([head, ...rows]);
}
