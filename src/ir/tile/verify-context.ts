/** What the parts of the verifier share: the names in scope and the faults found. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as msg from '../../diagnostics/messages/tir.ts';
import { diagnostic, type Message } from '../../diagnostics/report.ts';
import type { DType } from '../dtype.ts';
import type { Span } from '../span.ts';
import type { Buffer, Kernel, TensorParam } from './schema.ts';

/** How a scalar name came to be: only `var`s may be assigned to. */
export type Origin = 'param' | 'dim' | 'block' | 'let' | 'var' | 'loop';

export interface Scalar {
  readonly dtype: DType;
  readonly origin: Origin;
}

export class VerifyContext {
  readonly kernel: Kernel;
  readonly found: Diagnostic[] = [];
  readonly tiles = new Map<string, Buffer>();
  readonly tensors = new Map<string, TensorParam>();
  private readonly declared = new Set<string>();
  private readonly scopes: Map<string, Scalar>[] = [new Map()];

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  report(m: Message, span: Span): void {
    this.found.push(diagnostic(m, span));
  }

  /** Takes `name` for the whole kernel. */
  claim(name: string, span: Span): void {
    if (this.declared.has(name)) this.report(msg.duplicateName(name), span);
    this.declared.add(name);
  }

  /** Declares a scalar in the innermost scope. */
  declare(name: string, scalar: Scalar, span: Span): void {
    this.claim(name, span);
    this.scopes.at(-1)!.set(name, scalar);
  }

  scalar(name: string): Scalar | undefined {
    return this.scopes.findLast((s) => s.has(name))?.get(name);
  }

  /** Runs `body` in a scope of its own. */
  scoped(body: () => void): void {
    this.scopes.push(new Map());
    body();
    this.scopes.pop();
  }

  /** A tile or a tensor, with its rank. */
  array(
    name: string,
  ): { readonly dtype: DType; readonly rank: number; readonly scope: Buffer['scope'] | 'global' } | undefined {
    const tile = this.tiles.get(name);
    if (tile) return { dtype: tile.dtype, rank: tile.shape.length, scope: tile.scope };
    const tensor = this.tensors.get(name);
    return tensor && { dtype: tensor.dtype, rank: tensor.shape.length, scope: 'global' };
  }

  count(what: string, value: number, least: number, span: Span, most = Number.MAX_SAFE_INTEGER): void {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
    this.report(msg.badCount(what, value, `a whole number, ${range}`), span);
  }
}
