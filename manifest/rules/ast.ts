/** Rules of the manifest as data: what `grammar.ts` reads from text, what all the rest computes with. */

export type Binary = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||';
export type Unary = '-' | '!';

/** Functions of numbers, and `bytes` of a dtype's name. `select(condition, a, b)` computes only the one it gives. */
export const FUNCTIONS = {
  ceilDiv: 2,
  floorDiv: 2,
  min: 2,
  max: 2,
  sqrt: 1,
  log2: 1,
  isPowerOfTwo: 1,
  bytes: 1,
  select: 3,
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

/** `sum(b < batch, …)`: over b = 0 … batch − 1. `largest` of nothing is 0, `all` of nothing is true. */
export const QUANTIFIERS = ['sum', 'largest', 'all'] as const;
export type Quantifier = (typeof QUANTIFIERS)[number];

export type Rule =
  | { readonly k: 'value'; readonly v: number | boolean | string }
  | { readonly k: 'name'; readonly n: string }
  | { readonly k: 'un'; readonly op: Unary; readonly a: Rule }
  /** `&&` and `||` compute their right side only where it decides. */
  | { readonly k: 'bin'; readonly op: Binary; readonly a: Rule; readonly b: Rule }
  | { readonly k: 'call'; readonly fn: FunctionName; readonly args: readonly Rule[] }
  | { readonly k: 'at'; readonly list: string; readonly i: Rule }
  | { readonly k: 'each'; readonly q: Quantifier; readonly v: string; readonly n: Rule; readonly body: Rule };

export const value = (v: number | boolean | string): Rule => ({ k: 'value', v });

/** The names that the rule reads, those bound by its own quantifiers left out; lists included. */
export function freeNames(rule: Rule): ReadonlySet<string> {
  const names = new Set<string>();
  collectNames(rule, new Set(), names);
  return names;
}

function collectNames(r: Rule, bound: ReadonlySet<string>, names: Set<string>): void {
  switch (r.k) {
    case 'value':
      break;
    case 'name':
      if (!bound.has(r.n)) names.add(r.n);
      break;
    case 'un':
      collectNames(r.a, bound, names);
      break;
    case 'bin':
      collectNames(r.a, bound, names);
      collectNames(r.b, bound, names);
      break;
    case 'call':
      for (const a of r.args) collectNames(a, bound, names);
      break;
    case 'at':
      names.add(r.list);
      collectNames(r.i, bound, names);
      break;
    case 'each':
      collectNames(r.n, bound, names);
      collectNames(r.body, new Set([...bound, r.v]), names);
      break;
  }
}

const LEVELS: Readonly<Record<Binary, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};
/** How tightly the operator binds; all associate to the left. */
export const levelOf = (op: Binary): number => LEVELS[op];

/** The rule as text, with no more parentheses than it needs. */
export function show(rule: Rule, level = 0): string {
  switch (rule.k) {
    case 'value':
      return typeof rule.v === 'string' ? `'${rule.v}'` : String(rule.v);
    case 'name':
      return rule.n;
    case 'un':
      return `${rule.op}${show(rule.a, 7)}`;
    case 'bin': {
      const own = LEVELS[rule.op];
      const text = `${show(rule.a, own)} ${rule.op} ${show(rule.b, own + 1)}`;
      return own < level ? `(${text})` : text;
    }
    case 'call':
      return `${rule.fn}(${rule.args.map((a) => show(a)).join(', ')})`;
    case 'at':
      return `${rule.list}[${show(rule.i)}]`;
    case 'each':
      return `${rule.q}(${rule.v} < ${show(rule.n)}, ${show(rule.body)})`;
  }
}
