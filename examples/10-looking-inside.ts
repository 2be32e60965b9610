/**
 * Lesson 10: looking inside. What becomes of a kernel, and what the compiler says of a wrong one.
 *
 * TypeScript → Tile IR → passes → Device IR → CUDA C → cubin: each level has a printed form. The command line shows them all:
 *
 *   tilec compile examples/01-vector-add.ts --print-after all      Tile IR after each pass
 *   tilec compile examples/01-vector-add.ts --emit tir,cu,ptx      files in tilec-out/
 *   tilec opt tilec-out/vectorAdd.sm_90a.tir --pass=infer-layouts  one pass on a file of Tile IR
 */
import { CompileError, dim, f32, i32, kernel, T, tensor } from 'tilec';
import { compileToCubin, toCuda } from '../src/compile.ts';
import { printKernel } from '../src/ir/tile/printer.ts';
import { findNvrtc } from '../src/runtime/ffi/discover.ts';

const rows = dim('rows');
const rowSums = kernel({ x: tensor(f32, [rows, 64]), out: tensor(f32, [rows]) }, ({ x, out }) => {
  const [block] = T.grid([T.ceilDiv(rows, 8)], { threads: 64 });
  const tile = T.fragment(f32, [8, 64]);
  const sum = T.fragment(f32, [8]);
  T.copy(x.tile([block * 8, 0], [8, 64]), tile);
  T.reduceSum(tile, sum, { dim: 1 });
  T.copy(sum, out.tile([block * 8], [8]));
});

// Tile IR is the kernel as its author meant it, over tiles: no thread is in it yet. Passes write down what they decide, as
// layouts of tiles, offsets in shared memory and barriers, and the text says it all: it reads back as the same program.
const seen: string[] = [];
const { source } = await toCuda(rowSums.def, {
  arch: 'sm_90a',
  onPass: (pass, program) => {
    seen.push(pass);
    if (pass === 'legalize' || pass === 'insert-barriers') console.log(`after ${pass}:\n${printKernel(program)}`);
  },
});
console.log(`all passes: ${seen.join(', ')}\n`);

// CUDA C decides nothing any more. It has the author's names and lines, and needs no headers.
console.log(source.slice(source.indexOf('extern "C"')));

if (findNvrtc().length > 0) {
  const { cubin, record } = await compileToCubin(rowSums.def, { arch: 'sm_90a' });
  const { registers, spillBytes } = record.resources!;
  console.log(`cubin: ${cubin.length} bytes; ${registers} registers a thread, ${spillBytes} bytes spilt\n`);
}

// A wrong kernel is refused at the line of its author, with a way out. This one divides integers: JavaScript would give a
// fraction, C would not, and the compiler does not guess.
const wrong = kernel({ x: tensor(i32, [rows]), out: tensor(i32, [rows]) }, ({ x, out }) => {
  const [block] = T.grid([T.ceilDiv(rows, 64)], { threads: 64 });
  for (const [i] of T.Parallel(64)) {
    if (block * 64 + i < rows) out[block * 64 + i] = x[block * 64 + i] / 2;
  }
});
try {
  await toCuda(wrong.def);
  throw new Error('the kernel should have been refused');
} catch (e) {
  if (!(e instanceof CompileError)) throw e;
  console.log(e.message);
  if (e.diagnostics[0]?.code !== 'TL0201') throw e;
}
