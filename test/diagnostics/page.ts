/** docs/diagnostics.md, made from what the compiler says to the cases. */
import { CaptureError } from '../../src/dsl/capture-error.ts';
import { dedent } from '../frontend/text.ts';
import { CASES, type Case } from './cases.ts';
import { diagnose } from './diagnose.ts';

const CHAPTERS: Readonly<Record<string, string>> = {
  TL01: 'Syntax, staging and capture',
  TL02: 'Dtypes and values',
  TL03: 'The grid, tiles, and what works on them',
  TL04: 'T.Parallel',
  TL05: 'Layouts',
  TL06: 'Shared memory',
  TL07: 'Targets, and what is slower than it looks',
};

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\`\n`;

function example(c: Case): string {
  const e = diagnose(c, c.source);
  if (!e) throw new Error(`the example of ${c.code} compiles`);
  const fix = c.fix === undefined ? '' : `\nInstead:\n\n${block('ts', c.fix)}`;
  return block('text', e.message) + fix;
}

function entry(code: string): string {
  if (code === 'TL0190') return block('text', new CaptureError('kernel `gemm`').message);
  return CASES.filter((c) => c.code === code)
    .map(example)
    .join('\n');
}

/** Every documented code, in order. */
export const CODES: readonly string[] = [...new Set([...CASES.map((c) => c.code), 'TL0190'])].sort();

export function page(): string {
  const chapters = Object.entries(CHAPTERS).map(([prefix, title]) => {
    const codes = CODES.filter((c) => c.startsWith(prefix));
    return `## ${title}\n\n${codes.map((c) => `### ${c}\n\n${entry(c)}`).join('\n')}`;
  });
  return `${dedent(`
    # Diagnostics

    What the compiler says, with the line it says it about, and a way out. Each example is compiled by
    \`test/diagnostics/page.test.ts\`, which also writes this page (\`UPDATE_DOCS=1 npx vitest run test/diagnostics\`).
    The examples stand in a kernel over tensors \`A\`, \`B\` (f32), \`H\` (f16), \`I\` (i32), \`L\` (i64), \`U\` (u32), \`D\` (u8) and
    \`P\` (bool), scalars \`s\` (f32) and \`c\` (i32), and one block index \`bx\`.

    Warnings (from TL0711) stop nothing: \`tilec compile\` shows them, and \`kernel.compile()\` gives them in \`info.warnings\`.

    Codes from TL0801 are about Tile IR as text, from TL0820 about defects of the compiler itself, and from TL0901 about
    what the CPU backend finds while a kernel runs.
  `)}\n\n${chapters.join('\n')}`;
}
