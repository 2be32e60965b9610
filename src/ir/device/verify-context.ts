/** What the parts of the verifier of Device IR share: names in scope, what is known of them, the faults found. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import * as msg from '../../diagnostics/messages/dir.ts';
import { diagnostic, type Message } from '../../diagnostics/report.ts';
import { bytesOf, type DType } from '../dtype.ts';
import { gcd } from '../integers.ts';
import type { Span } from '../span.ts';
import type { Target } from '../target.ts';
import { Divergence } from './divergence.ts';
import { ANYTHING, exactly, type Known, knownOf } from './numbers.ts';
import type { Addr, DExpr, DeviceKernel } from './schema.ts';

export interface Scalar {
  readonly kind: 'scalar';
  readonly dtype: DType;
  readonly assignable: boolean;
  readonly known: Known;
  /** Known at compile time once loops are unrolled. */
  readonly fixed: boolean;
}
export interface Registers {
  readonly kind: 'registers';
  readonly dtype: DType;
  readonly length: number;
}
/** Something that addresses count from. */
export interface Base {
  readonly kind: 'base';
  readonly space: Addr['space'];
  readonly dtype: DType;
  readonly writable: boolean;
  /** It lies at a multiple of this many bytes. */
  readonly align: number;
  /** In elements, where all of it is known. */
  readonly length?: number;
}
type Entry = Scalar | Registers | Base;

/** Tensors begin where whatever a vector moves may lie. */
export const TENSOR_ALIGN = 16;
/** Dynamic shared memory begins at a multiple of this. */
export const SHARED_ALIGN = 1024;
const LAST_BLOCK = 2 ** 31 - 1;

export class DeviceContext {
  readonly kernel: DeviceKernel;
  readonly target: Target | undefined;
  readonly divergence: Divergence;
  readonly found: Diagnostic[] = [];
  private readonly scopes: Map<string, Entry>[] = [new Map()];
  /** Where statements without a span of their own are reported. */
  place: Span;

  constructor(kernel: DeviceKernel, target?: Target) {
    this.kernel = kernel;
    this.target = target;
    this.divergence = new Divergence(kernel);
    this.place = kernel.span;
  }

  report(m: Message, severity: Diagnostic['severity'] = 'error'): void {
    this.found.push({ ...diagnostic(m, this.place), severity });
  }

  declare(name: string, entry: Entry): void {
    if (this.scopes.some((s) => s.has(name))) this.report(msg.redeclared(name));
    this.scopes.at(-1)!.set(name, entry);
  }

  scoped(body: () => void): void {
    this.scopes.push(new Map());
    body();
    this.scopes.pop();
  }

  private entry(name: string): Entry | undefined {
    return this.scopes.findLast((s) => s.has(name))?.get(name);
  }

  scalar(name: string): Scalar | undefined {
    const e = this.entry(name);
    if (e?.kind === 'scalar') return e;
    this.report(msg.undeclared(name, 'name'));
    return undefined;
  }

  registers(name: string): Registers | undefined {
    const e = this.entry(name);
    if (e?.kind === 'registers') return e;
    this.report(msg.undeclared(name, 'register array'));
    return undefined;
  }

  base(name: string): Base | undefined {
    const e = this.entry(name);
    if (e?.kind === 'base') return e;
    this.report(msg.undeclared(name, 'base'));
    return undefined;
  }

  /** Without a report where a name is unknown. */
  known(e: DExpr): Known {
    return knownOf(e, (name) => {
      const s = this.entry(name);
      if (s?.kind === 'scalar') return s.known;
      if (name === 'threadIdx.x') return { lo: 0, hi: this.kernel.threads - 1, multiple: 1 };
      return name.startsWith('blockIdx') || name.startsWith('gridDim')
        ? { lo: 0, hi: LAST_BLOCK, multiple: 1 }
        : ANYTHING;
    });
  }

  /** A number of bytes that divides the place of the address. */
  alignOf(a: Addr, base: Base): number {
    return gcd(base.align, this.known(a.offset).multiple * bytesOf(a.dtype));
  }

  isFixed(e: DExpr): boolean {
    switch (e.kind) {
      case 'const':
        return true;
      case 'var': {
        const s = this.entry(e.name);
        return s?.kind === 'scalar' && s.fixed;
      }
      case 'unary':
      case 'cast':
        return this.isFixed(e.a);
      case 'binary':
        return this.isFixed(e.a) && this.isFixed(e.b);
      case 'select':
        return this.isFixed(e.cond) && this.isFixed(e.a) && this.isFixed(e.b);
      default:
        return false;
    }
  }
}

export const scalar = (dtype: DType, more: Partial<Omit<Scalar, 'kind' | 'dtype'>> = {}): Scalar => ({
  kind: 'scalar',
  dtype,
  assignable: false,
  known: ANYTHING,
  fixed: false,
  ...more,
});

export { exactly };
