import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { emptyRecord, type TuneRecord } from '../../src/tune/record.ts';
import { FileStore } from '../../src/tune/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'tilec-tune-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const key = { op: 'gemm', shapeClass: 'm~4096', gpu: 'NVIDIA H100' };
const record: TuneRecord = { ...emptyRecord(key), measured: [{ config: { BM: 64 }, ms: 1.25, program: 'p' }] };

test('what is written is read again, by key alone, and nothing else is left in the folder', () => {
  const store = new FileStore(join(folder, 'a'));
  expect(store.read(key)).toBeUndefined();
  store.write(record);
  expect(new FileStore(join(folder, 'a')).read(key)).toEqual(record);
  expect(store.read({ ...key, gpu: 'NVIDIA H200' })).toBeUndefined();
  expect(store.read({ ...key, shapeClass: 'm~1024' })).toBeUndefined();
  store.write({ ...record, complete: true });
  expect(store.read(key)?.complete).toBe(true);
  expect(readdirSync(join(folder, 'a'))).toHaveLength(1);
});

test('reading a record notes that it was used', () => {
  const store = new FileStore(join(folder, 'c'));
  store.write(record);
  utimesSync(store.pathOf(key), 1000, 1000);
  store.read(key);
  expect(Date.now() - statSync(store.pathOf(key)).mtimeMs).toBeLessThan(60_000);
});

test('a damaged or foreign file is no record', () => {
  const store = new FileStore(join(folder, 'b'));
  store.write(record);
  const path = store.pathOf(key);
  const text = readFileSync(path, 'utf8');
  for (const damaged of [text.slice(0, -20), '', '[]', 'null', text.replace('NVIDIA H100', 'NVIDIA A100')]) {
    writeFileSync(path, damaged);
    expect(store.read(key)).toBeUndefined();
  }
});

test('a folder that cannot be written is an error', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => new FileStore(join(folder, 'file', 'tune')).write(record)).toThrow(/ENOTDIR|EEXIST/);
});
