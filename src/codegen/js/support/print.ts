/** T.print. */

/** Writes a line in which each `{}` is the next argument. */
export function printLine(format: string, ...args: readonly (number | bigint | boolean | string)[]): void {
  let next = 0;
  console.log(format.replace(/\{\}/g, (hole) => (next < args.length ? String(args[next++]) : hole)));
}

/** The fewest digits that read back as the same f32. */
export function shortF32(x: number): number {
  let digits = 1;
  while (digits < 9 && Math.fround(Number(x.toPrecision(digits))) !== x) digits++;
  return Number.isFinite(x) ? Number(x.toPrecision(digits)) : x;
}
