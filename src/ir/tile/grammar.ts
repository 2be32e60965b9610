/** The grammar of Tile IR's text: tokens in, `syntax.ts` out. Statements end where the next one starts; newlines mean nothing. */
import { EmbeddedActionsParser, EOF, type IToken, Lexer, type TokenType } from 'chevrotain';
import type { Span } from '../span.ts';
import type { SynBuffer, SynDim, SynExpr, SynKernel, SynModifier, SynParam, SynRegion, SynStmt } from './syntax.ts';
import { INFIX, readSpan } from './text.ts';
import {
  Bang,
  Identifier,
  Infix,
  LayoutText,
  Literal,
  Minus,
  Percent,
  punct,
  SpanText,
  Text,
  Tilde,
  TOKENS,
  word,
} from './tokens.ts';

const [LPAREN, RPAREN, LBRACK, RBRACK, LBRACE, RBRACE] = ['(', ')', '[', ']', '{', '}'].map(punct) as [
  TokenType,
  TokenType,
  TokenType,
  TokenType,
  TokenType,
  TokenType,
];
const [ARROW, COMMA, SEMI, COLON, DOT, EQUALS] = ['->', ',', ';', ':', '.', '='].map(punct) as [
  TokenType,
  TokenType,
  TokenType,
  TokenType,
  TokenType,
  TokenType,
];

const LEVELS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(INFIX).map((o) => [o.symbol, o.level]),
);

/** `a op b op c …`, all operators associating to the left. */
function byPrecedence(operands: readonly SynExpr[], operators: readonly IToken[]): SynExpr {
  let next = 0;
  const climb = (min: number): SynExpr => {
    let left = operands[next]!;
    for (;;) {
      const token = operators[next];
      const level = token && LEVELS[token.image];
      if (token === undefined || level === undefined || level < min) return left;
      next++;
      left = { kind: 'binary', token, a: left, b: climb(level + 1) };
    }
  };
  return climb(0);
}

class TileParser extends EmbeddedActionsParser {
  constructor() {
    super([...TOKENS], { maxLookahead: 2, nodeLocationTracking: 'none', recoveryEnabled: false });
    this.performSelfAnalysis();
  }

  private is(type: TokenType, at = 1): boolean {
    const t = this.LA(at).tokenType;
    return t === type || (t.CATEGORIES?.includes(type) ?? false);
  }

  // ------------------------------------------------------------------------------------------------------ kernels

  readonly file = this.RULE('wholeKernel', (): SynKernel => {
    this.CONSUME(word('kernel'));
    const name = this.CONSUME(Identifier);
    this.CONSUME(LPAREN);
    const params: SynParam[] = [];
    this.MANY_SEP({ SEP: COMMA, DEF: () => params.push(this.SUBRULE(this.param)) });
    this.CONSUME(RPAREN);
    const dims: SynDim[] = [];
    this.OPTION(() => {
      this.CONSUME(word('dims'));
      this.CONSUME2(LPAREN);
      this.MANY_SEP2({ SEP: COMMA, DEF: () => dims.push(this.SUBRULE(this.dim)) });
      this.CONSUME2(RPAREN);
    });
    const span = this.SUBRULE(this.span);
    const grid: { name?: IToken; extent: SynExpr }[] = [];
    this.CONSUME(word('grid'));
    this.CONSUME3(LPAREN);
    this.MANY_SEP3({ SEP: COMMA, DEF: () => grid.push(this.SUBRULE(this.gridEntry)) });
    this.CONSUME3(RPAREN);
    const modifiers = this.SUBRULE(this.modifiers);
    const buffers: SynBuffer[] = [];
    this.MANY(() => buffers.push(this.SUBRULE(this.buffer)));
    this.CONSUME(LBRACE);
    const body = this.SUBRULE(this.stmts);
    this.CONSUME(RBRACE);
    this.CONSUME(EOF);
    return { name, params, dims, grid, modifiers, buffers, body, span };
  });

