/** Captured TypeScript → Tile IR. */
import { ts } from 'ts-morph';
import * as M from '../diagnostics/messages/language.ts';
import { compileError, fail } from '../diagnostics/report.ts';
import type { KernelDef } from '../dsl/kernel.ts';
import { i32 } from '../ir/tile/build.ts';
import type { Expr, Kernel, Param } from '../ir/tile/schema.ts';
import { check } from './check.ts';
import { Frontend } from './context.ts';
import { dimExpr, refuseSpecial } from './expr.ts';
import { bindParameters } from './pattern.ts';
import { Scope } from './scope.ts';
import { parseCapture } from './source.ts';
import { functionBody } from './stmt.ts';
import { device, objectOf, type Value } from './values.ts';

/** Builds the kernel's Tile IR. Throws `CompileError` with what is wrong, at the user's lines. */
export function buildKernel(def: KernelDef): Kernel {
  const source = parseCapture(def.capture);
  const fx = new Frontend(source);
  const { fn } = source;
  refuseSpecial(fx, fn);
  const span = fx.span(fn.parameters[0] ?? fn);

  const names = Object.keys(def.params);
  for (const n of names) fx.reserve(n);
  const values = new Map<string, Value>();
  const params = names.map((name): Param => {
    const sig = def.params[name]!;
    if (sig.kind === 'scalar') {
      values.set(name, device({ kind: 'var', name, dtype: sig.dtype, span }));
      return { kind: 'scalar', name, dtype: sig.dtype, span };
    }
    const shape = sig.shape.map((n): Expr => (typeof n === 'number' ? i32(n, span) : dimExpr(fx, n, fn)));
    const sizes = sig.shape.map((n, d) => (typeof n === 'number' ? n : shape[d]!));
    values.set(name, { kind: 'tile', tile: { name, scope: 'global', dtype: sig.dtype, shape: sizes } });
    return { kind: 'tensor', name, dtype: sig.dtype, shape, span };
  });
  const known = new Set(fx.dims.keys());
  for (const d of known) if (names.includes(d)) fail(M.dimIsParam(d), span);

  const scope = new Scope();
  const body = fx.collect(() => {
    bindParameters(fx, scope, fn.parameters, [objectOf(values)]);
    if (ts.isBlock(fn.body)) functionBody(fx, scope, fn.body.statements);
    else fx.fail(M.missingGrid(), fn);
  });
  if (fx.errors.length > 0) throw compileError(fx.errors);
  if (!fx.grid) return fx.fail(M.missingGrid(), fn.body);
  for (const d of fx.dims.values()) if (!known.has(d.name)) fail(M.dimNowhere(d.name), span);

  const { extents, vars, threads, minBlocks } = fx.grid;
  const kernel: Kernel = {
    name: def.capture.name,
    params,
    dims: [...fx.dims.values()].map((d) => ({ ...d, span })),
    grid: extents,
    blockVars: vars,
    threads,
    buffers: fx.buffers,
    body,
    ...(minBlocks === undefined ? {} : { minBlocks }),
    span,
  };
  check(kernel);
  return kernel;
}
