/** A captured function's text, parsed, and the way from its nodes back to the user's file. */
import { ts } from 'ts-morph';
import { rememberSource } from '../diagnostics/sources.ts';
import type { Capture } from '../dsl/capture/record.ts';
import type { Span } from '../ir/span.ts';

export interface Source {
  readonly capture: Capture;
  readonly file: ts.SourceFile;
  readonly fn: ts.ArrowFunction | ts.FunctionExpression;
}

const parsed = new WeakMap<Capture, Source>();

export function parseCapture(capture: Capture): Source {
  const known = parsed.get(capture);
  if (known) return known;
  // Between parentheses, `function` and object patterns are expressions too.
  const file = ts.createSourceFile('kernel.ts', `(${capture.source})`, ts.ScriptTarget.ESNext, false, ts.ScriptKind.TS);
  const statement = file.statements[0];
  const fn =
    statement && ts.isExpressionStatement(statement) && ts.isParenthesizedExpression(statement.expression)
      ? statement.expression.expression
      : undefined;
  if (!fn || !(ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)))
    throw new Error(`internal: the capture of ${capture.name} is not a function`);
  const source: Source = { capture, file, fn };
  rememberSource(capture.file, capture.line, capture.column, capture.source);
  parsed.set(capture, source);
  return source;
}

export function spanOf(source: Source, node: ts.Node, via?: Span): Span {
  const at = (offset: number): { line: number; column: number } => {
    const p = source.file.getLineAndCharacterOfPosition(offset);
    // The first line starts at the capture's column, behind the parenthesis that the parser was given.
    return {
      line: source.capture.line + p.line,
      column: p.line === 0 ? source.capture.column + p.character - 1 : p.character + 1,
    };
  };
  const start = at(node.getStart(source.file));
  const end = at(node.end);
  return {
    file: source.capture.file,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    ...(via ? { via } : {}),
  };
}
