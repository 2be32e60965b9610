/** Names and what they stand for, block by block. */
import type { DType } from '../ir/dtype.ts';
import type { Value } from './values.ts';

export type Binding =
  | { readonly kind: 'const'; readonly value: Value }
  /** A `let` of host values: may change while compiling, but not under device control. */
  | { readonly kind: 'host'; value: Value; readonly control: number }
  /** A device scalar. */
  | { readonly kind: 'device'; readonly name: string; readonly dtype: DType; readonly inParallel: boolean }
  /** Declared by a statement that was refused. */
  | { readonly kind: 'skipped' };

export class Scope {
  private readonly names = new Map<string, Binding>();
  private readonly parent: Scope | undefined;
  constructor(parent?: Scope) {
    this.parent = parent;
  }
  get(name: string): Binding | undefined {
    return this.names.get(name) ?? this.parent?.get(name);
  }
  /** Is it declared in this very block? */
  has(name: string): boolean {
    return this.names.has(name);
  }
  /** All names that can be seen from here. */
  visible(): readonly string[] {
    return [...this.names.keys(), ...(this.parent?.visible() ?? [])];
  }
  set(name: string, b: Binding): void {
    this.names.set(name, b);
  }
}
