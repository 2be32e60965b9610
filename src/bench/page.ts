/** A report as one HTML file that needs nothing else. */
import { type BarGroup, barChart, escapeText, short } from './chart.ts';
import { METHOD } from './method.ts';
import type { Report, WorkloadResult } from './result.ts';
import { byOperator, isComputeBound } from './sort.ts';

const STYLE = `
:root { color-scheme: light dark; --own: #2563eb; --peer: #a8b3c4; --text: #1f2937; --dim: #6b7280; --line: #d7dce3; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --own: #60a5fa; --peer: #4b5768; --text: #e5e7eb; --dim: #9ca3af; --line: #374151; --page: #14181f; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
p, caption { color: var(--dim); } svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.own { fill: var(--own); } .peer { fill: var(--peer); } .grid { stroke: var(--line); } .limit { stroke: var(--dim); stroke-dasharray: 4 3; stroke-width: 1.5; }
svg text { fill: var(--text); } svg .tick { fill: var(--dim); font-size: 11px; } svg .label { font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; } th:first-child, td:first-child { text-align: left; }
.bad { color: #dc2626; font-weight: 600; }
`;

export function reportPage(report: Report): string {
  const { ceilings: c } = report;
  const ceilings = c
    ? `<p>Measured ceilings: copy ${short(c.copyGBs)} GB/s; <code>mma.sync</code> ${short(c.mmaTflops)} TFLOP/s${c.cublasTflops === undefined ? '' : `; cuBLAS ${short(c.cublasTflops)} TFLOP/s`}. Dashed lines: the roofline that they allow.</p>`
    : '';
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>tilec benchmark: ${escapeText(report.device)}</title><style>${STYLE}</style></head><body>`,
    `<h1>tilec on ${escapeText(report.device)}</h1>`,
    `<p>${escapeText(report.date)} · tilec ${escapeText(report.tilec)} · Node ${escapeText(report.node)}${report.nvrtc ? ` · NVRTC ${escapeText(report.nvrtc)}` : ''}</p>`,
    `<p>${escapeText(METHOD(report.repeat))}</p>`,
    ceilings,
    ...byOperator(report.results).map(([op, results]) => operatorSection(op, results)),
    measurementSection(report),
    failureSection(report),
    '</body></html>',
    '',
  ].join('\n');
}

function operatorSection(op: string, results: readonly WorkloadResult[]): string {
  const compute = isComputeBound(results);
  const unit = compute ? 'TFLOP/s' : 'GB/s';
  const own = (r: WorkloadResult): number => (compute ? r.tflops : r.gbs);
  const groups = results.map(
    (r): BarGroup => ({
      label: r.workload,
      bars: [
        { name: 'tilec', value: own(r), own: true },
        ...r.peers.map((p) => ({ name: p.name, value: own(r) / p.ratio, own: false })),
      ],
      limit: r.roofline && own(r) / r.roofline.share,
    }),
  );
  return `<h2>${escapeText(op)}</h2>\n${barChart(op, unit, groups)}\n${resultTable(results)}`;
}

function resultTable(results: readonly WorkloadResult[]): string {
  const head = [
    'workload',
    'median',
    'min – max',
    'TFLOP/s',
    'GB/s',
    'of roofline',
    'bound by',
    'registers',
    'spills',
    'shared',
  ];
  const rows = results.map((r) => [
    r.badElements > 0 ? `${r.workload}: ${r.badElements} elements not finite` : r.workload,
    `${r.ms.median.toFixed(4)} ms`,
    `${r.ms.min.toFixed(4)} – ${r.ms.max.toFixed(4)}`,
    short(r.tflops),
    short(r.gbs),
    r.roofline ? `${(r.roofline.share * 100).toFixed(0)} %` : '–',
    r.roofline?.bound ?? '–',
    r.kernels.map((k) => k.resources?.registers ?? '–').join(', '),
    r.kernels.map((k) => k.resources?.spillBytes ?? '–').join(', '),
    r.kernels.map((k) => `${(k.sharedBytes / 1024).toFixed(0)} KiB`).join(', '),
  ]);
  return htmlTable(head, rows, (i) => results[i]!.badElements > 0);
}

function measurementSection({ measurements }: Report): string {
  const groups = [...new Set(measurements.map((m) => m.group))];
  return groups
    .map((group) => {
      const rows = measurements.filter((m) => m.group === group).map((m) => [m.name, `${short(m.value)} ${m.unit}`]);
      return `<h2>${escapeText(group)}</h2>\n${htmlTable(['', 'median'], rows)}`;
    })
    .join('\n');
}

function failureSection({ failures }: Report): string {
  if (failures.length === 0) return '';
  const rows = failures.map((f) => [`${f.op} ${f.workload}`, f.error]);
  return `<h2>Not measured</h2>\n${htmlTable(['', ''], rows)}`;
}

function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  isBad: (row: number) => boolean = () => false,
): string {
  const cells = (tag: string, r: readonly string[]): string =>
    r.map((c) => `<${tag}>${escapeText(c)}</${tag}>`).join('');
  const body = rows.map((r, i) => `<tr${isBad(i) ? ' class="bad"' : ''}>${cells('td', r)}</tr>`).join('\n');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}
