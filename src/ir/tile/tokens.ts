/** The words of Tile IR's text. */
import { createToken, Lexer, type TokenType } from 'chevrotain';
import { DTYPES } from '../dtype.ts';
import { INFIX, RESERVED, SPAN } from './text.ts';

const dtypes = Object.keys(DTYPES).sort((a, b) => b.length - a.length);

export const Identifier = createToken({ name: 'Identifier', pattern: /[A-Za-z_$][A-Za-z0-9_$]*|`[^`\n]*`/ });
/** `5`, `0.5`, `inf_f16`, `true`; a sign is not part of it. */
export const Literal = createToken({
  name: 'Literal',
  pattern: new RegExp(
    `(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|inf|nan|true|false)(?:_(?:${dtypes.join('|')}))?(?![A-Za-z0-9_$])`,
  ),
  start_chars_hint: [...'0123456789intf'],
  line_breaks: false,
});
export const Text = createToken({ name: 'String', pattern: /"(?:[^"\\\n]|\\.)*"/ });
/** Handed whole to `parseLayout`. */
export const LayoutText = createToken({ name: 'Layout', pattern: /layout\([^()]*\)/, line_breaks: true });
export const SpanText = createToken({ name: 'Span', pattern: SPAN, start_chars_hint: ['@'], line_breaks: false });

const LITERALS = new Set(['true', 'false', 'inf', 'nan']);
const words: Record<string, TokenType> = {};
for (const word of RESERVED)
  if (!LITERALS.has(word)) words[word] = createToken({ name: word, pattern: word, longer_alt: Identifier });

/** Words with a meaning in one place only; names elsewhere. */
for (const word of ['dims', 'grid', 'via', 'transpose', 'slot'])
  words[word] = createToken({ name: word, pattern: word, longer_alt: Identifier, categories: [Identifier] });

export const word = (name: string): TokenType => words[name]!;

/** Any infix operator; minus is one too. */
export const Infix = createToken({ name: 'Operator', pattern: Lexer.NA });
export const Minus = createToken({ name: '-', pattern: '-', categories: [Infix] });
export const Bang = createToken({ name: '!', pattern: '!' });
export const Tilde = createToken({ name: '~', pattern: '~' });
export const Percent = createToken({ name: '%', pattern: '%', categories: [Infix] });
const infixes = Object.values(INFIX)
  .map((o) => o.symbol)
  .filter((s) => s !== '-' && s !== '%')
  .sort((a, b) => b.length - a.length)
  .map((s) => createToken({ name: s, pattern: s, categories: [Infix] }));

const punctuation: Record<string, TokenType> = {};
for (const p of ['->', '(', ')', '[', ']', '{', '}', ',', ';', ':', '.', '=']) {
  punctuation[p] = createToken({ name: p, pattern: p });
}
export const punct = (p: string): TokenType => punctuation[p]!;

export const TOKENS: readonly TokenType[] = [
  createToken({ name: 'Space', pattern: /\s+/, group: Lexer.SKIPPED }),
  createToken({ name: 'Comment', pattern: /#[^\n]*/, group: Lexer.SKIPPED }),
  SpanText,
  Text,
  LayoutText,
  Literal,
  ...Object.values(words),
  Identifier,
  punct('->'),
  ...infixes,
  Minus,
  Percent,
  Bang,
  Tilde,
  Infix,
  ...Object.entries(punctuation)
    .filter(([p]) => p !== '->')
    .map(([, t]) => t),
];
