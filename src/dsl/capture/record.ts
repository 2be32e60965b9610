/** What the loader appends to each `kernel(…)` and `macro(…)` call: the source and the closure that JavaScript cannot show. */
export interface Capture {
  readonly __tilec: 1;
  /** The function, variable or property that the call defines; 'kernel' where it has no name. */
  readonly name: string;
  /** Absolute path of the original file. */
  readonly file: string;
  /** Where `source` starts in the file, from 1; columns count UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  /** The original text of the function. */
  readonly source: string;
  /** A thunk for each name that the function takes from its surroundings; globals are left out. */
  readonly free: Readonly<Record<string, () => unknown>>;
  /** Those of them that are reassigned somewhere: a kernel cannot read them. */
  readonly mutable: readonly string[];
}
