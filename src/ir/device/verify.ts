/**
 * What every program of Device IR must satisfy, so that printing it gives CUDA that compiles and does what the nodes say:
 * names declared before use, dtypes that fit, registers whose place is known, vectors that are aligned, and barriers that
 * all of their threads reach. Alignment is proved again here, from the emitted arithmetic alone.
 */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as msg from '../../diagnostics/messages/dir.ts';
import { bytesOf } from '../dtype.ts';
import { gcd } from '../integers.ts';
import type { Target } from '../target.ts';
import type { DeviceKernel } from './schema.ts';
import { DeviceContext, SHARED_ALIGN, scalar, TENSOR_ALIGN } from './verify-context.ts';
import { verifyStmts } from './verify-stmt.ts';

const WARP = 32;

/** The faults of the kernel, in program order. Warnings are of severity `warning`; a sound program may have some. */
export function verifyDevice(k: DeviceKernel, target?: Target): Diagnostic[] {
  const cx = new DeviceContext(k, target);
  for (const p of k.params) {
    if (p.kind === 'scalar') cx.declare(p.name, scalar(p.dtype));
    else
      cx.declare(p.name, {
        kind: 'base',
        space: 'global',
        dtype: p.dtype,
        writable: k.writes.includes(p.name),
        align: TENSOR_ALIGN,
      });
  }
  for (const name of k.writes)
    if (!k.params.some((p) => p.kind === 'tensor' && p.name === name))
      cx.report(msg.undeclared(name, 'written tensor'));
  for (const d of k.dims)
    cx.declare(d.name, scalar('i32', { known: { lo: 0, hi: 2 ** 31 - 1, multiple: d.multipleOf } }));
  shared(cx);
  roles(cx);
  verifyStmts(cx, k.prologue, { loop: false, level: 0 });
  const level = k.roles.length > 1 ? 1 : 0;
  for (const r of k.roles) cx.scoped(() => verifyStmts(cx, r.body, { loop: false, level }));
  return cx.found;
}

function shared(cx: DeviceContext): void {
  const k = cx.kernel;
  for (const b of k.shared) {
    const bytes = bytesOf(b.dtype);
    const end = b.offset + b.length * bytes;
    if (end > k.sharedBytes) cx.report(msg.sharedPlace(b.name, `ends at byte ${end} of ${k.sharedBytes}`));
    if (b.offset < 0 || b.offset % bytes !== 0)
      cx.report(msg.sharedPlace(b.name, `begins at byte ${b.offset}, which ${b.dtype} cannot`));
    cx.declare(b.name, {
      kind: 'base',
      space: 'shared',
      dtype: b.dtype,
      writable: true,
      align: gcd(SHARED_ALIGN, b.offset),
      length: b.length,
    });
  }
}

/** Each warp has one role. */
function roles(cx: DeviceContext): void {
  const k = cx.kernel;
  const warps = Math.ceil(k.threads / WARP);
  const taken = new Map<number, string>();
  for (const {
    name,
    warps: [from, to],
  } of k.roles) {
    if (!(from >= 0 && from < to && to <= warps))
      cx.report(msg.badRoles(`the role \`${name}\` has the warps ${from} … ${to - 1} of ${warps}`));
    for (let w = from; w < to; w++) {
      const other = taken.get(w);
      if (other !== undefined) cx.report(msg.badRoles(`warp ${w} has the roles \`${other}\` and \`${name}\``));
      taken.set(w, name);
    }
  }
  for (let w = 0; w < warps; w++) if (!taken.has(w)) cx.report(msg.badRoles(`warp ${w} has no role`));
}
