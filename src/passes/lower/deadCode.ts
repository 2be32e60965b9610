/** Drops names that nothing uses: what a copy's general form declares for a guard that was not needed, say. */
import type { DStmt } from '../../ir/device/schema.ts';

/** The statements without constants and pointers that are never read. Uses are found behind the declaration, so backwards. */
export function withoutDeadCode(body: readonly DStmt[]): readonly DStmt[] {
  return sweep(body, new Set());
}

function sweep(body: readonly DStmt[], used: Set<string>): DStmt[] {
  const kept: DStmt[] = [];
  for (let i = body.length - 1; i >= 0; i--) {
    const s = body[i]!;
    if (s.kind === 'for' || s.kind === 'while') {
      const inner = sweep(s.body, used);
      markNames({ ...s, body: [] }, used);
      kept.push({ ...s, body: inner });
    } else if (s.kind === 'if') {
      const other = sweep(s.else, used);
      const then = sweep(s.then, used);
      markNames({ ...s, then: [], else: [] }, used);
      kept.push({ ...s, then, else: other });
    } else {
      const unused =
        (s.kind === 'pointer' || s.kind === 'registers' || (s.kind === 'declare' && s.const && !hasPtx(s.value))) &&
        !used.has(s.name);
      if (unused) continue;
      markNames(s, used);
      kept.push(s);
    }
  }
  return kept.reverse();
}

/** Inline PTX may do more than give a value. */
const hasPtx = (node: object): boolean =>
  Object.entries(node).some(([key, x]) =>
    key === 'kind' ? x === 'ptx' : typeof x === 'object' && x !== null && hasPtx(x),
  );

/** Every place where a node names something: variables, register arrays, bases of addresses. */
function markNames(node: unknown, used: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const x of node) markNames(x, used);
    return;
  }
  const record = node as Readonly<Record<string, unknown>>;
  for (const key in record) {
    const x = record[key];
    if (typeof x === 'object') {
      if (key !== 'span') markNames(x, used);
    } else if (key === 'array' || key === 'base' || (key === 'name' && record.kind === 'var')) used.add(x as string);
  }
}
