/** One file of the cache: a header of JSON, then the parts it names, then a checksum over all of it. */
import { createHash } from 'node:crypto';
import type { LaunchRecord } from '../record.ts';

export interface Entry {
  readonly record: LaunchRecord;
  readonly source: string;
  readonly ptx: string;
  readonly cubin: Uint8Array;
}

interface Header {
  readonly format: 1;
  readonly key: string;
  readonly record: LaunchRecord;
  /** Bytes of source, PTX and cubin, which follow in this order. */
  readonly lengths: readonly [source: number, ptx: number, cubin: number];
}

const MAGIC = 'tilec-cubin\n';
const SUM_BYTES = 32;

export function encodeEntry(key: string, entry: Entry): Buffer {
  const parts = [Buffer.from(entry.source), Buffer.from(entry.ptx), entry.cubin] as const;
  const header: Header = {
    format: 1,
    key,
    record: entry.record,
    lengths: [parts[0].length, parts[1].length, parts[2].length],
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const body = Buffer.concat([Buffer.from(MAGIC), length, json, ...parts]);
  return Buffer.concat([body, sum(body)]);
}

/** Undefined for anything but a whole entry of that key. */
export function decodeEntry(key: string, file: Buffer): Entry | undefined {
  const end = file.length - SUM_BYTES;
  if (end < MAGIC.length + 4 || file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  if (!sum(file.subarray(0, end)).equals(file.subarray(end))) return undefined;
  let at = MAGIC.length + 4;
  const take = (bytes: number): Buffer => {
    at += bytes;
    return file.subarray(at - bytes, at);
  };
  const header = JSON.parse(take(file.readUInt32LE(MAGIC.length)).toString()) as Header;
  if (header.format !== 1 || header.key !== key) return undefined;
  const [source, ptx, cubin] = header.lengths;
  return { record: header.record, source: take(source).toString(), ptx: take(ptx).toString(), cubin: take(cubin) };
}

const sum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
