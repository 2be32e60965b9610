/** The page of operators, from the manifest alone. */
import type { OperatorEntry, ParamEntry, TensorEntry } from './schema.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
];
const code = (text: string): string => `\`${text}\``;

function valuesOf(p: ParamEntry): string {
  switch (p.type) {
    case 'int':
    case 'float': {
      if (p.min === undefined) return p.type;
      return p.max !== undefined ? `${p.type}, ${p.min} … ${p.max}` : `${p.type} ≥ ${p.min}`;
    }
    case 'bool':
      return 'bool';
    case 'choice':
    case 'dtype':
      return p.of.join(', ');
  }
}

const written = ({ role, inPlace = [] }: TensorEntry): string => {
  if (role === 'in') return '';
  const how = role === 'out' ? 'written' : 'changed';
  return inPlace.length > 0 ? `${how}; may be ${inPlace.map(code).join(' or ')}` : how;
};

const tensorRow = (name: string, t: TensorEntry): readonly string[] => [
  code(name),
  `[${t.shape.join(', ')}]`,
  t.dtype,
  written(t),
  t.when ? `${t.doc} (if ${code(t.when)})` : t.doc,
];

function section(e: OperatorEntry): readonly string[] {
  const params = Object.entries(e.params).map(([n, p]) => [
    code(n),
    valuesOf(p),
    p.default === undefined ? 'required' : code(String(p.default)),
    p.doc,
  ]);
  const requires = e.requires.map((r) => code(r.rule)).join(', ');
  const tileRules = e.tileRules.map((r) => code(r.rule)).join(', ');
  return [
    `## ${e.name}`,
    '',
    `${code(e.operator)}: ${e.summary}`,
    '',
    ...table(['parameter', 'values', 'default', ''], params),
    '',
    ...(requires ? [`Must hold: ${requires}.`, ''] : []),
    ...table(
      ['tensor', 'shape', 'dtype', '', ''],
      Object.entries(e.tensors).map(([n, t]) => tensorRow(n, t)),
    ),
    '',
    ...table(
      ['tile', ''],
      Object.entries(e.tiles).map(([n, doc]) => [code(n), doc]),
    ),
    '',
    ...(tileRules ? [`Of tiles that are chosen must hold: ${tileRules}.`, ''] : []),
    `FLOPs: ${code(e.roofline.flops)}`,
    '',
    `Bytes: ${code(e.roofline.bytes)}`,
    '',
    `Workloads: ${e.workloads.map((w) => w.name).join(', ')}`,
    '',
  ];
}

/** docs/operators.md. */
export function operatorTable(entries: readonly OperatorEntry[]): string {
  return [
    '# Operators',
    '',
    'Written by `manifest/generate.ts` from `manifest/`; shapes and formulas here are the rules that validation, random',
    'inputs and benchmarks evaluate. All tensors are contiguous. What a call writes shares no memory with its other tensors,',
    'but where a table says that it may be one of them. Tiles are what the option `config` may choose: positive integers that',
    'change how fast a call is, and never what it computes. Without it, or with `tune`, the operator chooses.',
    '',
    ...table(
      ['operator', 'class', ''],
      entries.map((e) => [`[${e.name}](#${e.name})`, code(e.operator), e.summary]),
    ),
    '',
    ...entries.flatMap(section),
  ].join('\n');
}
