/**
 * Appends a capture to each `kernel(…)` and `macro(…)` call of a file: one argument, right behind the function's closing
 * brace and on its line, so that every line and column inside the function stays true.
 */
import { parseSync } from 'oxc-parser';
import { enclosingScopes, freeNames, type Node, reassigned, walk } from './scope.ts';

export interface TransformResult {
  readonly code: string;
  /** How many calls got a capture; 0 leaves the text as it was. */
  readonly captured: number;
}

export interface TransformOptions {
  /** What the capture says its file is, as an expression; default: the path as a string. */
  readonly fileExpression?: string;
}

const DEFINERS = ['kernel', 'macro'] as const;

/** Cheap test before parsing: does the file import something called `kernel` or `macro`, or all of tilec? */
export const mayCapture = (source: string): boolean =>
  /\bimport\b[^'"`;]*(?:\b(?:kernel|macro)\b[^'"`;]*from\b|\*\s*as\s+[\w$]+\s+from\s*['"]tilec['"])/.test(source);

export function transform(source: string, file: string, options: TransformOptions = {}): TransformResult {
  if (!mayCapture(source)) return { code: source, captured: 0 };
  const parsed = parseSync(file, source, { sourceType: 'module', lang: langOf(file), range: false });
  if (parsed.errors.length > 0) return { code: source, captured: 0 };
  const program = parsed.program as unknown as Node;
  const definers = definerNames(program);
  if (definers.names.size === 0 && definers.namespaces.size === 0) return { code: source, captured: 0 };

  const insertions: { readonly at: number; readonly text: string }[] = [];
  walk(program, (node, ancestors) => {
    if (node.type !== 'CallExpression') return;
    const which = definerOf(node.callee as Node, definers);
    if (!which) return;
    const args = node.arguments as Node[];
    const position = which === 'kernel' ? 1 : 0;
    const fn = args[position];
    // An argument behind the function is a capture already.
    if (!fn || args.length > position + 1 || !isFunction(fn)) return;
    const around = enclosingScopes(ancestors);
    const free = [...freeNames(fn)].filter((n) => around.has(n));
    const mutable = free.filter((n) => reassigned(around.get(n)!, n));
    const { line, column } = positionOf(source, fn.start);
    const thunks = free.map((n) => `${JSON.stringify(n)}: () => ${n}`).join(', ');
    insertions.push({
      at: fn.end,
      text:
        `, { __tilec: 1, name: ${JSON.stringify(nameOf(ancestors))}, file: ${options.fileExpression ?? JSON.stringify(file)}, ` +
        `line: ${line}, column: ${column}, source: ${JSON.stringify(source.slice(fn.start, fn.end))}, ` +
        `free: { ${thunks} }, mutable: ${JSON.stringify(mutable)} }`,
    });
  });
  if (insertions.length === 0) return { code: source, captured: 0 };
  // From the end, so that positions stay valid; an inner function ends before the outer one and its text is captured as it was.
  let code = source;
  for (const { at, text } of insertions.sort((a, b) => b.at - a.at)) code = code.slice(0, at) + text + code.slice(at);
  return { code, captured: insertions.length };
}

const isFunction = (n: Node): boolean => n.type === 'ArrowFunctionExpression' || n.type === 'FunctionExpression';

function langOf(file: string): 'ts' | 'tsx' | 'js' | 'jsx' {
  if (/\.[cm]?ts$/.test(file)) return 'ts';
  if (file.endsWith('.tsx')) return 'tsx';
  return file.endsWith('.jsx') ? 'jsx' : 'js';
}

interface Definers {
  /** Local name → what it defines. */
  readonly names: ReadonlyMap<string, 'kernel' | 'macro'>;
  readonly namespaces: ReadonlySet<string>;
}

/** The local names of `kernel` and `macro`, as imported from tilec or from within this project. */
function definerNames(program: Node): Definers {
  const names = new Map<string, 'kernel' | 'macro'>();
  const namespaces = new Set<string>();
  for (const node of program.body as Node[]) {
    if (node.type !== 'ImportDeclaration') continue;
    const from = (node.source as Node).value as string;
    if (from !== 'tilec' && !from.startsWith('tilec/') && !from.startsWith('.')) continue;
    for (const s of node.specifiers as Node[]) {
      const local = (s.local as Node).name as string;
      if (s.type === 'ImportNamespaceSpecifier' && from === 'tilec') namespaces.add(local);
      if (s.type !== 'ImportSpecifier') continue;
      const imported = ((s.imported as Node).name ?? (s.imported as Node).value) as string;
      const which = DEFINERS.find((d) => d === imported);
      if (which) names.set(local, which);
    }
  }
  return { names, namespaces };
}

function definerOf(callee: Node, d: Definers): 'kernel' | 'macro' | undefined {
  if (callee.type === 'Identifier') return d.names.get(callee.name as string);
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const object = callee.object as Node;
  if (object.type !== 'Identifier' || !d.namespaces.has(object.name as string)) return undefined;
  const property = (callee.property as Node).name as string;
  return DEFINERS.find((x) => x === property);
}

/** The nearest name around the call: the variable or property it initialises, else the function that makes it. */
function nameOf(ancestors: readonly Node[]): string {
  for (let i = ancestors.length - 1; i >= 0; i--) {
    const a = ancestors[i]!;
    if (a.type === 'VariableDeclarator' && (a.id as Node).type === 'Identifier') return (a.id as Node).name as string;
    if (a.type === 'Property' && !a.computed && (a.key as Node).type === 'Identifier')
      return (a.key as Node).name as string;
    if ((a.type === 'FunctionDeclaration' || a.type === 'FunctionExpression') && a.id)
      return (a.id as Node).name as string;
    if (a.type === 'MethodDefinition' && (a.key as Node).type === 'Identifier') return (a.key as Node).name as string;
  }
  return 'kernel';
}

function positionOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
