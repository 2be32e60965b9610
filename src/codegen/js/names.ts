/** The user's names as JavaScript identifiers: kept where they can be, with underscores added where the language or the backend has them. */
import { SUPPORT } from './support/index.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const RESERVED: ReadonlySet<string> = new Set([
  ...words(`
    arguments as async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for function get if implements import in instanceof interface let new null of package private
    protected public return set static super switch this throw true try typeof undefined var void while with yield
    Array BigInt BigInt64Array BigUint64Array Float32Array Float64Array Infinity Int16Array Int32Array Int8Array Math NaN
    Number Object Uint16Array Uint32Array Uint8Array console fround imul globalThis
    support checks sites block tensors dims scalars runBlock gridX gridY gridZ at atWide within nonzero written assert print
  `),
  ...Object.keys(SUPPORT),
]);

/** A map from IR names to identifiers that keeps different names different. */
export interface Namer {
  (name: string): string;
  /** A new identifier, like `base`, for as long as `scoped` runs. Call after all of the kernel's names are known. */
  readonly fresh: (base: string) => string;
  /** A new identifier for all of the kernel. */
  readonly permanent: (base: string) => string;
  /** Runs `print`; what `fresh` gave in it may be given again afterwards. */
  readonly scoped: (print: () => void) => void;
}

export function namer(): Namer {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  const free = (wanted: string): string => {
    let id = wanted;
    while (taken.has(id) || RESERVED.has(id)) id += '_';
    taken.add(id);
    return id;
  };
  const name = (ir: string): string => {
    const known = given.get(ir);
    if (known !== undefined) return known;
    const plain = ir.replace(/[^\p{ID_Continue}$]/gu, (c) => `u${c.codePointAt(0)!.toString(16)}`);
    const id = free(/^[\p{ID_Start}$_]/u.test(plain) ? plain : `_${plain}`);
    given.set(ir, id);
    return id;
  };
  const temporary: string[] = [];
  const numbered = (base: string): string => {
    let id = base;
    for (let i = 1; taken.has(id) || RESERVED.has(id); i++) id = `${base}_${i}`;
    taken.add(id);
    return id;
  };
  return Object.assign(name, {
    permanent: numbered,
    fresh: (base: string): string => {
      const id = numbered(base);
      temporary.push(id);
      return id;
    },
    scoped: (print: () => void): void => {
      const before = temporary.length;
      print();
      for (const id of temporary.splice(before)) taken.delete(id);
    },
  });
}
