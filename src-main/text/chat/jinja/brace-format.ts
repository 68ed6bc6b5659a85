import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { repr, str } from './text.ts';
import { isNumber } from './numbers.ts';
import { textOf, typeName, type Arguments, type Value } from './values.ts';

/** How a field's `.name` and `[item]` are found. */
export interface Lookup {
  getAttribute(value: Value, name: string, budget: Budget): Value;
  getItem(value: Value, key: Value, budget: Budget): Value;
}

/** Python's `text.format(...)`, with alignment and width as the only format of a field. */
export function braceFormat(text: string, { args, kwargs }: Arguments, budget: Budget, { getAttribute, getItem }: Lookup): string {
  let next = 0;
  let isNumbered = false;
  const result = text.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (whole, field: string | undefined) => {
    if (whole === '{{') return '{';
    if (whole === '}}') return '}';
    if (field === undefined) return raise(`Single '${whole}' encountered in format string`);
    const [, path, conversion, spec] = /^([^!:]*)(?:!([^:]*))?(?::(.*))?$/s.exec(field)!;
    const [, first, rest] = /^([^.[]*)(.*)$/s.exec(path!)!;
    if (/^\d+$/.test(first!)) isNumbered = true;
    if (isNumbered && (first === '' || next > 0)) return raise('cannot switch between automatic field numbering and manual field specification');
    let value: Value | undefined;
    if (first === '' || /^\d+$/.test(first!)) value = args[first === '' ? next++ : Number(first)];
    else value = kwargs.get(first!);
    if (value === undefined) return raise(`there is no value for {${field}}`);
    for (const [, name, item] of rest!.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      value = name === undefined ? getItem(value, /^\d+$/.test(item!) ? Number(item) : item!, budget) : getAttribute(value, name, budget);
    }
    if (conversion !== undefined && conversion !== 's' && conversion !== 'r') return refuse(`the conversion !${conversion}`);
    if (spec && conversion === undefined && textOf(value) === null && !isNumber(value)) return raise(`unsupported format string passed to ${typeName(value)}.__format__`);
    // With a format Python writes True and False as the ints that they are.
    const shown = typeof value === 'boolean' && conversion === undefined && spec ? Number(value) : value;
    return aligned(conversion === 'r' ? repr(shown, budget) : str(shown, budget), spec ?? '', conversion === undefined && isNumber(value), budget);
  });
  budget.text(result.length);
  return result;
}

function aligned(text: string, spec: string, isRight: boolean, budget: Budget): string {
  if (spec === '') return text;
  const parts = /^(?:(.)?([<>^]))?([1-9]\d*)?$/su.exec(spec);
  if (parts === null) return refuse(`the format {:${spec}}`);
  const [, fill = ' ', side = isRight ? '>' : '<', width = '0'] = parts;
  budget.text(Number(width));
  const room = Math.max(0, Number(width) - Array.from(text).length);
  const before = side === '<' ? 0 : side === '>' ? room : room >> 1;
  return fill.repeat(before) + text + fill.repeat(room - before);
}
