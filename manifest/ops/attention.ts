/** Parameters and tensors that the attention operators share. */
import type { ParamEntry, TensorEntry } from '../schema.ts';

const FP8 = "cacheDtype == 'f8e4m3'";

export const headParams = {
  heads: { type: 'int', min: 1, doc: 'query heads' },
  headsKv: { type: 'int', min: 1, doc: 'key and value heads; divides `heads`' },
  dim: { type: 'int', min: 16, max: 256, doc: 'elements of a head' },
} as const satisfies Record<string, ParamEntry>;

export const cacheParams = {
  headsKv: headParams.headsKv,
  dim: headParams.dim,
  pageSize: { type: 'int', min: 1, doc: 'tokens of a page; a power of two' },
  dtype: { type: 'dtype', of: ['f16', 'bf16'], doc: 'of queries, new keys and values, and the result' },
  cacheDtype: {
    type: 'dtype',
    of: ['f16', 'bf16', 'f8e4m3'],
    default: 'dtype',
    doc: '`dtype`, or f8e4m3 with a scale each for K and V',
  },
} as const satisfies Record<string, ParamEntry>;

export const scoreParams = {
  // Bounds such that neither is 0 or infinite in f32, nor becomes so beside a score.
  smScale: { type: 'float', min: 1e-20, max: 1e21, default: '1 / sqrt(dim)', doc: 'factor of the scores' },
  softcap: { type: 'float', min: 0, max: 1e30, default: 0, doc: 'c: scores become c · tanh(score / c); 0 is off' },
} as const satisfies Record<string, ParamEntry>;

export const causalParam = {
  type: 'bool',
  default: true,
  doc: 'token i sees positions up to its own',
} as const satisfies ParamEntry;

export const rotaryParam = {
  type: 'int',
  min: 0,
  default: 0,
  doc: 'leading elements of a head that are rotated (NeoX halves); even; 0 is off',
} as const satisfies ParamEntry;

export const requiresHeads = {
  rule: 'heads % headsKv == 0',
  argument: 'headsKv',
  expected: 'a divisor of heads',
} as const;
export const requiresDim = { rule: 'dim % 16 == 0', argument: 'dim', expected: 'a multiple of 16' } as const;
export const requiresRotary = {
  rule: 'rotaryDim % 2 == 0 && rotaryDim <= dim',
  argument: 'rotaryDim',
  expected: 'even and at most dim',
} as const;
export const requiresCache = [
  { rule: 'isPowerOfTwo(pageSize)', argument: 'pageSize', expected: 'a power of two' },
  {
    rule: "cacheDtype == dtype || cacheDtype == 'f8e4m3'",
    argument: 'cacheDtype',
    expected: 'dtype or f8e4m3',
  },
] as const;
export const requiresSoftcap = {
  rule: 'softcap == 0 || softcap >= 1e-3',
  argument: 'softcap',
  expected: '0 or at least 0.001',
} as const;

const page = (what: string, role: 'in' | 'inout') =>
  ({
    dtype: 'cacheDtype',
    shape: ['numPages * pageSize', 'headsKv', 'dim'],
    role,
    fill: { kind: 'normal', scale: 0.5 },
    doc: `pages of ${what}${role === 'inout' ? '; the chunk is appended' : ''}`,
  }) as const satisfies TensorEntry;
const scale = (what: string) =>
  ({
    dtype: 'f32',
    shape: ['1'],
    role: 'in',
    when: FP8,
    fill: { kind: 'constant', value: 0.02 },
    doc: `scale of ${what} in an FP8 cache`,
  }) as const satisfies TensorEntry;

export const scales = { kScale: scale('K'), vScale: scale('V') } as const;
export const readPages = { kPages: page('keys', 'in'), vPages: page('values', 'in') } as const;
const writtenPages = { kPages: page('keys', 'inout'), vPages: page('values', 'inout') } as const;

const chunk = (what: string) =>
  ({
    dtype: 'dtype',
    shape: ['totalQ', 'headsKv', 'dim'],
    role: 'in',
    fill: { kind: 'normal', scale: 0.5 },
    doc: `new ${what}, packed by request`,
  }) as const satisfies TensorEntry;
const newKv = { kNew: chunk('keys'), vNew: chunk('values') } as const;

const cuSeqlensQ = {
  dtype: 'i32',
  shape: ['batch + 1'],
  role: 'in',
  fill: { kind: 'prefixSums', list: 'newLens' },
  doc: 'prefix sums of the chunk lengths',
} as const satisfies TensorEntry;

export const blockTable = (tokens: string) =>
  ({
    dtype: 'i32',
    shape: ['batch', 'maxPagesPerReq'],
    role: 'in',
    fill: { kind: 'pages', tokens },
    doc: 'logical page → physical page',
  }) as const satisfies TensorEntry;

const table = (of: 'cos' | 'sin') =>
  ({
    dtype: 'f32',
    shape: ['maxPosition', 'rotaryDim / 2'],
    role: 'in',
    when: 'rotaryDim > 0',
    fill: { kind: 'rotary', of },
    doc: `${of} of the rotary angles`,
  }) as const satisfies TensorEntry;
export const rotaryTables = { cos: table('cos'), sin: table('sin') } as const;

/** New tokens of each request, the cache they join, and where their positions are looked up. */
export const chunkTensors = {
  ...newKv,
  ...writtenPages,
  ...scales,
  cuSeqlensQ,
  cacheSeqlens: {
    dtype: 'i32',
    shape: ['batch'],
    role: 'in',
    fill: { kind: 'list', list: 'oldLens' },
    doc: 'tokens in the cache before the append',
  },
  blockTable: blockTable('newLens[b] + oldLens[b]'),
  ...rotaryTables,
} as const satisfies Record<string, TensorEntry>;
export const chunkSizes = {
  lists: { newLens: 'batch', oldLens: 'batch' },
  derived: {
    totalQ: 'sum(b < batch, newLens[b])',
    numPages: 'sum(b < batch, ceilDiv(newLens[b] + oldLens[b], pageSize))',
    maxPagesPerReq: 'largest(b < batch, ceilDiv(newLens[b] + oldLens[b], pageSize))',
    maxPosition: 'largest(b < batch, newLens[b] + oldLens[b])',
  },
} as const;
