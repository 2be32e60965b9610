/** What is printed where: results on stdout, all else on stderr; colour and progress for people only. */
import type { WriteStream } from 'node:tty';

/** Does the stream show colours? NO_COLOR, FORCE_COLOR and TERM=dumb are respected. */
export function hasColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && (stream as WriteStream).hasColors();
}

export interface Paint {
  bold(s: string): string;
  dim(s: string): string;
  red(s: string): string;
  yellow(s: string): string;
  green(s: string): string;
}

export function paintFor(stream: NodeJS.WriteStream): Paint {
  const on = hasColor(stream);
  const sgr =
    (code: number) =>
    (s: string): string =>
      on ? `\u001b[${code}m${s}\u001b[0m` : s;
  return { bold: sgr(1), dim: sgr(2), red: sgr(31), yellow: sgr(33), green: sgr(32) };
}

/** Shows what is being done, on one line that goes away again; nothing where nobody watches. */
export function progress(text: string | undefined): void {
  if (process.stderr.isTTY !== true) return;
  process.stderr.write(`\r\u001b[K${text === undefined ? '' : `${text} …`}`);
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));
/** An error in a sentence. */
export const tellError = (why: string): void => tell(`${paintFor(process.stderr).red('error')}: ${why}`);

/** What an error says, whatever was thrown. */
export const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));
