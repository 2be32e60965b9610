/**
 * The text of rules → `Rule`. It loads chevrotain (240 ms), so programs read the rules that `generate.ts` parsed ahead
 * (`precompiled.ts`), and only that tool and the tests come here.
 *
 *   rule    := unary (operator unary)*
 *   unary   := ('-' | '!') unary | primary
 *   primary := number | 'text' | true | false | name | name '[' rule ']' | '(' rule ')'
 *            | function '(' rule, … ')' | quantifier '(' name '<' rule ',' rule ')'
 */
import { createToken, EmbeddedActionsParser, type IToken, Lexer } from 'chevrotain';
import {
  type Binary,
  FUNCTIONS,
  type FunctionName,
  levelOf,
  QUANTIFIERS,
  type Quantifier,
  type Rule,
  value,
} from './ast.ts';

const Space = createToken({ name: 'Space', pattern: /\s+/, group: Lexer.SKIPPED });
const Num = createToken({ name: 'Number', pattern: /\d+(?:\.\d+)?(?:e-?\d+)?/ });
const Text = createToken({ name: 'Text', pattern: /'[^'\n]*'/ });
const Name = createToken({ name: 'Name', pattern: /[A-Za-z_]\w*/ });
const Each = createToken({ name: 'Quantifier', pattern: new RegExp(QUANTIFIERS.join('|')), longer_alt: Name });
const Func = createToken({ name: 'Function', pattern: new RegExp(Object.keys(FUNCTIONS).join('|')), longer_alt: Name });
const Infix = createToken({ name: 'Operator', pattern: Lexer.NA });
const Less = createToken({ name: '<', pattern: '<', categories: [Infix] });
const Minus = createToken({ name: '-', pattern: '-', categories: [Infix] });
const Other = createToken({ name: 'Infix', pattern: /==|!=|<=|>=|&&|\|\||>|[+*/%]/, categories: [Infix] });
const Bang = createToken({ name: '!', pattern: '!' });
const punct = (p: string) => createToken({ name: p, pattern: p });
const [LPAREN, RPAREN, LBRACK, RBRACK, COMMA] = [punct('('), punct(')'), punct('['), punct(']'), punct(',')];

const TOKENS = [
  Space,
  Num,
  Text,
  Each,
  Func,
  Name,
  Other,
  Less,
  Minus,
  Infix,
  Bang,
  LPAREN,
  RPAREN,
  LBRACK,
  RBRACK,
  COMMA,
];
const lexer = new Lexer(TOKENS, { positionTracking: 'onlyOffset' });

function byPrecedence(operands: readonly Rule[], operators: readonly Binary[]): Rule {
  let next = 0;
  const climb = (min: number): Rule => {
    let left = operands[next]!;
    for (;;) {
      const op = operators[next];
      if (op === undefined || levelOf(op) < min) return left;
      next++;
      left = { k: 'bin', op, a: left, b: climb(levelOf(op) + 1) };
    }
  };
  return climb(0);
}

class RuleParser extends EmbeddedActionsParser {
  constructor() {
    super(TOKENS, { recoveryEnabled: false });
    this.performSelfAnalysis();
  }

  readonly rule = this.RULE('rule', (): Rule => {
    const operands = [this.SUBRULE(this.unary)];
    const operators: Binary[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(Infix).image as Binary);
      operands.push(this.SUBRULE2(this.unary));
    });
    return this.ACTION(() => byPrecedence(operands, operators));
  });

  private readonly unary: (idx?: number) => Rule = this.RULE(
    'unary',
    (): Rule =>
      this.OR<Rule>([
        {
          ALT: () => {
            this.CONSUME(Minus);
            const a = this.SUBRULE(this.unary);
            return this.ACTION(
              (): Rule => (a.k === 'value' && typeof a.v === 'number' ? value(-a.v) : { k: 'un', op: '-', a }),
            );
          },
        },
        {
          ALT: () => {
            this.CONSUME(Bang);
            return { k: 'un', op: '!', a: this.SUBRULE2(this.unary) };
          },
        },
        { ALT: () => this.SUBRULE(this.primary) },
      ]),
  );

  private readonly primary: (idx?: number) => Rule = this.RULE(
    'primary',
    (): Rule =>
      this.OR<Rule>([
        { ALT: () => value(Number(this.CONSUME(Num).image)) },
        { ALT: () => value(this.CONSUME(Text).image.slice(1, -1)) },
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.each) },
        {
          ALT: () => {
            this.CONSUME(LPAREN);
            const inner = this.SUBRULE(this.rule);
            this.CONSUME(RPAREN);
            return inner;
          },
        },
        {
          ALT: () => {
            const n = this.CONSUME(Name).image;
            const i = this.OPTION(() => {
              this.CONSUME(LBRACK);
              const at = this.SUBRULE2(this.rule);
              this.CONSUME(RBRACK);
              return at;
            });
            return this.ACTION((): Rule => {
              if (i !== undefined) return { k: 'at', list: n, i };
              return n === 'true' || n === 'false' ? value(n === 'true') : { k: 'name', n };
            });
          },
        },
      ]),
  );

  private readonly call: (idx?: number) => Rule = this.RULE('call', (): Rule => {
    const token: IToken = this.CONSUME(Func);
    const args: Rule[] = [];
    this.CONSUME(LPAREN);
    this.AT_LEAST_ONE_SEP({ SEP: COMMA, DEF: () => args.push(this.SUBRULE(this.rule)) });
    this.CONSUME(RPAREN);
    return this.ACTION((): Rule => {
      const fn = token.image as FunctionName;
      if (args.length !== FUNCTIONS[fn])
        throw new RuleSyntaxError(`${fn} takes ${FUNCTIONS[fn]} arguments, not ${args.length}`);
      return { k: 'call', fn, args };
    });
  });

  private readonly each: (idx?: number) => Rule = this.RULE('each', (): Rule => {
    const q = this.CONSUME(Each).image as Quantifier;
    this.CONSUME(LPAREN);
    const v = this.CONSUME(Name).image;
    this.CONSUME(Less);
    const n = this.SUBRULE(this.rule);
    this.CONSUME(COMMA);
    const body = this.SUBRULE2(this.rule);
    this.CONSUME(RPAREN);
    return { k: 'each', q, v, n, body };
  });
}

/** The text of a rule cannot be read. */
export class RuleSyntaxError extends Error {
  override readonly name = 'RuleSyntaxError';
}

let parser: RuleParser | undefined;

/** Throws `RuleSyntaxError`, which quotes the text. */
export function parseRule(text: string): Rule {
  const refuse = (what: string): never => {
    throw new RuleSyntaxError(`rule \`${text}\`: ${what}`);
  };
  const { tokens, errors } = lexer.tokenize(text);
  if (errors[0]) refuse(errors[0].message);
  parser ??= new RuleParser();
  parser.input = tokens;
  try {
    const rule = parser.rule();
    if (parser.errors[0]) refuse(parser.errors[0].message);
    return rule;
  } catch (error) {
    if (error instanceof RuleSyntaxError && !error.message.startsWith('rule `')) return refuse(error.message);
    throw error;
  }
}
