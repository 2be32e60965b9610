/** The last pass: Tile IR with layouts, pipeline, barriers and shared memory planned → Device IR. */
import type { DeviceKernel, DStmt } from '../../ir/device/schema.ts';
import type { Kernel, Stmt } from '../../ir/tile/schema.ts';
import { sizeOf } from '../../layout/layout.ts';
import { footprint } from '../../layout/shared.ts';
import type { PassContext } from '../pass.ts';
import { Lowering } from './context.ts';
import { withoutDeadCode } from './deadCode.ts';
import { lowerStmts } from './stmt.ts';

const AXES = ['blockIdx.x', 'blockIdx.y', 'blockIdx.z'] as const;

export function lowerKernel(kernel: Kernel, { target, warn }: PassContext): DeviceKernel {
  const cx = new Lowering(kernel, target, warn);
  const statements = cx.collect(() => {
    for (const b of kernel.buffers) {
      if (b.scope === 'shared') continue;
      const length = b.scope === 'fragment' ? sizeOf(b.layout!, 'reg') : b.shape.reduce((n, x) => n * x, 1);
      cx.emit({ kind: 'registers', name: b.name, dtype: b.dtype, length, span: b.span });
    }
    lowerStmts(cx, kernel.body);
  });
  const indices: DStmt[] = [
    {
      kind: 'declare',
      name: 'tid',
      dtype: 'i32',
      const: true,
      value: { kind: 'special', name: 'threadIdx.x', dtype: 'i32' },
    },
    ...kernel.blockVars.map(
      (name, i): DStmt => ({
        kind: 'declare',
        name,
        dtype: 'i32',
        const: true,
        value: { kind: 'special', name: AXES[i]!, dtype: 'i32' },
      }),
    ),
  ];
  const opening = [...indices, ...cx.prologue];
  // One sweep over both: the body uses the prologue's names.
  const live = withoutDeadCode([...opening, ...statements]);
  const prologue = opening.filter((d) => live.includes(d));
  return {
    name: kernel.name,
    params: kernel.params,
    dims: kernel.dims,
    writes: writtenTensors(kernel),
    grid: kernel.grid,
    threads: kernel.threads,
    minBlocks: kernel.minBlocks,
    shared: kernel.buffers.flatMap((b) =>
      b.scope === 'shared'
        ? [
            {
              name: b.name,
              dtype: b.dtype,
              length: footprint(b.layout!),
              offset: b.offset ?? 0,
              comment: `[${b.shape.join(', ')}]`,
            },
          ]
        : [],
    ),
    sharedBytes: kernel.sharedBytes ?? 0,
    prologue,
    roles: [{ name: 'main', warps: [0, Math.ceil(kernel.threads / 32)], body: live.slice(prologue.length) }],
    span: kernel.span,
  };
}

function writtenTensors(kernel: Kernel): string[] {
  const written = new Set<string>();
  const visit = (stmts: readonly Stmt[]): void => {
    for (const s of stmts)
      switch (s.kind) {
        case 'store':
        case 'atomic':
          written.add(s.buffer);
          break;
        case 'copy':
        case 'fill':
          written.add(s.dst.buffer);
          break;
        case 'for':
        case 'parallel':
        case 'while':
          visit(s.body);
          break;
        case 'if':
          visit(s.then);
          visit(s.else);
          break;
        default:
      }
  };
  visit(kernel.body);
  return kernel.params.flatMap((p) => (written.has(p.name) ? [p.name] : []));
}
