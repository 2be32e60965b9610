/** When attention takes blocks of few rows. */
import { describe, expect, it } from 'vitest';
import { prefersFew, RowTiles } from '../../src/ops/rowTiles.ts';
import { cpu } from '../../src/runtime/cpu-device.ts';
import { Device } from '../../src/runtime/device.ts';

const H100 = 132;

describe('blocks of 64 rows, where that was found faster on an H100', () => {
  it.each([
    [1, 512, 32, true],
    [1, 256, 32, true],
    [1, 64, 32, true],
    [8, 64, 32, true],
    [32, 16, 32, true],
    [4, 128, 32, true],
    [4, 512, 8, true],
    [8, 512, 32, false],
    [4, 1024, 32, false],
    [8, 2048, 32, false],
    [8, 580, 32, false],
  ])('%d requests of %d rows, %d heads: %s', (requests, each, heads, few) => {
    expect(prefersFew({ rows: requests * each, requests, heads }, H100)).toBe(few);
  });
});

describe('the kernels of a device', () => {
  const gpu = (sharedBytesPerBlock: number): Device =>
    Object.create(Device.prototype, {
      sharedBytesPerBlock: { value: sharedBytesPerBlock },
      multiprocessors: { value: H100 },
    }) as Device;
  const load = (rows: number) => ({ rows, requests: 1, heads: 32 });
  const made = (dim = 128, chosen = {}) => new RowTiles((tiles) => JSON.stringify(tiles), dim, chosen);

  it('two on a GPU, each made once', () => {
    const tiles = made();
    expect(tiles.for(load(8192), gpu(227 * 1024))).toBe('{}');
    expect(tiles.for(load(100), gpu(227 * 1024))).toBe('{"BM":64}');
    expect(tiles.on(gpu(227 * 1024))).toBe(tiles.on(gpu(227 * 1024)));
  });
  it('made to fit GPUs with less shared memory', () => {
    expect(made().on(gpu(99 * 1024))).toEqual({
      many: '{"sharedBytes":101376}',
      few: '{"sharedBytes":101376,"BM":64}',
    });
  });
  it('one on the CPU, for long heads, and where the user has chosen', () => {
    expect(made().on(cpu)).toEqual({ many: '{}', few: '{}' });
    expect(made(256).on(gpu(227 * 1024))).toEqual({ many: '{}', few: '{}' });
    expect(made(128, { BM: 32 }).for(load(100), gpu(227 * 1024))).toBe('{"BM":32}');
  });
});
