/**
 * A user's file and the files it imports, turned into plain modules whose imports can be pointed anywhere. It spares the
 * command line Node's loader thread, which costs more than all the rest of a warm start.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { importNotFound, syntaxError } from '../../diagnostics/messages/cli.ts';
import { compileError, diagnostic } from '../../diagnostics/report.ts';
import { stripTypes } from '../../dsl/capture/loader.ts';
import { ownModule } from '../../dsl/capture/own.ts';
import { transform } from '../../dsl/capture/transform.ts';
import type { Span } from '../../ir/span.ts';

/** An import in the JavaScript of a module: the literal at [start, end) stands for another file, or a URL. */
export interface Link {
  readonly start: number;
  readonly end: number;
  readonly to: { readonly file: string } | { readonly url: string };
}

export interface Module {
  /** Absolute path of the TypeScript. */
  readonly path: string;
  readonly text: string;
  /** With captures, without types; ends with its source map. */
  readonly code: string;
  readonly links: readonly Link[];
}

export interface Graph {
  /** The entry first. */
  readonly modules: readonly Module[];
  /** Files whose appearance would change what an import means. */
  readonly absent: readonly string[];
}

/**
 * Undefined where imports must be resolved by Node: packages, JavaScript files, `import.meta`, computed imports. Throws
 * `CompileError` for what does not parse and for files that are not there.
 */
export function collectGraph(entry: string): Graph | undefined {
  const modules = new Map<string, Module>();
  const absent: string[] = [];
  const pending = [entry];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (modules.has(path)) continue;
    const module = read(path, absent);
    if (!module) return undefined;
    modules.set(path, module);
    for (const { to } of module.links) if ('file' in to) pending.push(to.file);
  }
  return { modules: [...modules.values()], absent };
}

const isModule = (path: string): boolean => /\.m?ts$/.test(path) && !/\.d\.m?ts$/.test(path);

function read(path: string, absent: string[]): Module | undefined {
  if (!isModule(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  const { errors } = parseSync(path, text, { sourceType: 'module' });
  const faults = errors.filter((e) => e.severity === 'Error');
  if (faults.length > 0)
    throw compileError(
      faults.map((e) =>
        diagnostic(syntaxError(e.message), spanOf(path, text, e.labels[0]?.start ?? 0, e.labels[0]?.end)),
      ),
    );

  const code = stripTypes(transform(text, path).code, path);
  const { module } = parseSync(`${path}.mjs`, code, { sourceType: 'module' });
  if (module.importMetas.length > 0) return undefined;
  const requests = [
    ...module.staticImports.map((i) => i.moduleRequest),
    ...module.staticExports.flatMap((e) => e.entries.flatMap((x) => x.moduleRequest ?? [])),
    ...module.dynamicImports.map((i) => i.moduleRequest),
  ];
  const links: Link[] = [];
  // One `export … from` has an entry for each name.
  const seen = new Set<number>();
  for (const { start, end } of requests) {
    if (seen.has(start)) continue;
    seen.add(start);
    const literal = /^(['"])([^'"\\]*)\1$/.exec(code.slice(start, end));
    if (!literal) return undefined;
    const to = target(literal[2]!, path, text, absent);
    if (to === undefined) return undefined;
    if (to) links.push({ start, end, to });
  }
  return { path, text, code, links };
}

/** Where an import leads; null for what needs no change, undefined for what only Node can tell. */
function target(specifier: string, from: string, text: string, absent: string[]): Link['to'] | null | undefined {
  if (isBuiltin(specifier)) return null;
  const own = ownModule(specifier);
  if (own) return { url: own };
  if (!/^(\.{0,2}\/|file:)/.test(specifier)) return undefined;
  const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(dirname(from), decodeURI(specifier));
  if (existsSync(path)) return isModule(path) ? { file: path } : undefined;
  const typescript = path.replace(/\.(m?)js$/, '.$1ts');
  if (typescript === path || !existsSync(typescript)) {
    const at = text.search(new RegExp(`(['"])${specifier.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\1`));
    throw compileError([
      diagnostic(importNotFound(specifier), spanOf(from, text, Math.max(at, 0), at + specifier.length + 2)),
    ]);
  }
  absent.push(path);
  return { file: typescript };
}

function spanOf(file: string, text: string, start: number, end = start + 1): Span {
  const place = (offset: number): { line: number; column: number } => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  };
  const last = place(end);
  return { file, ...place(start), endLine: last.line, endColumn: last.column };
}
