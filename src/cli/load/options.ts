/** `-D name=value`: the options that a function which returns a kernel is called with. */
import { badDefinition } from '../../diagnostics/messages/cli.ts';
import { UsageError } from '../exit.ts';

export type OptionValue = number | boolean | string;
export type Options = Readonly<Record<string, OptionValue>>;

const NUMBER = /^[+-]?(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/** Numbers, `true` and `false` are what they look like, all else is text. The last of two of one name counts. */
export function parseDefinitions(texts: readonly string[]): Options {
  return Object.fromEntries(
    texts.map((text) => {
      const m = /^([A-Za-z_$][\w$]*)=(.*)$/.exec(text);
      if (!m) throw new UsageError(badDefinition(text));
      return [m[1]!, parsed(m[2]!)];
    }),
  );
}

function parsed(text: string): OptionValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return NUMBER.test(text) ? Number(text) : text;
}

/** The options, and the names that were looked at: what a function takes cannot be seen otherwise. */
export function watched(options: Options): { readonly options: Options; readonly read: ReadonlySet<string> } {
  const read = new Set<string>();
  const note = (key: string | symbol): void => {
    if (typeof key === 'string') read.add(key);
  };
  const proxy = new Proxy(options, {
    get(target, key) {
      note(key);
      return Reflect.get(target, key);
    },
    has(target, key) {
      note(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      note(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  return { options: proxy, read };
}
