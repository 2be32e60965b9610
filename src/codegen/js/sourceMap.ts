/** Source maps, version 3: from lines of generated text to places in the user's files. */

export interface SourceMap {
  readonly version: 3;
  readonly file: string;
  readonly sourceRoot?: string;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** A generated position (from 0) and the user's (from 1). Positions must come in order. */
export interface Mapping {
  readonly line: number;
  readonly column: number;
  readonly source: string;
  readonly sourceLine: number;
  readonly sourceColumn: number;
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
    let index = sources.indexOf(m.source);
    if (index < 0) index = sources.push(m.source) - 1;
    const fields = [
      m.column - column,
      index - source,
      m.sourceLine - 1 - sourceLine,
      m.sourceColumn - 1 - sourceColumn,
    ].map(vlq);
    lines[at] += (lines[at] === '' ? '' : ',') + fields.join('');
    [column, source, sourceLine, sourceColumn] = [m.column, index, m.sourceLine - 1, m.sourceColumn - 1];
  }
  const root = sourceRoot === undefined ? {} : { sourceRoot };
  return { version: 3, file, ...root, sources, names: [], mappings: lines.join(';') };
}

export const inlineSourceMap = (map: SourceMap): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
