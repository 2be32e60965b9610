/** Names and scopes of an ESTree program: which names a function takes from its surroundings. */

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (x: unknown): x is Node => typeof x === 'object' && x !== null && typeof (x as Node).type === 'string';

/** Type syntax carries no values. */
const TYPE_KEYS: ReadonlySet<string> = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'superTypeArguments',
  'implements',
  'parent',
]);
const isTypeOnly = (n: Node): boolean =>
  n.type === 'TSTypeAliasDeclaration' ||
  n.type === 'TSInterfaceDeclaration' ||
  n.importKind === 'type' ||
  n.exportKind === 'type';

function children(n: Node): Node[] {
  const out: Node[] = [];
  for (const key of Object.keys(n)) {
    if (TYPE_KEYS.has(key)) continue;
    const v = n[key];
    if (isNode(v)) out.push(v);
    else if (Array.isArray(v)) for (const x of v) if (isNode(x)) out.push(x);
  }
  return out;
}

export function walk(node: Node, visit: (n: Node, ancestors: readonly Node[]) => void, ancestors: Node[] = []): void {
  visit(node, ancestors);
  ancestors.push(node);
  for (const c of children(node)) walk(c, visit, ancestors);
  ancestors.pop();
}

/** The names that a pattern binds. */
export function patternNames(p: Node | null | undefined, out: Set<string>): void {
  if (!p) return;
  switch (p.type) {
    case 'Identifier':
      out.add(p.name as string);
      break;
    case 'ObjectPattern':
      for (const q of p.properties as Node[])
        patternNames((q.type === 'RestElement' ? q.argument : q.value) as Node, out);
      break;
    case 'ArrayPattern':
      for (const q of p.elements as (Node | null)[]) patternNames(q, out);
      break;
    case 'AssignmentPattern':
      patternNames(p.left as Node, out);
      break;
    case 'RestElement':
      patternNames(p.argument as Node, out);
      break;
    case 'TSParameterProperty':
      patternNames(p.parameter as Node, out);
      break;
    default:
  }
}

const isFunctionNode = (n: Node): boolean =>
  n.type === 'FunctionDeclaration' || n.type === 'FunctionExpression' || n.type === 'ArrowFunctionExpression';

/** What the statements of one block declare for it: let, const, class, function; `var`s are hoisted to the function. */
function declaredIn(stmts: readonly Node[], out: Set<string>): void {
  for (const raw of stmts) {
    const s =
      (raw.type === 'ExportNamedDeclaration' || raw.type === 'ExportDefaultDeclaration') && isNode(raw.declaration)
        ? raw.declaration
        : raw;
    if (isTypeOnly(s)) continue;
    if (s.type === 'VariableDeclaration') for (const d of s.declarations as Node[]) patternNames(d.id as Node, out);
    else if (
      (s.type === 'FunctionDeclaration' || s.type === 'ClassDeclaration' || s.type === 'TSEnumDeclaration') &&
      s.id
    )
      out.add((s.id as Node).name as string);
    else if (s.type === 'ImportDeclaration')
      for (const spec of s.specifiers as Node[]) if (!isTypeOnly(spec)) out.add((spec.local as Node).name as string);
  }
}

/** `var`s anywhere in a function, but not in functions inside it. */
function hoisted(body: Node, out: Set<string>): void {
  if (body.type === 'VariableDeclaration' && body.kind === 'var')
    for (const d of body.declarations as Node[]) patternNames(d.id as Node, out);
  for (const c of children(body)) if (!isFunctionNode(c)) hoisted(c, out);
}

/** The names that the scopes opened by a node bind. */
function bindings(n: Node): Set<string> {
  const out = new Set<string>();
  switch (n.type) {
    case 'Program':
    case 'BlockStatement':
    case 'StaticBlock':
      declaredIn(n.body as Node[], out);
      if (n.type === 'Program') hoisted(n, out);
      break;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      for (const p of n.params as Node[]) patternNames(p, out);
      if (n.id) out.add((n.id as Node).name as string);
      if (isNode(n.body)) hoisted(n.body, out);
      break;
    case 'ForStatement':
      if (isNode(n.init)) declaredIn([n.init], out);
      break;
    case 'ForOfStatement':
    case 'ForInStatement':
      if (isNode(n.left)) declaredIn([n.left], out);
      break;
    case 'CatchClause':
      patternNames(n.param as Node | null, out);
      break;
    case 'SwitchStatement':
      for (const c of n.cases as Node[]) declaredIn(c.consequent as Node[], out);
      break;
    case 'ClassExpression':
      if (n.id) out.add((n.id as Node).name as string);
      break;
    default:
  }
  return out;
}

/** Each name bound around a node, given its ancestors, with the scope that binds it: the innermost. */
export function enclosingScopes(ancestors: readonly Node[]): ReadonlyMap<string, Node> {
  const out = new Map<string, Node>();
  for (const a of ancestors) for (const n of bindings(a)) out.set(n, a);
  return out;
}

/** The names that a function refers to and does not bind itself. */
export function freeNames(fn: Node): ReadonlySet<string> {
  const free = new Set<string>();
  const visit = (n: Node, scopes: readonly ReadonlySet<string>[]): void => {
    if (isTypeOnly(n)) return;
    const inner = bindings(n);
    const here = inner.size > 0 ? [...scopes, inner] : scopes;
    const go = (x: unknown): void => {
      if (isNode(x)) visit(x, here);
      else if (Array.isArray(x)) for (const y of x) go(y);
    };
    switch (n.type) {
      case 'Identifier': {
        const name = n.name as string;
        if (!here.some((s) => s.has(name))) free.add(name);
        return;
      }
      case 'MemberExpression':
        go(n.object);
        if (n.computed) go(n.property);
        return;
      case 'Property':
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (n.computed) go(n.key);
        go(n.value);
        return;
      case 'LabeledStatement':
        go(n.body);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      default:
        for (const key of Object.keys(n)) if (!TYPE_KEYS.has(key)) go(n[key]);
    }
  };
  visit(fn, []);
  return free;
}

/** Does anything assign to the name that `scope` binds, after its declaration? Inner scopes may have names of their own. */
export function reassigned(scope: Node, name: string): boolean {
  const visit = (n: Node): boolean => {
    if (n !== scope && bindings(n).has(name)) return false;
    return assigns(n, name) || children(n).some(visit);
  };
  return visit(scope);
}

function assigns(n: Node, name: string): boolean {
  const targets = new Set<string>();
  if (n.type === 'AssignmentExpression') patternNames(n.left as Node, targets);
  else if (n.type === 'UpdateExpression') patternNames(n.argument as Node, targets);
  else if (
    (n.type === 'ForOfStatement' || n.type === 'ForInStatement') &&
    (n.left as Node).type !== 'VariableDeclaration'
  )
    patternNames(n.left as Node, targets);
  return targets.has(name);
}
