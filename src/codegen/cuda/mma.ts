/** Which prelude piece multiplies matrices of given types. */
import type { DStmt } from '../../ir/device/schema.ts';
import type { Context } from './context.ts';
import { pieces } from './prelude.ts';

type Mma = Extract<DStmt, { kind: 'mma' }>;

/** The function of `s`, whose piece the kernel then carries. The passes choose only what the target has. */
export function mmaFunction(s: Mma, cx: Context): string {
  const piece = `mma_${s.shape}_${s.aType}_${s.bType}_${s.cType}`;
  const fp8 = s.aType.startsWith('f8') || s.bType.startsWith('f8');
  if (!pieces().has(piece))
    throw new Error(`no ${s.shape} instruction multiplies ${s.aType} by ${s.bType} into ${s.cType}`);
  if (fp8 && !cx.target.hasFp8) throw new Error(`${cx.target.arch} has no instruction that multiplies 8-bit floats`);
  cx.use(piece);
  return `mma_${s.shape}`;
}
