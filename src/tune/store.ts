/** Records on disk, one file each: written under another name and renamed, so that readers see all of one or none. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../runtime/cache/cache.ts';
import { markUsed } from '../runtime/cache/used.ts';
import type { RecordKey, TuneRecord } from './record.ts';

export interface Store {
  /** Undefined where there is no record, or none that can be read. */
  read(key: RecordKey): TuneRecord | undefined;
  /** Throws where it cannot be kept: what was measured must not be lost silently. */
  write(record: TuneRecord): void;
}

export class FileStore implements Store {
  readonly #folder: string;

  /** Default: `tune` in the cache folder. */
  constructor(folder: string = join(cacheFolder(), 'tune')) {
    this.#folder = folder;
  }

  pathOf({ op, shapeClass, gpu }: RecordKey): string {
    const sum = createHash('sha256').update([op, shapeClass, gpu].join('\0')).digest('hex').slice(0, 20);
    return join(this.#folder, `${op}.${sum}.json`);
  }

  read(key: RecordKey): TuneRecord | undefined {
    const path = this.pathOf(key);
    try {
      const record = JSON.parse(readFileSync(path, 'utf8')) as TuneRecord;
      const isIt =
        record.format === 1 && record.op === key.op && record.shapeClass === key.shapeClass && record.gpu === key.gpu;
      if (!isIt || !Array.isArray(record.measured) || !Array.isArray(record.rejected)) return undefined;
      markUsed(path);
      return record;
    } catch {
      return undefined;
    }
  }

  write(record: TuneRecord): void {
    const path = this.pathOf(record);
    const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
    mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(temporary, `${JSON.stringify(record, null, 1)}\n`);
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}
