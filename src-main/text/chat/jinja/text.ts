import { raise, refuse } from './fault.ts';
import { floatText } from './numbers.ts';
import { Dict, Float, Lazy, Loop, Markup, Namespace, Range, Tuple, Undefined, View, isList, type Value } from './values.ts';
import type { Budget } from './budget.ts';

/** Deeper lists than Python's recursion allows. */
const DEPTH = 200;

/** Python's str(). */
export function str(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) return '';
  return repr(value, budget);
}

/** Python's repr(). */
export function repr(value: Value, budget: Budget, depth = 0): string {
  if (depth > DEPTH) raise('maximum recursion depth exceeded');
  budget.step();
  const text = write(value, budget, depth);
  budget.text(text.length);
  return text;
}

function write(value: Value, budget: Budget, depth: number): string {
  const inner = (one: Value): string => repr(one, budget, depth + 1);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(BigInt(value));
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Float) return floatText(value.value);
  if (isList(value)) return `[${value.map(inner).join(', ')}]`;
  if (value instanceof Tuple) return `(${value.items.map(inner).join(', ')}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Dict) return dictText(value, inner);
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Range) return `range(${value.start}, ${value.stop}${value.step === 1 ? '' : `, ${value.step}`})`;
  if (value instanceof View) return `dict_${value.kind}([${value.toArray().map(inner).join(', ')}])`;
  if (value instanceof Namespace) return `<Namespace ${dictText(dictOf(value.attributes), inner)}>`;
  if (value instanceof Markup) return `Markup(${quoted(value.text)})`;
  if (value instanceof Lazy) return refuse('the printing of a generator');
  if (value instanceof Loop) return refuse('the printing of loop');
  return refuse('the printing of a function');
}

const dictText = (dict: Dict, inner: (value: Value) => string): string =>
  `{${dict.items().map(({ items: [key, value] }) => `${inner(key!)}: ${inner(value!)}`).join(', ')}}`;

export function dictOf(entries: ReadonlyMap<string, Value>): Dict {
  const dict = new Dict();
  for (const [key, value] of entries) dict.set(key, value);
  return dict;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\\\p{C}\p{Z}'"]/gu, (character) => {
    if (character === ' ') return character;
    if (character === "'" || character === '"') return character === quote ? `\\${character}` : character;
    return ESCAPES[character] ?? escaped(character.codePointAt(0)!);
  });
  return quote + inner + quote;
}

function escaped(code: number): string {
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Whether lengths and places in a text differ between Python's code points and JavaScript's units. */
const isWide = (text: string): boolean => /[\ud800-\udfff]/.test(text);
export const characters = (text: string): string[] => isWide(text) ? Array.from(text) : text.split('');
export const lengthOf = (text: string): number => isWide(text) ? Array.from(text).length : text.length;

/** White space as Python sees it. */
export const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
export const isSpace = (character: string): boolean => new RegExp(`^[${SPACE}]$`).test(character);
