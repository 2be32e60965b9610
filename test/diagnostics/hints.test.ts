// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources are template strings themselves
/** Mistakes that beginners make, or bring along from other languages: what is said, what is marked, and the way out. */
import { describe, expect, test } from 'vitest';
import { shown } from './shown.ts';

const says = (rows: readonly (readonly [source: string, lines: readonly string[]])[]): void => {
  test.each(rows)('%s', (source, lines) => {
    expect(shown(source)).toEqual(lines);
  });
};

describe('an index that leaves its dimension', () => {
  says([
    [
      'const a = T.shared(f32, [64]);\nfor (const [i] of T.Parallel(65)) a[i] = 1',
      [
        'error TL0335: the index goes from 0 to 64, but dimension 0 of `a` has 64 elements',
        '> for (const [i] of T.Parallel(65)) a[i] = 1',
        '                                      ^',
        'note: `i` goes from 0 to 64 here',
        '> for (const [i] of T.Parallel(65)) a[i] = 1',
        '                    ^^^^^^^^^^^^^^',
        'hint: end the loop where the dimension ends, or guard the access with `if`',
      ],
    ],
    [
      'for (const i of T.serial(1, 33)) for (const [j] of T.Parallel(2)) A[bx][2 * i + j] = 1',
      [
        'error TL0335: the index goes from 2 to 65, but dimension 1 of `A` has 64 elements',
        '> for (const i of T.serial(1, 33)) for (const [j] of T.Parallel(2)) A[bx][2 * i + j] = 1',
        '                                                                          ^^^^^^^^^',
        'note: `i` goes from 1 to 32 here',
        '> for (const i of T.serial(1, 33)) for (const [j] of T.Parallel(2)) A[bx][2 * i + j] = 1',
        '                  ^^^^^^^^^^^^^^^',
        'note: `j` goes from 0 to 1 here',
        '> for (const i of T.serial(1, 33)) for (const [j] of T.Parallel(2)) A[bx][2 * i + j] = 1',
        '                                                     ^^^^^^^^^^^^^',
        'hint: end the loop where the dimension ends, or guard the access with `if`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]);\nfor (const k of T.serial(5)) T.clear(a.tile([k * 16], [16]))',
      [
        'error TL0335: the index goes from 0 to 79, but dimension 0 of `a` has 64 elements',
        '> for (const k of T.serial(5)) T.clear(a.tile([k * 16], [16]))',
        '                                               ^^^^^^',
        'note: `k` goes from 0 to 4 here',
        '> for (const k of T.serial(5)) T.clear(a.tile([k * 16], [16]))',
        '                  ^^^^^^^^^^^',
        'hint: end the loop where the dimension ends, or guard the access with `if`',
      ],
    ],
  ]);
});

describe('what is undefined on the host', () => {
  says([
    [
      'const o: any = {};\nI[bx] = o.missing',
      [
        'error TL0128: `o.missing` is undefined, and stands where a number is needed',
        '> I[bx] = o.missing',
        '          ^^^^^^^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'I[bx] = [1, 2][5]!',
      [
        'error TL0128: `[1, 2][5]` is undefined, and stands where a number is needed',
        '> I[bx] = [1, 2][5]!',
        '          ^^^^^^^^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[bx][0] = A[bx][1] * o.scale',
      [
        'error TL0128: `o.scale` is undefined, and stands where a number is needed',
        '> A[bx][0] = A[bx][1] * o.scale',
        '                        ^^^^^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[bx][0] = Math.sqrt(-1) + o.x * 2',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> A[bx][0] = Math.sqrt(-1) + o.x * 2',
        '                             ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nlet x: f32 = o.x',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> let x: f32 = o.x',
        '               ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[bx][0] = Math.max(o.x, 2)',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> A[bx][0] = Math.max(o.x, 2)',
        '                      ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[bx][0] = -o.x',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> A[bx][0] = -o.x',
        '              ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[bx][0] = s > 0 ? o.x : 1',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> A[bx][0] = s > 0 ? o.x : 1',
        '                     ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'const o: any = {};\nA[o.x][0] = 1',
      [
        'error TL0128: `o.x` is undefined, and stands where a number is needed',
        '> A[o.x][0] = 1',
        '    ^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
    [
      'T.fill(A.tile([bx, 0], [64]), null as any)',
      [
        'error TL0128: this is null, and stands where a number is needed',
        '> T.fill(A.tile([bx, 0], [64]), null as any)',
        '                                ^^^^^^^^^^^',
        'hint: it is a value of the host, read while compiling: give it one, or a default with `??`',
      ],
    ],
  ]);
});

describe('statements that give nothing', () => {
  says([
    [
      'const p: any = T.atomicAdd(I[0], 1);\nI[1] = p',
      [
        'error TL0129: T.atomicAdd gives nothing, and stands where a number is needed',
        '> I[1] = p',
        '         ^',
        'hint: atomics do not return the old value; where iterations need places of their own, make those of their indices',
      ],
    ],
    [
      'const p: any = T.clear(A.tile([bx, 0], [64]));\nA[bx][0] = p * 2',
      [
        'error TL0129: T.clear gives nothing, and stands where a number is needed',
        '> A[bx][0] = p * 2',
        '             ^',
        'hint: it is a statement: what it makes is in its destination',
      ],
    ],
  ]);
});

describe('tiles where elements are meant', () => {
  says([
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst sum = (a as any) + b',
      [
        'error TL0336: `+` works on elements, but shared tile `a` stands here whole',
        '> const sum = (a as any) + b',
        '              ^^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = a[i] + b[i]`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst twice = 2 * (a as any)',
      [
        'error TL0336: `*` works on elements, but shared tile `a` stands here whole',
        '> const twice = 2 * (a as any)',
        '                ^^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = 2 * a[i]`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst x = T.exp(a as any)',
      [
        'error TL0336: T.exp works on elements, but shared tile `a` stands here whole',
        '> const x = T.exp(a as any)',
        '            ^^^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = T.exp(a[i])`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst x = Math.exp(a as any)',
      [
        'error TL0336: T.exp works on elements, but shared tile `a` stands here whole',
        '> const x = Math.exp(a as any)',
        '            ^^^^^^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = T.exp(a[i])`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst x = -(a as any)',
      [
        'error TL0336: `-` works on elements, but shared tile `a` stands here whole',
        '> const x = -(a as any)',
        '            ^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = -a[i]`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst x = f16(a as any)',
      [
        'error TL0336: `f16(…)` works on elements, but shared tile `a` stands here whole',
        '> const x = f16(a as any)',
        '            ^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = f16(a[i])`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nif ((a as any) === b) I[bx] = 1',
      [
        'error TL0336: `===` works on elements, but shared tile `a` stands here whole',
        '> if ((a as any) === b) I[bx] = 1',
        '      ^^^^^^^^^^^^^^^^',
        'hint: write `for (const [i] of T.Parallel(64)) … = a[i] === b[i]`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst x = (a.tile([0], [32]) as any) * 2',
      [
        'error TL0336: `*` works on elements, but a region of `a` stands here whole',
        '> const x = (a.tile([0], [32]) as any) * 2',
        '            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        'hint: write T.Parallel, and the operation on its elements',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst [p, q] = a',
      [
        'error TL0126: shared tile `a` cannot be taken apart as a list',
        '> const [p, q] = a',
        '        ^^^^^^',
        'hint: its elements are `a[i]`, parts of it `a.tile(origin, extent)`, its sizes `a.shape`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst t = s > 0 ? a : b',
      [
        'error TL0213: shared tile `a` stands where a number is needed',
        '> const t = s > 0 ? a : b',
        '                    ^',
        'hint: tiles are not chosen between while the kernel runs: choose elements in T.Parallel, or use `if` around what works on each',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst t = T.select(s > 0, a, b)',
      [
        'error TL0213: shared tile `a` stands where a number is needed',
        '> const t = T.select(s > 0, a, b)',
        '                            ^',
        'hint: tiles are not chosen between while the kernel runs: choose elements in T.Parallel, or use `if` around what works on each',
      ],
    ],
  ]);
});

describe('what is needed while compiling', () => {
  says([
    [
      'I[bx] = [1, 2, 3][c]',
      [
        'error TL0111: an index into a host array needs a value known while compiling, but this one is only known on the device',
        '> I[bx] = [1, 2, 3][c]',
        '                    ^',
        'hint: put the values into a T.local or T.shared tile, or choose with T.select',
      ],
    ],
    [
      'for (const i of T.Pipelined(4, { numStages: c })) A[bx][i] = 1',
      [
        'error TL0111: option `numStages` of T.Pipelined needs a value known while compiling, but this one is only known on the device',
        '> for (const i of T.Pipelined(4, { numStages: c })) A[bx][i] = 1',
        '                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        'hint: make it a constant, or an option of the function that makes the kernel',
      ],
    ],
    [
      'const t = `v ${bx}`',
      [
        'error TL0111: a template string needs a value known while compiling, but this one is only known on the device',
        '> const t = `v ${bx}`',
        '                 ^^',
        "hint: strings are made while compiling; `T.print('x {}', x)` prints values of the device",
      ],
    ],
    [
      'T.print(`v ${bx} of ${n}`)',
      [
        'error TL0111: a template string needs a value known while compiling, but this one is only known on the device',
        '> T.print(`v ${bx} of ${n}`)',
        '          ^^^^^^^^^^^^^^^^^',
        "hint: write `T.print('v {} of {}', bx, n)`",
      ],
    ],
    [
      'const list = [1, 2].filter(() => s > 0)',
      [
        'error TL0111: the condition of filter needs a value known while compiling, but this one is only known on the device',
        '> const list = [1, 2].filter(() => s > 0)',
        '               ^^^^^^^^^^^^^^^^^^^^^^^^^^',
        "hint: elements, dims, scalar parameters, block indices and the variables of T's loops are known when the kernel runs",
      ],
    ],
  ]);
});

describe('values that change from call to call', () => {
  says([
    [
      'A[bx][0] = Math.random()',
      [
        'error TL0130: `Math.random()` is evaluated once, while the kernel is compiled, and its value would stay in it',
        '> A[bx][0] = Math.random()',
        '             ^^^^^^^^^^^^^',
        'hint: call it where the kernel is called, and pass the value as a scalar parameter',
      ],
    ],
    [
      'L[bx] = Date.now()',
      [
        'error TL0130: `Date.now()` is evaluated once, while the kernel is compiled, and its value would stay in it',
        '> L[bx] = Date.now()',
        '          ^^^^^^^^^^',
        'hint: call it where the kernel is called, and pass the value as a scalar parameter',
      ],
    ],
    [
      'A[bx][0] = performance.now()',
      [
        'error TL0130: `performance.now()` is evaluated once, while the kernel is compiled, and its value would stay in it',
        '> A[bx][0] = performance.now()',
        '             ^^^^^^^^^^^^^^^^^',
        'hint: call it where the kernel is called, and pass the value as a scalar parameter',
      ],
    ],
  ]);
});

describe('lists and objects that would change', () => {
  says([
    [
      'const l: number[] = [];\nfor (const i of [1, 2]) l.push(i)',
      [
        'error TL0119: objects and arrays of the host cannot be changed by a kernel',
        '> for (const i of [1, 2]) l.push(i)',
        '                          ^^^^^^^^^',
        'hint: make a new list: `[...list, x]`, or with `map` and `flatMap` where a loop would add to it',
      ],
    ],
    [
      'const l = [2, 1];\nconst r = l.sort()',
      [
        'error TL0119: objects and arrays of the host cannot be changed by a kernel',
        '> const r = l.sort()',
        '            ^^^^^^^^',
        'hint: `toSorted` gives a new list instead',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst l = [a];\nl.push(b)',
      [
        'error TL0119: objects and arrays of the host cannot be changed by a kernel',
        '> l.push(b)',
        '  ^^^^^^^^^',
        'hint: make a new list: `[...list, x]`, or with `map` and `flatMap` where a loop would add to it',
      ],
    ],
    [
      'const o: any = { a: 1 };\ndelete o.a',
      [
        'error TL0102: `delete` cannot be used in a kernel',
        '> delete o.a',
        '  ^^^^^^^^^^',
        'hint: make an object without it: `const { a, ...rest } = o`',
      ],
    ],
  ]);
});

describe('functions that are no plain functions', () => {
  says([
    [
      'const f = async () => 5;\nI[bx] = f() as any',
      [
        'error TL0102: an async function cannot be used in a kernel',
        '> const f = async () => 5;',
        '            ^^^^^^^^^^^^^',
        'hint: nothing is awaited on the device: leave `async` out',
      ],
    ],
    [
      'async function f() { return 5 }',
      [
        'error TL0102: an async function cannot be used in a kernel',
        '> async function f() { return 5 }',
        '  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        'hint: nothing is awaited on the device: leave `async` out',
      ],
    ],
    [
      'function* g() { yield 1 }',
      [
        'error TL0102: a generator cannot be used in a kernel',
        '> function* g() { yield 1 }',
        '  ^^^^^^^^^^^^^^^^^^^^^^^^^',
        'hint: return an array: `for (const x of [1, 2])` unrolls',
      ],
    ],
  ]);
});

describe('names from elsewhere', () => {
  says([
    [
      'T.cleer(A)',
      ['error TL0315: T has no property `cleer`', '> T.cleer(A)', '    ^^^^^', 'hint: did you mean `T.clear`?'],
    ],
    [
      'T.alloc_fragment([64], f32)',
      [
        'error TL0315: T has no property `alloc_fragment`',
        '> T.alloc_fragment([64], f32)',
        '    ^^^^^^^^^^^^^^',
        'hint: it is `T.fragment(f32, [M, N])`: the dtype comes first',
      ],
    ],
    [
      'T.syncThreads()',
      [
        'error TL0315: T has no property `syncThreads`',
        '> T.syncThreads()',
        '    ^^^^^^^^^^^',
        'hint: barriers are inserted by the compiler, where threads have to wait for each other',
      ],
    ],
    [
      'T.atomicOr(I[0], 1)',
      [
        'error TL0315: T has no property `atomicOr`',
        '> T.atomicOr(I[0], 1)',
        '    ^^^^^^^^',
        'hint: the atomics are T.atomicAdd, T.atomicMax and T.atomicMin',
      ],
    ],
    [
      'T.reduce_max(A)',
      [
        'error TL0315: T has no property `reduce_max`',
        '> T.reduce_max(A)',
        '    ^^^^^^^^^^',
        'hint: did you mean `T.reduceMax`?',
      ],
    ],
    [
      'T.ceildiv(4, 2)',
      [
        'error TL0315: T has no property `ceildiv`',
        '> T.ceildiv(4, 2)',
        '    ^^^^^^^',
        'hint: did you mean `T.ceilDiv`?',
      ],
    ],
    [
      'const { alloc_shared } = T',
      [
        'error TL0315: T has no property `alloc_shared`',
        '> const { alloc_shared } = T',
        '          ^^^^^^^^^^^^',
        'hint: it is `T.shared(f16, [M, N])`: the dtype comes first',
      ],
    ],
    [
      'T.nothingLikeIt(A)',
      ['error TL0315: T has no property `nothingLikeIt`', '> T.nothingLikeIt(A)', '    ^^^^^^^^^^^^^'],
    ],
    [
      'const x = tl.load(A)',
      [
        'error TL0104: `tl` is not defined here',
        '> const x = tl.load(A)',
        '            ^^',
        'hint: that is Triton. Here T.copy with `A.tile(origin, extent)` loads and stores, T.gemm is dot, T.grid gives block indices',
      ],
    ],
    [
      '__syncthreads()',
      [
        'error TL0104: `__syncthreads` is not defined here',
        '> __syncthreads()',
        '  ^^^^^^^^^^^^^',
        'hint: barriers are inserted by the compiler, where threads have to wait for each other',
      ],
    ],
    [
      'I[threadIdx.x] = 1',
      [
        'error TL0104: `threadIdx` is not defined here',
        '> I[threadIdx.x] = 1',
        '    ^^^^^^^^^',
        'hint: block indices come from `const [bx] = T.grid([blocks])`; threads are not indexed, T.Parallel spreads over them',
      ],
    ],
    [
      'console.log(bx, s)',
      [
        'error TL0107: host function `console.log` cannot be called with a device value',
        '> console.log(bx, s)',
        '  ^^^^^^^^^^^^^^^^^^',
        "hint: use `T.print('{} {}', bx, s)`",
      ],
    ],
  ]);
});

describe('integers and floats', () => {
  says([
    [
      'I[bx] = T.infinity',
      [
        'error TL0203: Infinity is a float, and stands where i32 is needed',
        '> I[bx] = T.infinity',
        '  ^^^^^^^^^^^^^^^^^^',
        'hint: i32 has no infinity; its largest value is 2147483647',
      ],
    ],
    [
      'I[bx] = NaN',
      [
        'error TL0203: NaN is a float, and stands where i32 is needed',
        '> I[bx] = NaN',
        '  ^^^^^^^^^^^',
        'hint: i32 has no NaN',
      ],
    ],
    [
      'I[bx] = 0.5',
      [
        'error TL0203: 0.5 is a float, and stands where i32 is needed',
        '> I[bx] = 0.5',
        '  ^^^^^^^^^^^',
        'hint: cast it: `i32(…)` truncates',
      ],
    ],
    [
      'I[0.5] = 1',
      [
        'error TL0203: 0.5 is a float, and stands where an index is needed',
        '> I[0.5] = 1',
        '    ^^^',
        'hint: of host numbers, T.floorDiv gives an integer',
      ],
    ],
    [
      'I[bx] = c * 0.5',
      [
        'error TL0203: 0.5 is a float, and stands where i32 is needed',
        '> I[bx] = c * 0.5',
        '          ^^^^^^^',
        'hint: cast that one: `f32(…)`',
      ],
    ],
    [
      'I[bx] = s > 0 ? T.infinity : 1',
      [
        'error TL0203: Infinity is a float, and stands where i32 is needed',
        '> I[bx] = s > 0 ? T.infinity : 1',
        '          ^^^^^^^^^^^^^^^^^^^^^^',
        'hint: i32 has no infinity; its largest value is 2147483647',
      ],
    ],
    [
      "I[bx] = 'x' as any",
      [
        'error TL0213: the host value "x" stands where a number is needed',
        "> I[bx] = 'x' as any",
        '  ^^^^^^^^^^^^^^^^^^',
      ],
    ],
  ]);
});

describe('shapes and loops', () => {
  says([
    [
      'for (const i of T.Parallel(64)) A[bx][i] = 1',
      [
        'error TL0410: T.Parallel gives a list of indices, and `i` stands for the list',
        '> for (const i of T.Parallel(64)) A[bx][i] = 1',
        '             ^',
        'hint: write `const [i]`',
      ],
    ],
    [
      'const t = A.tile([bx], [64, 64])',
      [
        'error TL0311: the origin has 1 entry, but the buffer has 2 dimensions',
        '> const t = A.tile([bx], [64, 64])',
        '            ^^^^^^^^^^^^^^^^^^^^^^',
        'hint: the origin has an entry for each dimension, such as `[bx, 0]`',
      ],
    ],
    [
      'const t = A.tile([bx, 0], [1, 64, 64])',
      [
        'error TL0311: the extent has 3 entries, but the buffer has 2 dimensions',
        '> const t = A.tile([bx, 0], [1, 64, 64])',
        '            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        'hint: the extent has an entry for each dimension, or for the last few',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nconst t = T.shared(f32, [64, 64]);\nT.copy(a, t)',
      [
        'error TL0306: T.copy from [64] to [64, 64]: the shapes differ',
        '> T.copy(a, t)',
        '  ^^^^^^^^^^^^',
        'hint: nothing is repeated: take as much with `A.tile(origin, extent)`, or repeat in T.Parallel: `dst[i][j] = src[j]`',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nfor (const [i, j] of T.Parallel(64, 64)) a[i] = A[i][j]',
      [
        'error TL0401: iterations that differ only in `j` write the same element of `a`',
        '> for (const [i, j] of T.Parallel(64, 64)) a[i] = A[i][j]',
        '                                           ^^^^^^^^^^^^^^',
        'hint: to combine values use T.reduceSum and its like, or T.atomicAdd; to write one for each [i], a loop over [i] alone',
      ],
    ],
    [
      'const a = T.shared(f32, [64]), b = T.shared(f32, [64]); T.clear(a); T.clear(b);\nfor (const [i, j] of T.Parallel(64, 64)) a[0] = A[i][j]',
      [
        'error TL0401: iterations that differ only in `i`, `j` write the same element of `a`',
        '> for (const [i, j] of T.Parallel(64, 64)) a[0] = A[i][j]',
        '                                           ^^^^^^^^^^^^^^',
        'hint: to combine values use T.reduceSum and its like, or T.atomicAdd; to write one, write it outside the loop',
      ],
    ],
    [
      'let x: bool = false;\nx ||= s > 0',
      [
        'error TL0102: `||=` cannot be used in a kernel',
        '> x ||= s > 0',
        '  ^^^^^^^^^^^',
        'hint: assign under an `if`, or for bools `x = x || s > 0`',
      ],
    ],
  ]);
});
