/** Binary operators on host values, as JavaScript computes them. */
import { ts } from 'ts-morph';

const K = ts.SyntaxKind;

/** Throws for operators that kernels do not have. */
export function hostBinary(op: ts.SyntaxKind, x: number, y: number): unknown {
  switch (op) {
    case K.PlusToken:
      return x + y;
    case K.MinusToken:
      return x - y;
    case K.AsteriskToken:
      return x * y;
    case K.SlashToken:
      return x / y;
    case K.PercentToken:
      return x % y;
    case K.AsteriskAsteriskToken:
      return x ** y;
    case K.AmpersandToken:
      return x & y;
    case K.BarToken:
      return x | y;
    case K.CaretToken:
      return x ^ y;
    case K.LessThanLessThanToken:
      return x << y;
    case K.GreaterThanGreaterThanToken:
      return x >> y;
    case K.GreaterThanGreaterThanGreaterThanToken:
      return x >>> y;
    case K.EqualsEqualsEqualsToken:
      return x === y;
    case K.ExclamationEqualsEqualsToken:
      return x !== y;
    case K.LessThanToken:
      return x < y;
    case K.LessThanEqualsToken:
      return x <= y;
    case K.GreaterThanToken:
      return x > y;
    case K.GreaterThanEqualsToken:
      return x >= y;
    case K.InKeyword:
      return String(x) in (y as unknown as object);
    default:
      throw new Error(`operator ${ts.tokenToString(op) ?? op} is not supported`);
  }
}
