/** What the compiler says to statements, without what the lines around them add. */
import { diagnose } from './diagnose.ts';

/** `error …`, the marked lines (`> …`, with `^` below what is meant), notes and hints; nothing where it compiles. */
export function shown(source: string): readonly string[] {
  const e = diagnose({ code: 'TL0000', source }, source);
  return (e?.message.split('\n') ?? []).flatMap((line) => {
    if (/^(error|note|hint)/.test(line)) return [line];
    const marked = /^ {2}(?:> +\d+| +) \|(.*)$/.exec(line);
    return marked ? [`${line.startsWith('  >') ? '>' : ' '}${marked[1]!.replace(/^ {5}/, ' ')}`] : [];
  });
}
