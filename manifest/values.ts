/** Is a value one that a parameter can have? */
import type { ParamEntry } from './schema.ts';

export function fits(p: ParamEntry, v: unknown): boolean {
  switch (p.type) {
    case 'int':
      return Number.isSafeInteger(v) && within(p, v as number);
    case 'float':
      return typeof v === 'number' && within(p, v);
    case 'bool':
      return typeof v === 'boolean';
    case 'choice':
    case 'dtype':
      return typeof v === 'string' && (p.of as readonly string[]).includes(v);
  }
}

/** NaN lies within nothing. */
const within = ({ min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number }, v: number) =>
  v >= min && v <= max;