  private readonly param = this.RULE('parameter', (): SynParam => {
    const name = this.CONSUME(Identifier);
    this.CONSUME(COLON);
    const dtype = this.CONSUME2(Identifier);
    const shape = this.OPTION(() => {
      this.CONSUME(LBRACK);
      const list = this.SUBRULE(this.exprs);
      this.CONSUME(RBRACK);
      return list;
    });
    return { name, dtype, shape, span: this.SUBRULE(this.span) };
  });

  private readonly dim = this.RULE('dimension', (): SynDim => {
    const name = this.CONSUME(Identifier);
    const multipleOf = this.OPTION(() => {
      this.CONSUME(Percent);
      return this.CONSUME(Literal);
    });
    return { name, multipleOf, span: this.SUBRULE(this.span) };
  });

  private readonly gridEntry = this.RULE('gridEntry', () => {
    const name = this.OPTION({
      GATE: () => this.is(COLON, 2),
      DEF: () => {
        const id = this.CONSUME(Identifier);
        this.CONSUME(COLON);
        return id;
      },
    });
    return { name, extent: this.SUBRULE(this.expr) };
  });

  private readonly buffer = this.RULE('buffer', (): SynBuffer => {
    const scope = this.OR([
      { ALT: () => this.CONSUME(word('shared')) },
      { ALT: () => this.CONSUME(word('fragment')) },
      { ALT: () => this.CONSUME(word('local')) },
    ]);
    const name = this.CONSUME(Identifier);
    this.CONSUME(COLON);
    const dtype = this.CONSUME2(Identifier);
    this.CONSUME(LBRACK);
    const shape = this.SUBRULE(this.literals);
    this.CONSUME(RBRACK);
    const modifiers = this.SUBRULE(this.modifiers);
    return { scope, name, dtype, shape, modifiers, span: this.SUBRULE(this.span) };
  });

  private readonly modifiers = this.RULE('modifiers', (): SynModifier[] => {
    const list: SynModifier[] = [];
    this.MANY({
      // A statement may follow, but none starts with a name and a parenthesis.
      GATE: () => !this.is(Identifier) || this.is(LPAREN, 2),
      DEF: () =>
        this.OR([
          { ALT: () => list.push({ token: this.CONSUME(LayoutText), args: [] }) },
          { ALT: () => list.push({ token: this.CONSUME(word('clear')), args: [] }) },
          { ALT: () => list.push({ token: this.CONSUME(word('reverse')), args: [] }) },
          { ALT: () => list.push({ token: this.CONSUME(word('async')), args: [] }) },
          {
            ALT: () => {
              const token = this.CONSUME(Identifier);
              const args: IToken[] = [];
              this.CONSUME(LPAREN);
              this.MANY_SEP({ SEP: COMMA, DEF: () => args.push(this.SUBRULE(this.modifierArg)) });
              this.CONSUME(RPAREN);
              list.push({ token, args });
            },
          },
        ]),
    });
    return list;
  });

  private readonly modifierArg = this.RULE(
    'modifierArgument',
    (): IToken =>
      this.OR([
        { ALT: () => this.CONSUME(Literal) },
        { ALT: () => this.CONSUME(Text) },
        { ALT: () => this.CONSUME(Identifier) },
      ]),
  );

  private readonly span = this.RULE('span', (): Span | undefined => {
    const all: IToken[] = [];
    this.OPTION(() => {
      all.push(this.CONSUME(SpanText));
      this.MANY({
        GATE: () => this.is(SpanText, 2),
        DEF: () => {
          this.CONSUME(word('via'));
          all.push(this.CONSUME2(SpanText));
        },
      });
    });
    return this.ACTION(() =>
      all.reduceRight<Span | undefined>((via, t) => ({ ...readSpan(t.image), ...(via ? { via } : {}) }), undefined),
    );
  });

  // --------------------------------------------------------------------------------------------------- statements

  private readonly stmts = this.RULE('statements', (): SynStmt[] => {
    const list: SynStmt[] = [];
    this.MANY(() => list.push(this.SUBRULE(this.stmt)));
    return list;
  });

