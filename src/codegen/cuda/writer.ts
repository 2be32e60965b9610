/** Lines of C with indentation, and a comment wherever the user's line changes. */
import { basename } from 'node:path';
import type { Span } from '../../ir/span.ts';

export class Writer {
  readonly #lines: string[] = [];
  #depth: number;
  #place = '';

  constructor(depth = 0) {
    this.#depth = depth;
  }

  line(text: string): void {
    this.#lines.push(text === '' ? '' : '  '.repeat(this.#depth) + text);
  }

  /** `head {`, the body one level deeper; the closing brace is left to the caller, who may go on after it. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
  }

  /** A comment that says where the following lines come from, unless the last one said the same. */
  place(span: Span | undefined): void {
    if (span === undefined || span.file === '') return;
    const place = placeOf(span);
    if (place !== this.#place) this.line(`// ${place}`);
    this.#place = place;
  }

  toString(): string {
    return this.#lines.map((l) => `${l}\n`).join('');
  }
}

/** `attention.ts:31`; for a macro's line, with the line of the call. */
export const placeOf = (span: Span): string =>
  `${basename(span.file)}:${span.line}${span.via ? `, from ${placeOf(span.via)}` : ''}`;
