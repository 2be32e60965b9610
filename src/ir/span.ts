/** Where in the user's source a node comes from. Lines and columns count from 1; `endColumn` is exclusive. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** For a node that came out of a macro: the span of the call, itself possibly inside another macro. */
  readonly via?: Span;
}

/** The span of nodes that no user line stands behind (tests, generated programs). */
export const NO_SPAN: Span = { file: '', line: 0, column: 0 };
