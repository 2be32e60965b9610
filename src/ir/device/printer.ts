/**
 * Device IR as text, to be read by people and compared by tests. Each node has one form, close to Tile IR's where the two
 * mean the same; addresses are `base[offset]`, ranges of registers `array[index : count]`.
 */
import type { DType } from '../dtype.ts';
import type { Span } from '../span.ts';
import { printExpr as printTileExpr } from '../tile/printer.ts';
import { infixOf, printConst, printName, printString } from '../tile/text.ts';
import type { Addr, DExpr, DeviceKernel, DStmt, RegRef, SharedBuffer } from './schema.ts';

export interface DevicePrintOptions {
  /** Ends the statements of a new user's line with `// file:line`. */
  readonly places?: boolean;
}

// ----------------------------------------------------------------------------------------------------- expressions

const ATOM = 12;
const UNARY = 11;
const UNARY_SYMBOL = { neg: '-', not: '!', bitnot: '~' } as const;

export const printDeviceExpr = (e: DExpr): string => expr(e, 0);

/** `level`: the weakest operator that may stand here without parentheses. */
function expr(e: DExpr, level: number): string {
  switch (e.kind) {
    case 'const':
      return printConst(e);
    case 'var':
      return printName(e.name);
    case 'special':
      return e.name;
    case 'unary':
      return wrap(UNARY_SYMBOL[e.op] + (e.a.kind === 'const' ? `(${expr(e.a, 0)})` : expr(e.a, UNARY)), UNARY, level);
    case 'binary': {
      const infix = infixOf(e.op);
      if (!infix) return `${e.op}(${list([e.a, e.b])})`;
      const side = (x: DExpr, min: number): string => {
        const other = x.kind === 'binary' && x.op !== e.op ? infixOf(x.op) : undefined;
        return expr(x, other && (other.shy || infix.shy) ? ATOM : min);
      };
      return wrap(`${side(e.a, infix.level)} ${infix.symbol} ${side(e.b, infix.level + 1)}`, infix.level, level);
    }
    case 'select':
      return `select(${list([e.cond, e.a, e.b])})`;
    case 'cast':
      return `${e.dtype}(${expr(e.a, 0)})`;
    case 'bitcast':
      return `bitcast.${e.dtype}(${expr(e.a, 0)})`;
    case 'call':
      return `${e.fn}(${list(e.args)})`;
    case 'reg':
      return `${printName(e.array)}[${expr(e.index, 0)}]`;
    case 'load':
      return `load.${e.dtype} ${address(e.addr)}`;
    case 'shflXor':
      return `shflXor(${expr(e.a, 0)}, ${e.lanes})`;
    case 'shflUp':
      return `shflUp(${expr(e.a, 0)}, ${e.lanes})`;
    case 'shfl':
      return `shfl(${list([e.a, e.lane])})`;
    case 'ptx':
      return `ptx.${e.dtype}(${[printString(e.template), ...e.args.map((a) => expr(a, 0))].join(', ')})`;
  }
}

const list = (args: readonly DExpr[]): string => args.map((a) => expr(a, 0)).join(', ');
const wrap = (text: string, own: number, level: number): string => (own < level ? `(${text})` : text);

/** `global.f16 Q[i * 4]`, the dtype being that of the elements counted. */
const address = (a: Addr): string => `${a.space}.${a.dtype} ${printName(a.base)}[${expr(a.offset, 0)}]`;
const registers = (r: RegRef, count?: number): string =>
  `${printName(r.array)}[${expr(r.index, 0)}${count === undefined ? '' : ` : ${count}`}]`;

// ------------------------------------------------------------------------------------------------------ statements

const BODY_INDENT = '  ';

class Printer {
  readonly lines: string[] = [];
  private readonly places: boolean;
  private place = '';

  constructor(options: DevicePrintOptions) {
    this.places = options.places ?? false;
  }

