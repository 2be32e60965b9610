/** NVRTC's log, with the lines of the CUDA C that it speaks of and the places of the user's source noted there. */

const ERROR = /^\S*\((\d+)\): (?:catastrophic )?error\b.*$/;
/** The comments that the CUDA printer leaves: `// attention.ts:31`. */
const PLACE = /\/\/ (\S+\.[cm]?[jt]sx?:\d+)/;
const MAX_SHOWN = 5;

/** The text of an `NvrtcError`. */
export function explainLog(log: string, source: string, symbol: string): string {
  const lines = source.split('\n');
  const shown: string[] = [];
  for (const text of log.split('\n')) {
    const m = ERROR.exec(text.trim());
    if (!m) continue;
    const at = Number(m[1]);
    const place = placeOf(lines, at);
    shown.push(`${text.trim()}\n  ${at} | ${lines[at - 1]?.trim() ?? ''}${place ? `\n  from ${place}` : ''}`);
    if (shown.length === MAX_SHOWN) break;
  }
  return `NVRTC refused the CUDA C of ${symbol}:\n${shown.length > 0 ? shown.join('\n') : log.trim()}`;
}

/** The nearest place noted on the line or above it. */
function placeOf(lines: readonly string[], line: number): string | undefined {
  for (let i = line - 1; i >= 0; i--) {
    const m = PLACE.exec(lines[i] ?? '');
    if (m) return m[1];
  }
  return undefined;
}