  private readonly stmt = this.RULE(
    'statement',
    (): SynStmt =>
      this.OR([
        { ALT: () => this.SUBRULE(this.binding) },
        { ALT: () => this.SUBRULE(this.setStmt) },
        { ALT: () => this.SUBRULE(this.forStmt) },
        { ALT: () => this.SUBRULE(this.parallelStmt) },
        { ALT: () => this.SUBRULE(this.ifStmt) },
        { ALT: () => this.SUBRULE(this.whileStmt) },
        { ALT: () => this.SUBRULE(this.simpleStmt) },
        { ALT: () => this.SUBRULE(this.copyStmt) },
        { ALT: () => this.SUBRULE(this.fillStmt) },
        { ALT: () => this.SUBRULE(this.gemmStmt) },
        { ALT: () => this.SUBRULE(this.reduceStmt) },
        { ALT: () => this.SUBRULE(this.atomicStmt) },
        { ALT: () => this.SUBRULE(this.printStmt) },
        { ALT: () => this.SUBRULE(this.assertStmt) },
      ]),
  );

  private readonly binding = this.RULE('binding', (): SynStmt => {
    const token = this.OR([{ ALT: () => this.CONSUME(word('let')) }, { ALT: () => this.CONSUME(word('var')) }]);
    const name = this.CONSUME(Identifier);
    this.CONSUME(COLON);
    const dtype = this.CONSUME2(Identifier);
    this.CONSUME(EQUALS);
    const value = this.SUBRULE(this.expr);
    return { kind: token.image === 'let' ? 'let' : 'var', token, name, dtype, value, span: this.SUBRULE(this.span) };
  });

  private readonly setStmt = this.RULE('assignment', (): SynStmt => {
    const token = this.CONSUME(Identifier);
    const indices = this.OPTION(() => this.SUBRULE(this.indices));
    this.CONSUME(EQUALS);
    const value = this.SUBRULE(this.expr);
    return { kind: 'set', token, indices, value, span: this.SUBRULE(this.span) };
  });

  private readonly indices = this.RULE('indices', (): SynExpr[] => {
    this.CONSUME(LBRACK);
    const list = this.SUBRULE(this.exprs);
    this.CONSUME(RBRACK);
    return list;
  });

  private readonly forStmt = this.RULE('forLoop', (): SynStmt => {
    const token = this.CONSUME(word('for'));
    const v = this.CONSUME(Identifier);
    this.CONSUME(word('in'));
    const loop = this.CONSUME2(Identifier);
    this.CONSUME(LPAREN);
    const args = this.SUBRULE(this.exprs);
    this.CONSUME(RPAREN);
    const modifiers = this.SUBRULE(this.modifiers);
    const { body, span } = this.SUBRULE(this.block);
    return { kind: 'for', token, v, loop, args, modifiers, body, span };
  });

  private readonly parallelStmt = this.RULE('parallelLoop', (): SynStmt => {
    const token = this.CONSUME(word('parallel'));
    const vars: IToken[] = [];
    this.CONSUME(LPAREN);
    this.MANY_SEP({ SEP: COMMA, DEF: () => vars.push(this.CONSUME(Identifier)) });
    this.CONSUME(RPAREN);
    this.CONSUME(word('in'));
    this.CONSUME2(LPAREN);
    const extents = this.SUBRULE(this.literals);
    this.CONSUME2(RPAREN);
    const modifiers = this.SUBRULE(this.modifiers);
    const { body, span } = this.SUBRULE(this.block);
    return { kind: 'parallel', token, vars, extents, modifiers, body, span };
  });

  private readonly block = this.RULE('block', (): { body: SynStmt[]; span?: Span } => {
    this.CONSUME(LBRACE);
    const span = this.SUBRULE(this.span);
    const body = this.SUBRULE(this.stmts);
    this.CONSUME(RBRACE);
    return { body, span };
  });

  private readonly ifStmt = this.RULE('ifStatement', (): SynStmt => {
    const token = this.CONSUME(word('if'));
    const cond = this.SUBRULE(this.expr);
    const { body, span } = this.SUBRULE(this.block);
    const otherwise = this.OPTION(() => {
      this.CONSUME(word('else'));
      return this.OR([{ ALT: () => [this.SUBRULE(this.ifStmt)] }, { ALT: () => this.SUBRULE2(this.block).body }]);
    });
    return { kind: 'if', token, cond, then: body, else: otherwise ?? [], span };
  });