  line(indent: string, text: string, span?: Span): void {
    const place = span && span.file !== '' ? `${span.file}:${span.line}` : '';
    const says = this.places && place !== '' && place !== this.place;
    if (place !== '') this.place = place;
    this.lines.push(`${indent}${text}${says ? `  // ${place}` : ''}`);
  }

  block(indent: string, body: readonly DStmt[]): void {
    for (const s of body) this.stmt(indent, s);
  }

  private stmt(indent: string, s: DStmt): void {
    switch (s.kind) {
      case 'comment':
        for (const text of s.text.split('\n')) this.line(indent, `// ${text}`);
        break;
      case 'if':
        this.conditional(indent, '', s);
        break;
      case 'for':
      case 'while':
        this.line(indent, `${headOf(s)} {`, s.span);
        this.block(indent + BODY_INDENT, s.body);
        this.line(indent, '}');
        break;
      default:
        this.line(indent, rowOf(s), s.span);
    }
  }

  private conditional(indent: string, before: string, s: Extract<DStmt, { kind: 'if' }>): void {
    this.line(indent, `${before}if ${expr(s.cond, 0)} {`, s.span);
    this.block(indent + BODY_INDENT, s.then);
    const [only] = s.else;
    if (s.else.length === 1 && only?.kind === 'if') {
      this.conditional(indent, '} else ', only);
      return;
    }
    if (s.else.length > 0) {
      this.line(indent, '} else {');
      this.block(indent + BODY_INDENT, s.else);
    }
    this.line(indent, '}');
  }
}

const unrollText = (unroll: true | number | undefined): string =>
  unroll === undefined ? '' : unroll === true ? ' unroll' : unroll === 1 ? ' rolled' : ` unroll(${unroll})`;

function headOf(s: Extract<DStmt, { kind: 'for' | 'while' }>): string {
  if (s.kind === 'while') return `while ${expr(s.cond, 0)}`;
  return `for ${printName(s.v)}: ${s.start.dtype} in (${list([s.start, s.stop, s.step])})${unrollText(s.unroll)}`;
}

type Row = Exclude<DStmt, { kind: 'comment' | 'if' | 'for' | 'while' }>;

const when = (pred: DExpr | undefined): string => (pred ? ` if ${expr(pred, 0)}` : '');

function rowOf(s: Row): string {
  switch (s.kind) {
    case 'declare':
      return `${s.const ? 'let' : 'var'} ${printName(s.name)}: ${s.dtype} = ${expr(s.value, 0)}`;
    case 'assign':
      return `${printName(s.name)} = ${expr(s.value, 0)}`;
    case 'pointer':
      return `${s.readonly ? 'pointer' : 'mutable pointer'} ${printName(s.name)} = ${address(s.addr)}`;
    case 'registers':
      return `registers ${printName(s.name)}: ${s.dtype}[${s.length}]${s.init ? ` = ${expr(s.init, 0)}` : ''}`;
    case 'setReg':
      return `${printName(s.array)}[${expr(s.index, 0)}] = ${expr(s.value, 0)}`;
    case 'store':
      return `store ${address(s.addr)} = ${expr(s.value, 0)}`;
    case 'loadVec':
      return `loadVec${s.cache ? `.${s.cache}` : ''} ${registers(s.dst, s.count)} <- ${address(s.addr)}${when(s.pred)}`;
    case 'storeVec':
      return `storeVec ${address(s.addr)} <- ${registers(s.src, s.count)}${when(s.pred)}`;
    case 'convert':
      return `convert ${registers(s.dst, s.count)}: ${s.to} <- ${registers(s.src, s.count)}: ${s.from}`;
    case 'cpAsync':
      return `cpAsync.${s.bytes} ${address(s.dst)} <- ${address(s.src)}${when(s.pred)}`;
    case 'cpAsyncCommit':
    case 'warpSync':
    case 'break':
    case 'continue':
    case 'return':
      return s.kind;
    case 'cpAsyncWait':
      return `cpAsyncWait ${s.pending}`;
    case 'barrier':
      return `barrier ${s.id}${s.threads === undefined ? '' : ` over ${s.threads}`}`;
    case 'ldmatrix':
      return `ldmatrix.x${s.matrices}${s.transpose ? '.trans' : ''} ${registers(s.dst)} <- ${address(s.addr)}`;
    case 'mma': {
      const part = (r: RegRef, dtype: DType): string => `${registers(r)}: ${dtype}`;
      return `mma.${s.shape} ${part(s.c, s.cType)} += ${part(s.a, s.aType)} * ${part(s.b, s.bType)}`;
    }
    case 'atomic':
      return `atomic.${s.op} ${address(s.addr)}, ${expr(s.value, 0)}`;
    case 'print':
      return `print ${[printString(s.format), ...s.args.map((a) => expr(a, 0))].join(', ')}`;
    case 'assert':
      return `assert ${expr(s.cond, 0)}, ${printString(s.message)}`;
  }
}

export function printDeviceStmts(body: readonly DStmt[], options: DevicePrintOptions = {}): string {
  const p = new Printer(options);
  p.block('', body);
  return p.lines.join('\n');
}

// --------------------------------------------------------------------------------------------------------- kernels

const sharedBuffer = (b: SharedBuffer): string =>
  `shared ${printName(b.name)}: ${b.dtype}[${b.length}] at ${b.offset}${b.comment === undefined ? '' : `  // ${b.comment}`}`;

export function printDevice(k: DeviceKernel, options: DevicePrintOptions = {}): string {
  const p = new Printer(options);
  const params = k.params.map((x) => {
    const written = k.writes.includes(x.name) ? 'mutable ' : '';
    return x.kind === 'tensor' ? `${written}${printName(x.name)}: ${x.dtype}*` : `${printName(x.name)}: ${x.dtype}`;
  });
  const dims = k.dims.map((d) => `${printName(d.name)}: i32${d.multipleOf === 1 ? '' : ` % ${d.multipleOf}`}`);
  p.line('', `device ${printName(k.name)}(${[...params, ...dims].join(', ')})`, k.span);
  const bounds = k.minBlocks === undefined ? '' : ` minBlocks(${k.minBlocks})`;
  p.line('  ', `grid(${k.grid.map((e) => printTileExpr(e)).join(', ')}) threads(${k.threads})${bounds}`);
  p.line('  ', `sharedBytes(${k.sharedBytes})`);
  for (const b of k.shared) p.line('  ', sharedBuffer(b));
  p.line('', '{');
  p.block(BODY_INDENT, k.prologue);
  for (const r of k.roles) {
    p.line(BODY_INDENT, `role ${printName(r.name)} warps(${r.warps[0]} … ${r.warps[1] - 1}) {`);
    p.block(BODY_INDENT.repeat(2), r.body);
    p.line(BODY_INDENT, '}');
  }
  p.line('', '}');
  return `${p.lines.join('\n')}\n`;
}
