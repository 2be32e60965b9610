/**
 * Device IR → CUDA C. The text needs no header: what it uses of the prelude stands before the kernel. Everything is
 * decided by then: each node has one small row, in `expr.ts` and `stmt.ts`.
 */
import type { DeviceKernel, Role, SharedBuffer } from '../../ir/device/schema.ts';
import type { Target } from '../../ir/target.ts';
import { type Context, context } from './context.ts';
import { identifier } from './names.ts';
import { preludeFor } from './prelude.ts';
import { ptxFunctions } from './ptx.ts';
import { statements } from './stmt.ts';
import { placeOf, Writer } from './writer.ts';

const MAX_WIDTH = 120;

/** The symbol to look the kernel up by in its compiled module. It is the kernel's name unless C or CUDA has that. */
export const kernelSymbol = (k: DeviceKernel): string => identifier(k.name);

/** A complete translation unit with `k` as its only `extern "C" __global__` function. */
export function printCuda(k: DeviceKernel, target: Target): string {
  const cx = context(target, k.threads);
  const parameters = signature(k, cx);
  const w = new Writer(1);
  sharedMemory(k, w, cx);
  statements(k.prologue, w, cx);
  roles(k.roles, w, cx);
  const bounds = k.minBlocks === undefined ? `${k.threads}` : `${k.threads}, ${k.minBlocks}`;
  const from = k.span.file === '' ? '' : `, from ${placeOf(k.span)}`;
  return [
    `// ${k.name} for ${target.arch}${from}\n\n`,
    preludeFor(cx.used, target),
    ptxFunctions(cx),
    `extern "C" __global__ void __launch_bounds__(${bounds})\n`,
    `${kernelSymbol(k)}(${parameters}) {\n`,
    w.toString(),
    '}\n',
  ].join('');
}

/** The parameter list: on one line if it fits, else one parameter a line. */
function signature(k: DeviceKernel, cx: Context): string {
  const params = k.params.map((p) => {
    if (p.kind === 'scalar') return `${cx.type(p.dtype)} ${cx.name(p.name)}`;
    const readonly = !k.writes.includes(p.name);
    cx.bases.set(p.name, { dtype: p.dtype, readonly });
    return readonly
      ? `const ${cx.type(p.dtype)}* __restrict__ ${cx.name(p.name)}`
      : `${cx.type(p.dtype)}* ${cx.name(p.name)}`;
  });
  const all = [...params, ...k.dims.map((d) => `int ${cx.name(d.name)}`)];
  const line = all.join(', ');
  return kernelSymbol(k).length + line.length + 4 <= MAX_WIDTH ? line : `\n    ${all.join(',\n    ')}`;
}

function sharedMemory(k: DeviceKernel, w: Writer, cx: Context): void {
  if (k.shared.length === 0) return;
  w.line('extern __shared__ __align__(1024) unsigned char shared_memory[];');
  for (const b of k.shared) {
    cx.bases.set(b.name, { dtype: b.dtype, readonly: false });
    w.line(sharedBuffer(b, cx));
  }
  w.line('');
}

function sharedBuffer(b: SharedBuffer, cx: Context): string {
  const type = `${cx.type(b.dtype)}*`;
  const at = b.offset === 0 ? 'shared_memory' : `shared_memory + ${b.offset}`;
  const comment = b.comment === undefined ? '' : `  // ${b.comment}`;
  return `${type} const ${cx.name(b.name)} = reinterpret_cast<${type}>(${at});${comment}`;
}

/** A single role is the kernel's body; several take their warps each. */
function roles(all: readonly Role[], w: Writer, cx: Context): void {
  const [first] = all;
  if (first === undefined) return;
  if (all.length === 1) {
    statements(first.body, w, cx);
    return;
  }
  w.line('const int warp = threadIdx.x / 32;');
  for (const role of all) {
    const [from, to] = role.warps;
    w.line(`// ${role.name}`);
    w.block(`if (${from === 0 ? '' : `warp >= ${from} && `}warp < ${to})`, () => statements(role.body, w, cx));
    w.line('}');
  }
}
