/**
 * Every diagnostic of the language and of the passes: code that shows it, and a way out that compiles. Statements stand in
 * the kernel of `around` (test/frontend/define.ts); modules define a kernel `k`.
 */
export interface Case {
  readonly code: `TL${string}`;
  readonly source: string;
  /** What to write instead. */
  readonly fix?: string;
  readonly module?: boolean;
  /** For what only shows on the way to a target. Default: the frontend finds it. */
  readonly arch?: string;
}

const at = (code: Case['code'], source: string, fix?: string): Case => ({ code, source, fix });
const file = (code: Case['code'], source: string, fix?: string): Case => ({ code, source, fix, module: true });
const passes = (code: Case['code'], source: string, fix?: string): Case => ({ code, source, fix, arch: 'sm_80' });

const SMALL = 'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1]);\n  A[0] = ';
const small = (value: string, before = ''): string => `${before}${SMALL}${value};\n});`;

const pipelined = (k: string): string => `const k_ = ${k};
const k = kernel({ X: tensor(f16, [64, k_]), Y: tensor(f16, [64, 32]) }, ({ X, Y }) => {
  T.grid([1]);
  const x = T.shared(f16, [64, 32]);
  for (const j of T.Pipelined(T.ceilDiv(k_, 32), { numStages: 2 })) {
    T.copy(X.tile([0, j * 32], [64, 32]), x);
    T.copy(x, Y);
  }
});`;

