import type { Budget } from './budget.ts';
import type { Filter } from './filter.ts';
import { percentFormat } from './percent-format.ts';
import { index } from './numbers.ts';
import { raise, refuse } from './fault.ts';
import { capitalized, centered, lines, replaced, splitText, stripped } from './text-functions.ts';
import { characters, lengthOf, SPACE, str } from './text.ts';
import { isTrue } from './truth.ts';
import { Markup, textOf, Tuple, typeName, Undefined, type Value } from './values.ts';

/** A filter on the value's text, whose result is a text. */
const onText = (make: (text: string, budget: Budget, ...args: Value[]) => string, parameters: Filter[0] = []): Filter => [parameters, (budget, value, ...args) => {
  if (value instanceof Markup) return refuse('filters on a text marked as safe');
  const text = str(value, budget);
  const result = make(text, budget, ...args);
  budget.text(text.length + result.length);
  return result;
}];

const own = (value: Value, what: string): string => value instanceof Undefined ? value.fail() : textOf(value) ?? raise(`${what} needs a text, not ${typeName(value)}`);

const WORD_START = new RegExp(`([-${SPACE}({[<]+)`);

function titled(text: string): string {
  return text.split(WORD_START)
    .map((part) => { const [first = '', ...rest] = characters(part); return first.toUpperCase() + rest.join('').toLowerCase(); }).join('');
}

function indented(text: string, width: Value, first: boolean, blank: boolean, budget: Budget): string {
  const by = textOf(width) ?? ' '.repeat(Math.min(1 << 25, Math.max(0, index(width))));
  const all = lines(`${text}\n`, false);
  budget.text(text.length + all.length * by.length);
  return all.map((line, place) => (place === 0 ? first : blank || line !== '') ? by + line : line).join('\n');
}

function truncated(text: string, length: number, kills: boolean, end: string, leeway: number): string {
  if (length < lengthOf(end)) raise(`expected length >= ${lengthOf(end)}, got ${length}`);
  if (lengthOf(text) <= length + leeway) return text;
  const kept = characters(text).slice(0, length - lengthOf(end)).join('');
  return (kills ? kept : splitText(kept, ' ', 1, true)[0]!) + end;
}

export const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  capitalize: onText(capitalized),
  title: onText(titled),
  string: [[], (budget, value) => value instanceof Markup ? value : str(value, budget)],
  safe: [[], (budget, value) => new Markup(str(value, budget))],
  trim: onText((text, _budget, chars) => stripped(text, chars === null ? null : own(chars, 'trim'), 'both'), [['chars', null]]),
  center: onText((text, budget, width) => { budget.text(index(width)); return centered(text, index(width), ' '); }, [['width', 80]]),
  replace: onText((text, budget, from, to, count) => replaced(text, str(from, budget), str(to, budget), count === null ? -1 : index(count), budget), ['old', 'new', ['count', null]]),
  indent: [[['width', 4], ['first', false], ['blank', false]], (budget, value, width, first, blank) =>
    value instanceof Markup ? refuse('indent of a text marked as safe') : indented(own(value, 'indent'), width, isTrue(first), isTrue(blank), budget)],
  truncate: [[['length', 255], ['killwords', false], ['end', '...'], ['leeway', null]], (_budget, value, length, kills, end, leeway) =>
    truncated(own(value, 'truncate'), index(length), isTrue(kills), own(end, 'truncate'), leeway === null ? 5 : index(leeway))],
  wordcount: [[], (budget, value) => str(value, budget).match(/[\p{L}\p{N}\p{M}_]+/gu)?.length ?? 0],
};

/** The filter `format`, whose arguments are the template's own. */
export function formatFilter(value: Value, args: readonly Value[], budget: Budget): string {
  return percentFormat(str(value, budget), new Tuple(args), budget);
}
