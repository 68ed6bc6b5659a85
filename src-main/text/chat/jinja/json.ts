import { bind } from './bind.ts';
import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { floatText, index, isInt } from './numbers.ts';
import { compare, isTrue } from './truth.ts';
import { toList } from './iterate.ts';
import { Dict, Float, isList, textOf, Tuple, typeName, type Arguments, type Value } from './values.ts';

interface Layout { ascii: boolean; indent: string | null; item: string; key: string; isSorted: boolean }

/** The filter `tojson` as Transformers sets it: Python's json.dumps. */
export function toJson(value: Value, { args, kwargs }: Arguments, budget: Budget): string {
  const [ascii, indent, separators, sorts] = bind('tojson', { args, kwargs }, [['ensure_ascii', false], ['indent', null], ['separators', null], ['sort_keys', false]]);
  const step = indent === null ? null : textOf(indent!) ?? ' '.repeat(Math.max(0, Math.min(1000, index(indent!))));
  const [item, key] = separators === null ? [step === null ? ', ' : ',', ': '] : toList(separators!, budget).map((one) => textOf(one) ?? raise('separators must be texts'));
  return write(value, { ascii: isTrue(ascii!), indent: step, item: item!, key: key!, isSorted: isTrue(sorts!) }, '\n', budget);
}

function write(value: Value, layout: Layout, lineBreak: string, budget: Budget): string {
  if (lineBreak.length > 10_000) raise('maximum recursion depth exceeded');
  budget.step();
  const text = textOf(value);
  if (text !== null) return counted(quoted(text, layout.ascii), budget);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (isInt(value)) return String(BigInt(value));
  if (value instanceof Float) return jsonFloat(value.value);
  const items = isList(value) ? value : value instanceof Tuple ? value.items : null;
  if (items === null && !(value instanceof Dict)) return raise(`Object of type ${typeName(value)} is not JSON serializable`);
  const inner = layout.indent === null ? lineBreak : lineBreak + layout.indent;
  if (items !== null) return enclosed('[', ']', items.map((one) => write(one, layout, inner, budget)), layout, lineBreak, budget);
  const entries = (value as Dict).items().map(({ items: [key, one] }) => [key!, one!] as const);
  if (layout.isSorted) entries.sort(([a], [b]) => compare(a, b, '<', budget));
  return enclosed('{', '}', entries.map(([key, one]) => quoted(keyText(key), layout.ascii) + layout.key + write(one, layout, inner, budget)), layout, lineBreak, budget);
}

function enclosed(open: string, close: string, parts: readonly string[], { indent, item }: Layout, lineBreak: string, budget: Budget): string {
  if (parts.length === 0) return open + close;
  if (indent === null) return counted(open + parts.join(item) + close, budget);
  const inner = lineBreak + indent;
  return counted(open + inner + parts.join(item + inner) + lineBreak + close, budget);
}

function counted(text: string, budget: Budget): string {
  budget.text(text.length);
  return text;
}

const jsonFloat = (value: number): string => Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? floatText(value) : value > 0 ? 'Infinity' : '-Infinity';

function keyText(key: Value): string {
  const text = textOf(key);
  if (text !== null) return text;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  if (isInt(key)) return String(BigInt(key));
  return key instanceof Float ? jsonFloat(key.value) : refuse('such keys in JSON');
}

function quoted(text: string, ascii: boolean): string {
  // JSON.stringify writes half a surrogate pair as an escape, which Python does only for ASCII.
  const json = JSON.stringify(text).replace(/\\+u(d[89a-f][0-9a-f]{2})/g, (whole, code: string) => ascii || whole.length % 2 === 1 ? whole : whole.slice(0, -6) + String.fromCharCode(parseInt(code, 16)));
  return ascii ? json.replace(/[\x7f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`) : json;
}
