import { writeFileSync } from 'node:fs';
import { unwritable } from '../../diagnostics/messages/bench.ts';

/** Writes a file; a report that took minutes is not lost for a folder that is missing: that is told, nothing thrown. */
export function writeOut(path: string, text: string, tell: (text: string) => void): void {
  try {
    writeFileSync(path, text);
  } catch (e) {
    tell(unwritable(path, e instanceof Error ? e.message : String(e)));
  }
}
