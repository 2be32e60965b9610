/** Bar charts as SVG text, without scripts. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Ours stands out from others'. */
  readonly own: boolean;
}

export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Where the roofline lies, on the same scale. */
  readonly limit?: number;
}

const LEFT = 150;
const WIDTH = 900;
const RIGHT = 270;
const BAR = 16;
const STEP = 20;
const GAP = 14;
const TOP = 26;

export const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

export const short = (x: number): string =>
  x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 0.01 ? x.toFixed(2) : x.toPrecision(2);

/** 1, 2 or 5 times a power of ten: about five of them reach `max`. */
function tickStep(max: number): number {
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((f) => f * power >= rough) ?? 10) * power;
}

/** Horizontal bars by group, with a dashed mark at each group's limit. Larger is better. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const max = Math.max(0, ...groups.flatMap((g) => [g.limit ?? 0, ...g.bars.map((b) => b.value)]));
  if (!(max > 0)) return '';
  const x = (v: number): number => LEFT + (v / max) * (WIDTH - LEFT - RIGHT);
  const out: string[] = [];
  let y = TOP;
  for (const g of groups) {
    const height = g.bars.length * STEP;
    out.push(text(LEFT - 8, y + height / 2 + 1, g.label, 'class="label" text-anchor="end"'));
    g.bars.forEach((b, i) => {
      const top = y + i * STEP;
      const name = `${short(b.value)} ${unit} · ${b.name}`;
      out.push(
        `<rect x="${LEFT}" y="${top}" width="${(x(b.value) - LEFT).toFixed(1)}" height="${BAR}" rx="2" class="${b.own ? 'own' : 'peer'}"><title>${escapeText(`${g.label}: ${name}`)}</title></rect>`,
        text(x(b.value) + 5, top + BAR - 4, name, 'class="value"'),
      );
    });
    if (g.limit !== undefined)
      out.push(
        `<line x1="${x(g.limit).toFixed(1)}" x2="${x(g.limit).toFixed(1)}" y1="${y - 3}" y2="${y + height}" class="limit"><title>roofline: ${short(g.limit)} ${escapeText(unit)}</title></line>`,
      );
    y += height + GAP;
  }
  const step = tickStep(max);
  const grid: string[] = [];
  for (let v = 0; v <= max; v += step)
    grid.push(
      `<line x1="${x(v).toFixed(1)}" x2="${x(v).toFixed(1)}" y1="${TOP - 6}" y2="${y - GAP + 4}" class="grid"/>`,
      text(x(v), TOP - 10, short(v), 'class="tick" text-anchor="middle"'),
    );
  return `<svg viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escapeText(title)}">${grid.join('')}${out.join('')}</svg>`;
}

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeText(content)}</text>`;
