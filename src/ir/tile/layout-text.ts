/**
 * The text of a layout: `16=2:r2,8:t4 | 8=4:t1,2:r1 | rep 2:t32 | xor 3,3,3`.
 *
 * One part a dimension: its extent, then its atoms, most significant first, each `extent:` and a letter for the axis
 * (`t`hread, `r`eg, `m`em) with the stride. A dimension without atoms is a bare `1`. Then the replicas and the swizzle
 * (`bits,base,shift`), where there are any.
 */
import type { Atom, Axis, Layout } from '../layout.ts';

const LETTERS = { thread: 't', reg: 'r', mem: 'm' } as const satisfies Record<Axis, string>;
const AXES: Readonly<Record<string, Axis>> = { t: 'thread', r: 'reg', m: 'mem' };

const printAtom = (a: Atom): string => `${a.extent}:${LETTERS[a.axis]}${a.stride}`;
const printAtoms = (atoms: readonly Atom[]): string => atoms.map(printAtom).join(',');
const extentOf = (atoms: readonly Atom[]): number => atoms.reduce((n, a) => n * a.extent, 1);

export function printLayout(l: Layout): string {
  const parts = l.dims.map((atoms) => (atoms.length === 0 ? '1' : `${extentOf(atoms)}=${printAtoms(atoms)}`));
  if (l.replicate.length > 0) parts.push(`rep ${printAtoms(l.replicate)}`);
  if (l.swizzle) parts.push(`xor ${l.swizzle.bits},${l.swizzle.base},${l.swizzle.shift}`);
  return parts.join(' | ');
}

/** What is wrong with a layout's text, and how far into it. */
export class LayoutTextError extends Error {
  override readonly name = 'LayoutTextError';
  readonly index: number;
  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

/** Reads what `printLayout` writes; throws `LayoutTextError`. */
export function parseLayout(text: string): Layout {
  const dims: Atom[][] = [];
  let replicate: readonly Atom[] = [];
  let swizzle: Layout['swizzle'];
  if (text.trim() === '') return { dims, replicate };
  let at = 0;
  for (const raw of text.split('|')) {
    const start = at + raw.length - raw.trimStart().length;
    const part = raw.trim();
    at += raw.length + 1;
    if (swizzle) throw new LayoutTextError('`xor` comes last', start);
    if (part.startsWith('xor')) {
      const m = /^xor\s+(\d+)\s*,\s*(\d+)\s*,\s*(\d+)$/.exec(part);
      if (!m) throw new LayoutTextError('a swizzle is `xor bits,base,shift`', start);
      swizzle = { bits: Number(m[1]), base: Number(m[2]), shift: Number(m[3]) };
    } else if (part.startsWith('rep')) {
      if (replicate.length > 0) throw new LayoutTextError('`rep` stands once', start);
      replicate = parseAtoms(part.slice(3), start + 3);
    } else {
      if (replicate.length > 0) throw new LayoutTextError('dimensions come before `rep`', start);
      dims.push(parseDim(part, start));
    }
  }
  return { dims, replicate, ...(swizzle ? { swizzle } : {}) };
}

function parseDim(part: string, start: number): Atom[] {
  if (part === '1') return [];
  const m = /^(\d+)\s*=/.exec(part);
  if (!m) throw new LayoutTextError('a dimension is `extent=atoms`, such as `16=2:r2,8:t4`', start);
  const atoms = parseAtoms(part.slice(m[0].length), start + m[0].length);
  if (extentOf(atoms) !== Number(m[1]))
    throw new LayoutTextError(`the atoms make ${extentOf(atoms)}, not ${m[1]}`, start);
  return atoms;
}

function parseAtoms(list: string, start: number): Atom[] {
  let at = start;
  return list.split(',').map((piece) => {
    const m = /^\s*(\d+)\s*:\s*([trm])(\d+)\s*$/.exec(piece);
    if (!m) throw new LayoutTextError('an atom is `extent:axis` and a stride, such as `8:t4` (axes t, r, m)', at);
    at += piece.length + 1;
    return { extent: Number(m[1]), axis: AXES[m[2]!]!, stride: Number(m[3]) };
  });
}
