/** Captured kernels and the values they close over, as text that differs wherever the kernels might. */
import type { Capture } from '../../dsl/capture/record.ts';
import { dtypeOf } from '../../dsl/dtypes.ts';
import { intrinsicOf } from '../../dsl/intrinsics.ts';
import type { KernelDef } from '../../dsl/kernel.ts';
import { macroOf } from '../../dsl/macro.ts';
import { dimOf } from '../../dsl/sig.ts';
import { T } from '../../dsl/T.ts';
import { signatureOfSig } from '../signature.ts';

/** Thrown within: the value may mean different things behind the same looks. */
class Opaque extends Error {}

/**
 * Everything that the kernel's Tile IR is made from: the text and place of it and of every macro it reaches, and the values
 * they close over. Undefined if one of those has state that cannot be seen: a host function with a closure of its own, an
 * instance of a class, a getter.
 */
export function fingerprint(def: KernelDef): string | undefined {
  try {
    const parts: string[] = [JSON.stringify(signatureOfSig(def.capture.name, def.params))];
    new Walk(parts).capture(def.capture);
    return parts.join('\n');
  } catch (e) {
    if (e instanceof Opaque) return undefined;
    throw e;
  }
}

class Walk {
  readonly #out: string[];
  /** Objects and captures met before, by number. */
  readonly #seen = new Map<object, number>();

  constructor(out: string[]) {
    this.#out = out;
  }

  capture(c: Capture): void {
    if (this.#again(c)) return;
    this.#out.push(JSON.stringify([c.name, c.file, c.line, c.column, c.source, c.mutable]));
    for (const name of Object.keys(c.free).sort()) {
      this.#out.push(`${name} =`);
      this.#value(read(c.free[name]!));
    }
  }

  #value(v: unknown): void {
    switch (typeof v) {
      case 'number':
        this.#out.push(`number ${numberText(v)}`);
        return;
      case 'string':
        this.#out.push(`string ${JSON.stringify(v)}`);
        return;
      case 'bigint':
      case 'boolean':
      case 'undefined':
        this.#out.push(`${typeof v} ${v}`);
        return;
      case 'function':
        this.#function(v as (...args: never[]) => unknown);
        return;
      case 'object':
        if (v === null) this.#out.push('null');
        else this.#object(v);
        return;
      case 'symbol':
        throw new Opaque();
    }
  }

  #function(f: (...args: never[]) => unknown): void {
    const dtype = dtypeOf(f);
    const intrinsic = intrinsicOf(f);
    const macro = macroOf(f);
    if (dtype) this.#out.push(`dtype ${dtype}`);
    else if (intrinsic) this.#out.push(`T.${intrinsic}`);
    else if (macro) this.capture(macro.capture);
    else if (BUILT_IN.has(f)) this.#out.push(`built-in ${BUILT_IN.get(f)}`);
    // Its text shows what it does, not what it closes over.
    else throw new Opaque();
  }

  #object(o: object): void {
    if (o === T) {
      this.#out.push('T');
      return;
    }
    if (this.#again(o)) return;
    const dim = dimOf(o);
    if (dim) {
      this.#out.push(dim.kind === 'dim' ? `dim ${dim.name} ${dim.multipleOf}` : 'product');
      if (dim.kind === 'dimExpr') for (const f of dim.factors) this.#value(f);
      return;
    }
    if (Array.isArray(o)) {
      this.#out.push(`array ${o.length}`);
      for (const x of o) this.#value(x);
    } else if (ArrayBuffer.isView(o) && !(o instanceof DataView)) {
      const all = o as Float64Array;
      this.#out.push(`${o.constructor.name} ${Array.from(all, numberText).join(',')}`);
    } else if (o instanceof Map || o instanceof Set) {
      this.#out.push(`${o.constructor.name} ${o.size}`);
      for (const x of o) this.#value(x);
    } else this.#plain(o);
  }

  #plain(o: object): void {
    const proto: unknown = Object.getPrototypeOf(o);
    // Modules have no prototype, and getters of their own kind that only read.
    if (proto !== Object.prototype && proto !== null) throw new Opaque();
    const isModule = Object.prototype.toString.call(o) === '[object Module]';
    const keys = Reflect.ownKeys(o).filter((k) => !(isModule && k === Symbol.toStringTag));
    this.#out.push(`object ${keys.length}`);
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(o, key)!;
      if (typeof key === 'symbol' || property.get !== undefined) throw new Opaque();
      this.#out.push(`${JSON.stringify(key)}:`);
      this.#value(property.value);
    }
  }

  #again(o: object): boolean {
    const before = this.#seen.get(o);
    if (before !== undefined) this.#out.push(`#${before}`);
    else this.#seen.set(o, this.#seen.size);
    return before !== undefined;
  }
}

const numberText = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

function read(thunk: () => unknown): unknown {
  try {
    return thunk();
  } catch {
    // Not initialised yet: the frontend says so, with the place.
    throw new Opaque();
  }
}

const BUILT_IN: ReadonlyMap<unknown, string> = new Map(
  [Math, Number, BigInt].flatMap((o) => [
    [o, o === Math ? 'Math' : (o as NumberConstructor).name] as const,
    ...Object.getOwnPropertyNames(o).map((n) => [(o as unknown as Record<string, unknown>)[n], n] as const),
  ]),
);
