/** Lines of JavaScript with indentation, each mapped to the user's line that it comes from. */
import type { Span } from '../../ir/span.ts';
import { placeOf } from '../cuda/writer.ts';
import type { Mapping } from './sourceMap.ts';

export class Writer {
  readonly mappings: Mapping[] = [];
  private readonly lines: string[] = [];
  private depth: number;
  private span: Span | undefined;
  private place = '';

  constructor(depth = 0) {
    this.depth = depth;
  }

  /** The following lines come from here. A comment says so, unless the last one said the same. */
  from(span: Span): void {
    this.span = span.file === '' ? undefined : span;
    if (this.span === undefined) return;
    const place = placeOf(span);
    if (place !== this.place) this.raw(`// ${place}`);
    this.place = place;
  }

  /** The following lines are the backend's own. */
  fromNowhere(): void {
    this.span = undefined;
  }

  line(text: string): void {
    const { span } = this;
    const origin = span && { source: span.file, line: span.line, column: span.column };
    // One without an origin ends what the one before it says.
    if (origin || this.mappings.at(-1)?.origin)
      this.mappings.push({ line: this.lines.length, column: 2 * this.depth, origin });
    this.raw(text);
  }

  /** `head {`, the body one level deeper, `}`. */
  block(head: string, body: () => void): void {
    this.blocks([{ head, body }]);
  }

  /** `head {`, a body, `} head {`, the next one, …, `}`. */
  blocks(parts: readonly { readonly head: string; readonly body: () => void }[]): void {
    const { span } = this;
    parts.forEach(({ head, body }, i) => {
      this.span = span;
      this.line(`${i > 0 ? '} ' : ''}${head === '' ? '' : `${head} `}{`);
      this.depth++;
      body();
      this.depth--;
    });
    this.span = span;
    this.line('}');
  }

  /** The body in a block of its own, if it declares anything. */
  scope(body: () => void): void {
    const first = this.lines.length;
    const mapped = this.mappings.length;
    this.block('', body);
    const inner = '  '.repeat(this.depth + 1);
    const lines = this.lines.slice(first + 1, -1);
    if (lines.some((l) => l.startsWith(`${inner}const `) || l.startsWith(`${inner}let `))) return;
    this.lines.splice(first, Infinity, ...lines.map((l) => l.slice(2)));
    const moved = this.mappings.splice(mapped).filter((m) => m.line !== first && m.line !== first + lines.length + 1);
    this.mappings.push(...moved.map((m) => ({ ...m, line: m.line - 1, column: m.column - 2 })));
  }

  toString(): string {
    return this.lines.map((l) => `${l}\n`).join('');
  }

  private raw(text: string): void {
    this.lines.push(text === '' ? '' : '  '.repeat(this.depth) + text);
  }
}