  private readonly whileStmt = this.RULE('whileLoop', (): SynStmt => {
    const token = this.CONSUME(word('while'));
    const cond = this.SUBRULE(this.expr);
    const { body, span } = this.SUBRULE(this.block);
    return { kind: 'while', token, cond, body, span };
  });

  private readonly simpleStmt = this.RULE('simpleStatement', (): SynStmt => {
    const bare = (kind: 'break' | 'continue' | 'return' | 'commitGroup' | 'barrier') => ({
      ALT: (): SynStmt => ({ kind, token: this.CONSUME(word(kind)), span: undefined }),
    });
    const stmt = this.OR([
      bare('break'),
      bare('continue'),
      bare('return'),
      bare('commitGroup'),
      bare('barrier'),
      {
        ALT: (): SynStmt => ({
          kind: 'waitGroup',
          token: this.CONSUME(word('waitGroup')),
          pending: this.CONSUME(Literal),
        }),
      },
    ]);
    const span = this.SUBRULE(this.span);
    return { ...stmt, span };
  });

  private readonly copyStmt = this.RULE('copyStatement', (): SynStmt => {
    const token = this.OR([{ ALT: () => this.CONSUME(word('copy')) }, { ALT: () => this.CONSUME(word('cumsum')) }]);
    const src = this.SUBRULE(this.region);
    this.CONSUME(ARROW);
    const dst = this.SUBRULE2(this.region);
    const modifiers = this.SUBRULE(this.modifiers);
    return {
      kind: token.image === 'copy' ? 'copy' : 'cumsum',
      token,
      src,
      dst,
      modifiers,
      span: this.SUBRULE(this.span),
    };
  });

  private readonly fillStmt = this.RULE('fillStatement', (): SynStmt => {
    const token = this.CONSUME(word('fill'));
    const value = this.SUBRULE(this.expr);
    this.CONSUME(ARROW);
    const dst = this.SUBRULE(this.region);
    return { kind: 'fill', token, value, dst, span: this.SUBRULE(this.span) };
  });

  private readonly gemmStmt = this.RULE('gemmStatement', (): SynStmt => {
    const token = this.CONSUME(word('gemm'));
    const a = this.SUBRULE(this.operand);
    this.CONSUME(COMMA);
    const b = this.SUBRULE2(this.operand);
    this.CONSUME(ARROW);
    const c = this.SUBRULE3(this.region);
    const modifiers = this.SUBRULE(this.modifiers);
    return { kind: 'gemm', token, a, b, c, modifiers, span: this.SUBRULE(this.span) };
  });

  private readonly operand = this.RULE(
    'operand',
    (): SynRegion =>
      this.OR([
        {
          GATE: () => this.is(LPAREN, 2),
          ALT: () => {
            this.CONSUME(word('transpose'));
            this.CONSUME(LPAREN);
            const r = this.SUBRULE(this.region);
            this.CONSUME(RPAREN);
            return { ...r, transposed: true };
          },
        },
        { ALT: () => this.SUBRULE2(this.region) },
      ]),
  );

  private readonly reduceStmt = this.RULE('reduceStatement', (): SynStmt => {
    const token = this.CONSUME(word('reduce'));
    const op = this.CONSUME(Identifier);
    const src = this.SUBRULE(this.region);
    this.CONSUME(ARROW);
    const dst = this.SUBRULE2(this.region);
    const modifiers = this.SUBRULE(this.modifiers);
    return { kind: 'reduce', token, op, src, dst, modifiers, span: this.SUBRULE(this.span) };
  });

  private readonly atomicStmt = this.RULE('atomicStatement', (): SynStmt => {
    const token = this.CONSUME(word('atomic'));
    const op = this.CONSUME(Identifier);
    const value = this.SUBRULE(this.expr);
    this.CONSUME(ARROW);
    const buffer = this.CONSUME2(Identifier);
    const indices = this.SUBRULE(this.indices);
    return { kind: 'atomic', token, op, value, buffer, indices, span: this.SUBRULE(this.span) };
  });