export const CASES: readonly Case[] = [
  // Syntax and staging.
  at('TL0101', 'A[bx, 0] = 1', 'A[bx][0] = 1'),
  at('TL0102', 'switch (c) { case 1: A[bx][0] = 1 }', 'if (c === 1) A[bx][0] = 1'),
  at('TL0102', 'do { A[bx][0] += 1 } while (A[bx][0] < s)', 'A[bx][0] += 1; while (A[bx][0] < s) A[bx][0] += 1'),
  at('TL0102', 'for (const k in { a: 1 }) A[bx][0] = 1', 'for (const k of Object.keys({ a: 1 })) A[bx][0] = 1'),
  at('TL0102', 'try { A[bx][0] = 1 } catch {}', 'T.assert(s > 0); A[bx][0] = 1'),
  at('TL0102', 'outer: for (const i of T.serial(4)) { A[bx][i] = 1 }'),
  at('TL0102', 'var x = 1', 'const x = 1'),
  at('TL0102', 'class X {}'),
  at('TL0102', 'debugger', 'T.print("s {}", s)'),
  at('TL0102', 'const x = new Float32Array(4)'),
  at('TL0102', 'let x: f32 = 0; A[bx][0] = (x = 1)', 'let x: f32 = 0; x = 1; A[bx][0] = x'),
  at('TL0102', 'let i: i32 = 0; A[bx][i++] = 1', 'let i: i32 = 0; A[bx][i] = 1; i++'),
  at('TL0102', 'let p: f32 = 0, q: f32 = s; [p, q] = [q, p]', 'let p: f32 = 0, q: f32 = s; const t = p; p = q; q = t'),
  at('TL0102', 'A[bx][0] = /a/.test("a") ? 1 : 0'),
  at('TL0102', 'if (s > 0) throw new Error("negative")', 'T.assert(s <= 0, "negative")'),
  file('TL0103', `let scale = 1;\nscale = 2;\n${small('scale')}`, `const scale = 2;\n${small('scale')}`),
  at('TL0104', 'const scale = s * 2; A[bx][0] = sclae', 'const scale = s * 2; A[bx][0] = scale'),
  at(
    'TL0105',
    'let last = 0; if (s > 0) last = 1; I[bx] = last',
    'let last: i32 = 0; if (s > 0) last = 1; I[bx] = last',
  ),
  at('TL0106', 'const x = s; x = 2', 'let x: f32 = s; x = 2'),
  file(
    'TL0107',
    `const half = (x: number) => x / 2;\n${small('half(A[1])')}`,
    `const half = macro((x: number) => x / 2);\n${small('half(A[1])')}`,
  ),
  file('TL0108', `const f = macro((x: number): number => x * f(x - 1));\n${small('f(A[1])')}`),
  at('TL0109', 'if (c == 1) A[bx][0] = 1', 'if (c === 1) A[bx][0] = 1'),
  at('TL0110', 'let sum = 0; sum += s; A[bx][0] = sum', 'let sum: f32 = 0; sum += s; A[bx][0] = sum'),
  at(
    'TL0111',
    'A[bx][0] = [1, 2, 3][c]',
    'const t = T.local(f32, [3]); for (const i of [0, 1, 2]) t[i] = i + 1; A[bx][0] = t[c]',
  ),
  file(
    'TL0112',
    `const relu = macro((x: number): number => {\n  if (x > 0) return x;\n  return 0;\n});\n${small('relu(A[1])')}`,
    `const relu = macro((x: number): number => (x > 0 ? x : 0));\n${small('relu(A[1])')}`,
  ),
  file(
    'TL0113',
    `const table = undefined as unknown as number[];\n${small('table[0]')}`,
    `const table = [1, 2];\n${small('table[0]')}`,
  ),
  at('TL0115', 'for (let i = 0; i < 100000; i++) A[i][0] = 1', 'for (const i of T.serial(100000)) A[i][0] = 1'),
  at('TL0116', 'T.serial(4)', 'for (const i of T.serial(4)) A[bx][i] = 1'),
  at(
    'TL0117',
    'const set = (x: number) => { A[bx][0] = x; return x }; A[bx][1] = s > 0 ? set(1) : 0',
    'if (s > 0) { A[bx][0] = 1; A[bx][1] = 1 } else A[bx][1] = 0',
  ),
  at(
    'TL0118',
    'for (const i of [1, 2, 3]) if (A[bx][i] > 0) break',
    'for (const i of T.serial(1, 4)) if (A[bx][i] > 0) break',
  ),
  at('TL0119', 'const t = [1, 2]; t[0] = 3', 'const t = T.local(f32, [2]); t[0] = 3'),
  at('TL0120', 'T.assert(64 % 48 === 0, "the tile divides the row")'),
  at('TL0121', 'if (64 % 48 !== 0) throw new Error("the tile does not divide the row")'),
  file(
    'TL0122',
    `let calls = 0;\nconst k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1]);\n  calls += 1;\n});`,
  ),
  at('TL0123', 'return s', 'A[bx][0] = s'),
  at('TL0124', 'for (let i = c; i > 0; i--) A[bx][i] = 1', 'let i: i32 = c; while (i > 0) { A[bx][i] = 1; i-- }'),
  at('TL0125', 'A(bx)', 'A[bx][0] = 1'),
  at('TL0126', 'const [x] = s', 'const [x] = [s]'),
  at('TL0127', 'const { x } = null', 'const { x } = { x: 1 }'),
  file(
    'TL0128',
    `const options = {};\n${small('options.scale * 2')}`,
    `const options = { scale: 3 };\n${small('options.scale * 2')}`,
  ),
  at('TL0129', 'const at = T.atomicAdd(I[0], 1); I[1] = at', 'T.atomicAdd(I[0], 1); I[1] = bx'),
  at('TL0130', 'A[bx][0] = Math.random()', 'A[bx][0] = s'),

  // Capture.
  at('TL0191', 'A[bx][0] = this.scale'),
  at('TL0192', 'A[bx][0] = arguments.length'),

  // Dtypes.
  at('TL0201', 'I[bx] = c / 2', 'I[bx] = T.floorDiv(c, 2)'),
  at('TL0202', 'A[bx][0] = s + c', 'A[bx][0] = s + f32(c)'),
  at('TL0203', 'I[bx] = c * 0.5', 'I[bx] = i32(f32(c) * 0.5)'),
  at('TL0204', 'H[bx][0] = A[bx][0]', 'H[bx][0] = f16(A[bx][0])'),
  at('TL0205', 'A[bx][0] = Math.hypot(s, s)', 'A[bx][0] = Math.sqrt(s * s + s * s)'),
  at('TL0206', 'I[bx] = T.exp(c)', 'A[bx][0] = T.exp(f32(c))'),
  at('TL0207', 'A[bx][0] = s << 1', 'A[bx][0] = s * 2'),
  at('TL0208', 'if (c) A[bx][0] = 1', 'if (c !== 0) A[bx][0] = 1'),
  at(
    'TL0209',
    'const a = T.shared(f16, [64, 64]), b = T.shared(bf16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true })',
    'const a = T.shared(f16, [64, 64]), b = T.shared(f16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true })',
  ),
  at('TL0210', 'I[bx] = T.bitcast(i32, H[bx][0])', 'I[bx] = T.bitcast(i32, s)'),
  at('TL0211', 'D[bx] = 256', 'D[bx] = 255'),
  at(
    'TL0212',
    'const t = T.shared(f32, [64]);\nT.copy(P.tile([0], [64]), t)',
    'const t = T.shared(f32, [64]);\nfor (const [i] of T.Parallel(64)) t[i] = P[i] ? 1 : 0',
  ),
  at('TL0213', 'A[bx][0] = s + "1"', 'A[bx][0] = s + 1'),

  // The grid and tiles.
  file(
    'TL0301',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {});',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1]);\n});',
  ),
  at('TL0302', 'const [by] = T.grid([n])'),
  file(
    'TL0303',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1], { threads: 100 });\n});',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1], { threads: 128 });\n});',
  ),
  file('TL0304', 'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1, 2, 3, 4]);\n});'),
  at('TL0305', 'const t = T.shared(f32, [c, 64])', 'const t = T.shared(f32, [128, 64])'),
  at(
    'TL0306',
    'const t = T.shared(f32, [32]);\nT.copy(A.tile([bx, 0], [64]), t)',
    'const t = T.shared(f32, [64]);\nT.copy(A.tile([bx, 0], [64]), t)',
  ),
  at(
    'TL0307',
    'const a = T.shared(f16, [64, 32]), b = T.shared(f16, [64, 32]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true })',
    'const a = T.shared(f16, [64, 32]), b = T.shared(f16, [64, 32]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true, transposeB: true })',
  ),
  at('TL0308', 'const a = T.shared(f16, [64, 64]), acc = T.shared(f32, [64, 64]);\nT.gemm(a, a, acc, { clear: true })'),
  at(
    'TL0309',
    'const f = T.fragment(f32, [32, 64]), r = T.fragment(f32, [64]);\nT.clear(f);\nT.reduceSum(f, r, { dim: 1 })',
    'const f = T.fragment(f32, [32, 64]), r = T.fragment(f32, [64]);\nT.clear(f);\nT.reduceSum(f, r, { dim: 0 })',
  ),
  at(
    'TL0310',
    'const f = T.fragment(f32, [32, 64]), r = T.fragment(f32, [32]);\nT.clear(f);\nT.reduceMax(f, r, { dim: 2 })',
  ),
  at('TL0311', 'T.clear(A.tile([bx], [64]))', 'T.clear(A.tile([bx, 0], [64]))'),
  at(
    'TL0312',
    'const t = T.shared(f32, [32, 64]);\nT.clear(t.tile([0, 0], [64, 64]))',
    'const t = T.shared(f32, [32, 64]);\nT.clear(t.tile([0, 0], [32, 64]))',
  ),
  at('TL0313', 'A[bx][64] = 1', 'A[bx][63] = 1'),
  at(
    'TL0335',
    'const t = T.shared(f32, [64]);\nfor (const [i] of T.Parallel(65)) t[i] = 1',
    'const t = T.shared(f32, [64]);\nfor (const [i] of T.Parallel(65)) if (i < 64) t[i] = 1',
  ),
  at(
    'TL0335',
    'const t = T.shared(f32, [64]);\nT.clear(t);\nfor (const k of T.serial(0, 64, 16)) for (const [i] of T.Parallel(16)) A[k + i][0] = t[k + i + 1]',
    'const t = T.shared(f32, [65]);\nT.clear(t);\nfor (const k of T.serial(0, 64, 16)) for (const [i] of T.Parallel(16)) A[k + i][0] = t[k + i + 1]',
  ),
  at('TL0314', 'I[bx][0] = 1', 'I[bx] = 1'),
  at('TL0315', 'A[bx][0] = A.length', 'I[bx] = A.shape[0]'),
  at('TL0315', 'const t = T.alloc_shared([64], f32)', 'const t = T.shared(f32, [64])'),
  at(
    'TL0336',
    'const a = T.shared(f32, [8, 64]), b = T.shared(f32, [8, 64]), sum = T.shared(f32, [8, 64]);\nT.clear(a); T.clear(b);\nT.copy(a + b, sum)',
    'const a = T.shared(f32, [8, 64]), b = T.shared(f32, [8, 64]), sum = T.shared(f32, [8, 64]);\nT.clear(a); T.clear(b);\nfor (const [i, j] of T.Parallel(8, 64)) sum[i][j] = a[i][j] + b[i][j]',
  ),
  at('TL0316', 'const t = T.shared(f32, [64]);\nt = A[bx]', 'const t = T.shared(f32, [64]);\nT.copy(A[bx], t)'),
  at(
    'TL0317',
    'const f = T.fragment(f32, [64]);\nfor (const [i] of T.Parallel(64)) f[i] += 1',
    'const f = T.fragment(f32, [64]);\nT.clear(f);\nfor (const [i] of T.Parallel(64)) f[i] += 1',
  ),
  at('TL0318', 'T.clear(s)', 'A[bx][0] = 0'),
  at('TL0319', 'T.atomicAdd(s, 1)', 'T.atomicAdd(A[bx][0], s)'),
  at(
    'TL0320',
    'const f = T.fragment(f32, [64]);\nT.clear(f);\nfor (const [i] of T.Parallel(64)) T.atomicAdd(f[i], 1)',
    'const t = T.shared(f32, [64]);\nT.clear(t);\nfor (const [i] of T.Parallel(64)) T.atomicAdd(t[i], 1)',
  ),
  at(
    'TL0321',
    'for (const i of T.Pipelined(c, { numStages: 0 })) A[bx][i] = 1',
    'for (const i of T.Pipelined(c, { numStages: 2 })) A[bx][i] = 1',
  ),
  at('TL0322', 'const t = T.shared(f32)', 'const t = T.shared(f32, [64])'),
  at(
    'TL0323',
    'for (const i of T.Pipelined(c, { num_stages: 2 })) A[bx][i] = 1',
    'for (const i of T.Pipelined(c, { numStages: 2 })) A[bx][i] = 1',
  ),
  at('TL0324', 'A[bx][0] = T.exp(s, 2)', 'A[bx][0] = T.exp(s * 2)'),
  at('TL0325', 'for (const i of T.serial(0, c, 0)) A[bx][i] = 1', 'for (const i of T.serial(0, c, 1)) A[bx][i] = 1'),
  file(
    'TL0326',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  A[0] = 1;\n  T.grid([1]);\n});',
    'const k = kernel({ A: tensor(f32, [64]) }, ({ A }) => {\n  T.grid([1]);\n  A[0] = 1;\n});',
  ),
  file(
    'TL0327',
    "const n = dim('n'), rows = dim('rows');\nconst k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {\n  const [bx] = T.grid([rows]);\n  A[bx] = 1;\n});",
    "const n = dim('n');\nconst k = kernel({ A: tensor(f32, [n]) }, ({ A }) => {\n  const [bx] = T.grid([n]);\n  A[bx] = 1;\n});",
  ),
  file(
    'TL0328',
    "const n = dim('n');\nconst k = kernel({ A: tensor(f32, [n]), n: scalar(i32) }, ({ A }) => {\n  T.grid([1]);\n});",
    "const n = dim('n');\nconst k = kernel({ A: tensor(f32, [n]), count: scalar(i32) }, ({ A }) => {\n  T.grid([1]);\n});",
  ),
  at('TL0329', "const t = T.shared('f32', [64])", 'const t = T.shared(f32, [64])'),
  file(
    'TL0330',
    'const k = kernel({ A: tensor(i32, [64]) }, ({ A }) => {\n  T.grid([A[0]]);\n});',
    'const k = kernel({ A: tensor(i32, [64]), blocks: scalar(i32) }, ({ A, blocks }) => {\n  T.grid([blocks]);\n});',
  ),
  at('TL0331', 'T.print("{} of {}", c)', 'T.print("{} of {}", c, n)'),
  at(
    'TL0332',
    'const b = T.shared(f16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(b);\nT.gemm(H.tile([bx, 0], [64, 64]), b, acc, { clear: true })',
    'const a = T.shared(f16, [64, 64]), b = T.shared(f16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(b);\nT.copy(H.tile([bx, 0], [64, 64]), a);\nT.gemm(a, b, acc, { clear: true })',
  ),
  at(
    'TL0333',
    'const f = T.fragment(i32, [32, 64]), r = T.fragment(f32, [32]);\nT.clear(f);\nT.reduceSum(f, r, { dim: 1 })',
    'const f = T.fragment(i32, [32, 64]), r = T.fragment(i32, [32]);\nT.clear(f);\nT.reduceSum(f, r, { dim: 1 })',
  ),
  at(
    'TL0334',
    'const r = T.fragment(f32, [1]);\nT.reduceSum(A.tile([bx, 0], [64]), r, { dim: 0 })',
    'const t = T.fragment(f32, [64]), r = T.fragment(f32, [1]);\nT.copy(A.tile([bx, 0], [64]), t);\nT.reduceSum(t, r, { dim: 0 })',
  ),

  // T.Parallel.
  at(
    'TL0401',
    'for (const [i, j] of T.Parallel(8, 64)) A[i][0] += B[i][j]',
    'for (const [i, j] of T.Parallel(8, 64)) T.atomicAdd(A[i][0], B[i][j])',
  ),
  at(
    'TL0402',
    'const t = T.shared(f32, [65]);\nT.clear(t);\nfor (const [i] of T.Parallel(64)) t[i] = t[i + 1]',
    'const t = T.shared(f32, [65]), u = T.shared(f32, [65]);\nT.clear(t);\nfor (const [i] of T.Parallel(64)) u[i] = t[i + 1]',
  ),
  at('TL0403', 'for (const [i] of T.Parallel(c)) I[i] = 1', 'for (const i of T.serial(c)) I[i] = 1'),
  at('TL0404', 'for (const [i] of T.Parallel(8, 64)) I[i] = 1', 'for (const [i, j] of T.Parallel(8, 64)) A[i][j] = 1'),
  at(
    'TL0405',
    'const t = T.shared(f32, [64]);\nfor (const [i] of T.Parallel(8)) T.copy(A[i], t)',
    'const t = T.shared(f32, [8, 64]);\nT.copy(A.tile([0, 0], [8, 64]), t)',
  ),
  at(
    'TL0406',
    'for (const [i] of T.Parallel(64)) { if (I[i] === 0) continue; A[i][0] = 1 }',
    'for (const [i] of T.Parallel(64)) if (I[i] !== 0) A[i][0] = 1',
  ),
  at(
    'TL0407',
    'let sum: f32 = 0; for (const [i] of T.Parallel(64)) sum += A[bx][i]',
    'const t = T.fragment(f32, [64]), sum = T.fragment(f32, [1]); T.copy(A[bx], t); T.reduceSum(t, sum, { dim: 0 })',
  ),
  at(
    'TL0408',
    'for (const [i] of T.Parallel(8)) for (const [j] of T.Parallel(64)) A[i][j] = 1',
    'for (const [i, j] of T.Parallel(8, 64)) A[i][j] = 1',
  ),
  at(
    'TL0409',
    'for (const [i, j] of T.Parallel(8, 8)) I[i + j] = 1',
    'for (const [i, j] of T.Parallel(8, 8)) I[i * 8 + j] = 1',
  ),
  at('TL0410', 'for (const i of T.Parallel(64)) A[bx][i] = 1', 'for (const [i] of T.Parallel(64)) A[bx][i] = 1'),

  // Passes.
  passes(
    'TL0501',
    'const a = T.shared(f16, [64, 64]), x = T.fragment(f32, [64, 64]), y = T.fragment(f32, [64, 64]);\nT.clear(a);\nT.gemm(a, a, x, { clear: true });\nT.gemm(a, a, y, { clear: true });\nfor (const [i, j] of T.Parallel(64, 64)) x[i][j] += y[j][i]',
    'const a = T.shared(f16, [64, 64]), x = T.fragment(f32, [64, 64]), y = T.fragment(f32, [64, 64]), t = T.shared(f32, [64, 64]);\nT.clear(a);\nT.gemm(a, a, x, { clear: true });\nT.gemm(a, a, y, { clear: true });\nT.copy(y, t);\nfor (const [i, j] of T.Parallel(64, 64)) x[i][j] += t[j][i]',
  ),
  passes(
    'TL0502',
    'const f = T.fragment(f32, [32, 64]);\nT.clear(f);\nT.copy(f.tile([0, 0], [16, 64]), A.tile([bx, 0], [16, 64]))',
    'const f = T.shared(f32, [32, 64]);\nT.clear(f);\nT.copy(f.tile([0, 0], [16, 64]), A.tile([bx, 0], [16, 64]))',
  ),
  passes(
    'TL0503',
    'const f = T.fragment(f32, [64]);\nT.copy(A[bx], f);\nA[bx][0] = f[3]',
    'const t = T.shared(f32, [64]);\nT.copy(A[bx], t);\nA[bx][0] = t[3]',
  ),
  passes(
    'TL0504',
    'const a = T.shared(f16, [64, 64]), b = T.fragment(f16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true })',
    'const a = T.shared(f16, [64, 64]), b = T.shared(f16, [64, 64]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nT.gemm(a, b, acc, { clear: true })',
  ),
  passes(
    'TL0601',
    'const a = T.shared(f32, [256, 128]), b = T.shared(f32, [128, 128]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nfor (const [i, j] of T.Parallel(64, 64)) A[i][j] = a[i][j] + b[i][j]',
    'const a = T.shared(f16, [256, 128]), b = T.shared(f16, [128, 128]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(b);\nfor (const [i, j] of T.Parallel(64, 64)) A[i][j] = f32(a[i][j] + b[i][j])',
  ),
  { code: 'TL0701', source: 'A[bx][0] = 1', arch: 'sm_70' },

  // What is right and slower than it looks.
  passes(
    'TL0711',
    'const a = T.shared(f16, [64, 40]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(acc);\nT.gemm(a, a, acc, { transposeB: true })',
    'const a = T.shared(f16, [64, 48]), acc = T.fragment(f32, [64, 64]);\nT.clear(a); T.clear(acc);\nT.gemm(a, a, acc, { transposeB: true })',
  ),
  passes(
    'TL0712',
    'const f = T.fragment(f32, [128, 512]);\nT.clear(f);\nT.copy(f, A.tile([0, 0], [128, 512]))',
    'const f = T.fragment(f32, [128, 128]);\nT.clear(f);\nT.copy(f, A.tile([0, 0], [128, 128]))',
  ),
  {
    code: 'TL0713',
    arch: 'sm_80',
    module: true,
    source: pipelined("dim('k')"),
    fix: pipelined("dim('k', { multipleOf: 8 })"),
  },
];
