import { utimesSync } from 'node:fs';

/** Notes that a file or folder of the cache was used now, which `tilec cache --prune` goes by. Where it may not, it does not. */
export function markUsed(path: string): void {
  try {
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
  } catch {
    // A folder that may only be read, or an entry that another process has just removed.
  }
}