  private readonly printStmt = this.RULE('printStatement', (): SynStmt => {
    const token = this.CONSUME(word('print'));
    const format = this.CONSUME(Text);
    const args: SynExpr[] = [];
    this.MANY(() => {
      this.CONSUME(COMMA);
      args.push(this.SUBRULE(this.expr));
    });
    return { kind: 'print', token, format, args, span: this.SUBRULE(this.span) };
  });

  private readonly assertStmt = this.RULE('assertStatement', (): SynStmt => {
    const token = this.CONSUME(word('assert'));
    const cond = this.SUBRULE(this.expr);
    this.CONSUME(COMMA);
    const message = this.CONSUME(Text);
    return { kind: 'assert', token, cond, message, span: this.SUBRULE(this.span) };
  });

  private readonly region = this.RULE('region', (): SynRegion => {
    const token = this.CONSUME(Identifier);
    const box = this.OPTION(() => {
      this.CONSUME(LBRACK);
      const origin = this.SUBRULE(this.exprs);
      this.CONSUME(SEMI);
      const extent = this.SUBRULE(this.literals);
      this.CONSUME(RBRACK);
      return { origin, extent };
    });
    const slot = this.OPTION2(() => {
      this.CONSUME(DOT);
      this.CONSUME(word('slot'));
      this.CONSUME(LPAREN);
      const e = this.SUBRULE(this.expr);
      this.CONSUME(RPAREN);
      return e;
    });
    return { token, box, slot, transposed: false };
  });

  private readonly literals = this.RULE('numbers', (): IToken[] => {
    const list: IToken[] = [];
    this.MANY_SEP({ SEP: COMMA, DEF: () => list.push(this.CONSUME(Literal)) });
    return list;
  });

  // -------------------------------------------------------------------------------------------------- expressions

  private readonly exprs = this.RULE('expressions', (): SynExpr[] => {
    const list: SynExpr[] = [];
    this.MANY_SEP({ SEP: COMMA, DEF: () => list.push(this.SUBRULE(this.expr)) });
    return list;
  });

  readonly expr = this.RULE('expression', (): SynExpr => {
    const operands: SynExpr[] = [this.SUBRULE(this.unary)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(Infix));
      operands.push(this.SUBRULE2(this.unary));
    });
    return this.ACTION(() => byPrecedence(operands, operators));
  });

  readonly wholeExpr = this.RULE('wholeExpression', (): SynExpr => {
    const e = this.SUBRULE(this.expr);
    this.CONSUME(EOF);
    return e;
  });

  private readonly unary = this.RULE(
    'unaryExpression',
    (): SynExpr =>
      this.OR([
        {
          GATE: () => this.is(Literal, 2),
          ALT: (): SynExpr => {
            this.CONSUME(Minus);
            return { kind: 'literal', token: this.CONSUME(Literal), negative: true };
          },
        },
        {
          ALT: (): SynExpr => {
            const token = this.OR2([
              { ALT: () => this.CONSUME2(Minus) },
              { ALT: () => this.CONSUME(Bang) },
              { ALT: () => this.CONSUME(Tilde) },
            ]);
            return { kind: 'unary', token, a: this.SUBRULE(this.unary) };
          },
        },
        { ALT: () => this.SUBRULE(this.postfix) },
      ]),
  );

  private readonly postfix = this.RULE('typedExpression', (): SynExpr => {
    let a = this.SUBRULE(this.primary);
    this.MANY(() => {
      this.CONSUME(COLON);
      a = { kind: 'typed', a, dtype: this.CONSUME(Identifier) };
    });
    return a;
  });

  private readonly primary = this.RULE(
    'primary',
    (): SynExpr =>
      this.OR([
        { ALT: (): SynExpr => ({ kind: 'literal', token: this.CONSUME(Literal), negative: false }) },
        {
          ALT: (): SynExpr => {
            this.CONSUME(LPAREN);
            const e = this.SUBRULE(this.expr);
            this.CONSUME(RPAREN);
            return e;
          },
        },
        { ALT: () => this.SUBRULE(this.named) },
      ]),
  );

  private readonly named = this.RULE('named', (): SynExpr => {
    const token = this.CONSUME(Identifier);
    const rest = this.OPTION(() =>
      this.OR([
        { ALT: (): SynExpr => ({ kind: 'load', token, indices: this.SUBRULE(this.indices) }) },
        { ALT: (): SynExpr => ({ kind: 'call', token, ...this.SUBRULE(this.callArgs) }) },
        {
          ALT: (): SynExpr => {
            this.CONSUME(DOT);
            const member = this.CONSUME2(Identifier);
            return { kind: 'call', token, member, ...this.SUBRULE2(this.callArgs) };
          },
        },
      ]),
    );
    return rest ?? { kind: 'name', token };
  });

  private readonly callArgs = this.RULE('arguments', () => {
    this.CONSUME(LPAREN);
    let template: IToken | undefined;
    const args: SynExpr[] = [];
    this.MANY_SEP({
      SEP: COMMA,
      DEF: () =>
        this.OR([
          {
            ALT: () => {
              template = this.CONSUME(Text);
            },
          },
          {
            ALT: () => {
              args.push(this.SUBRULE(this.expr));
            },
          },
        ]),
    });
    const fallback = this.OPTION(() => {
      this.CONSUME(SEMI);
      return this.SUBRULE2(this.expr);
    });
    this.CONSUME(RPAREN);
    return { template, args, fallback };
  });
}

