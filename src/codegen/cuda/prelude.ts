/**
 * The device functions that emitted kernels stand on, read from `prelude/*.cuh`. A file is cut into pieces by lines
 * `//: name <- a, b`; a kernel gets the pieces it uses and what these stand on, in the files' order.
 */
import { readFileSync } from 'node:fs';
import type { Target } from '../../ir/target.ts';

const FILES = ['types', 'convert', 'math', 'memory', 'mma', 'atomic'] as const;

export interface Piece {
  readonly name: string;
  readonly needs: readonly string[];
  readonly text: string;
}

let loaded: ReadonlyMap<string, Piece> | undefined;

/** All pieces in the order in which they may be emitted. Each stands after what it needs. */
export function pieces(): ReadonlyMap<string, Piece> {
  loaded ??= new Map(FILES.flatMap(readPieces).map((p) => [p.name, p]));
  return loaded;
}

function readPieces(file: string): readonly Piece[] {
  const text = readFileSync(new URL(`./prelude/${file}.cuh`, import.meta.url), 'utf8');
  return text
    .split(/^\/\/: /m)
    .slice(1)
    .map((chunk) => {
      const end = chunk.indexOf('\n');
      const [name, needs] = chunk.slice(0, end).split(' <- ');
      return { name: name!, needs: needs?.split(', ') ?? [], text: chunk.slice(end + 1).trim() };
    });
}

/** The source of the pieces `used` and of all they need, for `target`. Ends with an empty line unless it is empty. */
export function preludeFor(used: ReadonlySet<string>, target: Target): string {
  const wanted = new Set<string>();
  const visit = (name: string): void => {
    if (wanted.has(name)) return;
    const piece = pieces().get(name);
    if (!piece) throw new Error(`the CUDA prelude has no piece named ${name}`);
    wanted.add(name);
    piece.needs.forEach(visit);
  };
  used.forEach(visit);
  const texts = [...pieces().values()]
    .filter((p) => wanted.has(p.name))
    .map((p) => resolveArch(p.text, target.capability))
    .filter((text) => text !== '');
  const blocks = texts.map((text, i) =>
    text.startsWith('using ') && texts[i + 1]?.startsWith('using ') ? text : `${text}\n`,
  );
  return blocks.map((b) => `${b}\n`).join('');
}

/** Keeps the branches of `#if __CUDA_ARCH__ …` that hold for a compute capability (80, 89, 90); other lines are untouched. */
export function resolveArch(text: string, capability: number): string {
  const kept: string[] = [];
  // One entry for each open `#if`: whether its lines are kept, or undefined for conditions that aren't about the arch.
  const open: (boolean | undefined)[] = [];
  for (const line of text.split('\n')) {
    const condition = /^#if __CUDA_ARCH__ (>=|<) (\d+)$/.exec(line);
    if (condition) {
      const reached = capability * 10 >= Number(condition[2]);
      open.push(condition[1] === '>=' ? reached : !reached);
      continue;
    }
    if (line.startsWith('#if')) open.push(undefined);
    const top = open.at(-1);
    if (line === '#else' && top !== undefined) {
      open[open.length - 1] = !top;
      continue;
    }
    if (line === '#endif' && open.pop() !== undefined) continue;
    if (!open.includes(false)) kept.push(line);
  }
  return kept.join('\n').trim();
}

/** The C names that the prelude defines at file scope. */
export function preludeNames(): readonly string[] {
  const definition =
    /^(?:__device__ __forceinline__ (?:[\w:]+[ *]+)+(\w+)\(|struct (\w+)|using (\w+) =|#define (\w+))/gm;
  return [...pieces().values()].flatMap((p) =>
    [...p.text.matchAll(definition)].map((m) => (m[1] ?? m[2] ?? m[3] ?? m[4])!),
  );
}
