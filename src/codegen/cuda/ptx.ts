/** Inline PTX as small device functions, so that it can stand within an expression. */
import type { DType } from '../../ir/dtype.ts';
import { bitcastText, castText } from './casts.ts';
import type { Context } from './context.ts';
import { C_TYPES, isNarrowFloat } from './types.ts';

/** In which dtype a value enters or leaves `asm`: what C has a register class for. */
function carrier(d: DType): DType {
  if (isNarrowFloat(d)) return d === 'f16' || d === 'bf16' ? 'u16' : 'u32';
  return d === 'i8' || d === 'u8' || d === 'bool' ? 'u32' : d;
}

const enter = (text: string, d: DType, cx: Context): string => {
  if (!isNarrowFloat(d)) return castText(text, d, carrier(d), cx);
  return d === 'f16' || d === 'bf16' ? `${text}.bits` : castText(`${text}.bits`, 'u8', 'u32', cx);
};

const leave = (text: string, d: DType, cx: Context): string =>
  isNarrowFloat(d)
    ? bitcastText(text, text, d === 'f16' || d === 'bf16' ? 'u16' : 'u8', d, cx)
    : castText(text, carrier(d), d, cx);

/** A call of the function around `template`, which is made on first use. `$0` is the result, `$1` … the inputs, `$$` a dollar sign. */
export function ptxCall(
  template: string,
  types: readonly DType[],
  args: readonly string[],
  result: DType,
  cx: Context,
): string {
  const asm = template
    .replace(/%/g, '%%')
    .replace(/\$(\$|\d+)/g, (_, what: string) => (what === '$' ? '$' : `%${what}`));
  const inputs = types.map((d, i) => `"${C_TYPES[carrier(d)].constraint}"(${enter(`x${i + 1}`, d, cx)})`);
  const params = types.map((d, i) => `${cx.type(d)} x${i + 1}`).join(', ');
  const body = [
    `(${params}) {`,
    `  ${cx.type(carrier(result))} result;`,
    `  asm volatile(${stringLiteral(asm)} : "=${C_TYPES[carrier(result)].constraint}"(result) : ${inputs.join(', ')} : "memory");`,
    `  return ${leave('result', result, cx)};`,
    '}',
  ].join('\n');
  const key = `${cx.type(result)} ${body}`;
  let name = cx.ptx.get(key);
  if (name === undefined) {
    name = `inline_ptx_${cx.ptx.size}`;
    cx.ptx.set(key, name);
  }
  return `${name}(${args.join(', ')})`;
}

/** The definitions of the functions made so far. */
export const ptxFunctions = (cx: Context): string =>
  [...cx.ptx]
    .map(([key, name]) => {
      const space = key.indexOf(' ');
      return `__device__ __forceinline__ ${key.slice(0, space)} ${name}${key.slice(space + 1)}\n\n`;
    })
    .join('');

/** `text` as a C string literal. */
export const stringLiteral = (text: string): string => `"${[...text].map(escaped).join('')}"`;

function escaped(c: string): string {
  if (c === '"' || c === '\\') return `\\${c}`;
  if (c === '\n') return '\\n';
  if (c === '\t') return '\\t';
  const code = c.codePointAt(0)!;
  return code < 32 || code === 127 ? `\\${code.toString(8).padStart(3, '0')}` : c;
}