/** A place in the text that the grammar refuses; `token` is undefined at the end. */
export interface SyntaxProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

let shared: { lexer: Lexer; parser: TileParser } | undefined;

function read<X>(text: string, rule: (p: TileParser) => X): X | SyntaxProblem[] {
  shared ??= { lexer: new Lexer([...TOKENS], { positionTracking: 'full' }), parser: new TileParser() };
  const { lexer, parser } = shared;
  const lexed = lexer.tokenize(text);
  if (lexed.errors.length > 0)
    return lexed.errors.map((e) => ({
      message: `\`${text.slice(e.offset, e.offset + 1)}\` starts nothing that Tile IR knows`,
      line: e.line ?? 1,
      column: e.column ?? 1,
      length: e.length,
    }));
  parser.input = lexed.tokens;
  const result = rule(parser);
  if (parser.errors.length === 0) return result;
  const last = lexed.tokens.at(-1);
  return parser.errors.slice(0, 1).map((e) => {
    const atEnd = e.token.tokenType === EOF;
    const t = atEnd ? last : e.token;
    return {
      message: tidy(e.message, atEnd),
      line: (atEnd ? t?.endLine : t?.startLine) ?? 1,
      column: (atEnd ? t?.endColumn : t?.startColumn) ?? 1,
      length: Math.max(1, atEnd ? 1 : e.token.image.length),
    };
  });
}

/** Chevrotain lists every token sequence it would take; one line says it better. */
function tidy(message: string, atEnd: boolean): string {
  const found = atEnd ? 'the end of the text' : /but found(?:: | --> )'([\s\S]*)'(?: <--)?$/.exec(message.trim())?.[1];
  const one = /Expecting token of type --> (.*?) <--/.exec(message)?.[1];
  if (one !== undefined)
    return `expected ${describe(one)}${found === undefined ? '' : `, found ${quote(found, atEnd)}`}`;
  const starts = [...message.matchAll(/^\s*\d+\. \[(.*?)\]$/gm)].map((m) => m[1]!.split(', ')[0]!);
  const choices = [...new Set(starts.map(describe))];
  if (choices.length > 0 && choices.length <= 8)
    return `expected ${choices.join(' or ')}${found === undefined ? '' : `, found ${quote(found, atEnd)}`}`;
  return `${quote(found ?? 'this', atEnd)} is not expected here`;
}

const quote = (found: string, atEnd: boolean): string => (atEnd ? found : `\`${found}\``);

const KINDS: Readonly<Record<string, string>> = {
  Identifier: 'a name',
  Literal: 'a number',
  String: 'a string',
  Operator: 'an operator',
  Span: 'a span',
  EOF: 'the end',
  Layout: '`layout(…)`',
};
const describe = (token: string): string => KINDS[token] ?? `\`${token}\``;

export const readKernel = (text: string): SynKernel | SyntaxProblem[] => read(text, (p) => p.file());
export const readExpr = (text: string): SynExpr | SyntaxProblem[] => read(text, (p) => p.wholeExpr());
