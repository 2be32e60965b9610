/** Source maps, version 3: from lines of generated text to places in the user's files. */

export interface SourceMap {
  readonly version: 3;
  readonly file: string;
  readonly sourceRoot?: string;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** A generated position (from 0) and the user's (from 1), or that there is none. Positions must come in order. */
export interface Mapping {
  readonly line: number;
  readonly column: number;
  readonly origin?: { readonly source: string; readonly line: number; readonly column: number };
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function vlq(n: number): string {
  let rest = n < 0 ? (-n << 1) | 1 : n << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

export function sourceMap(file: string, mappings: readonly Mapping[], sourceRoot?: string): SourceMap {
  const sources: string[] = [];
  const lines: string[] = [];
  let [source, sourceLine, sourceColumn] = [0, 0, 0];
  let column = 0;
  let at = -1;
  for (const m of mappings) {
    while (at < m.line) {
      lines.push('');
      at++;
      column = 0;
    }
    const fields = [m.column - column];
    column = m.column;
    if (m.origin) {
      let index = sources.indexOf(m.origin.source);
      if (index < 0) index = sources.push(m.origin.source) - 1;
      const [line, start] = [m.origin.line - 1, m.origin.column - 1];
      fields.push(index - source, line - sourceLine, start - sourceColumn);
      [source, sourceLine, sourceColumn] = [index, line, start];
    }
    lines[at] += (lines[at] === '' ? '' : ',') + fields.map(vlq).join('');
  }
  const root = sourceRoot === undefined ? {} : { sourceRoot };
  // Node takes a last segment without an origin for one with, unless a separator follows.
  return { version: 3, file, ...root, sources, names: [], mappings: `${lines.join(';')};` };
}

export const inlineSourceMap = (map: SourceMap): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
