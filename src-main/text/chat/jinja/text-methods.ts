import { bind } from './bind.ts';
import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { index } from './numbers.ts';
import { capitalized, centered, find, isCased, lines, padded, replaced, splitText, stripped, titled } from './text-functions.ts';
import { characters, isSpace, lengthOf } from './text.ts';
import { toList } from './iterate.ts';
import { Callable, textOf, Tuple, typeName, type Arguments, type Value } from './values.ts';

type Method = (text: string, given: Arguments, budget: Budget, name: string) => Value;

const none: (make: (text: string) => Value) => Method = (make) => (text, given, _budget, name) => (bind(name, given, []), make(text));
const all = (pattern: RegExp): Method => none((text) => pattern.test(text));
const strip = (side: 'both' | 'left' | 'right'): Method => (text, given, _budget, name) => {
  const [chars] = bind(name, given, [['chars', null]]);
  return stripped(text, chars === null ? null : need(chars!, name), side);
};
const split = (isRight: boolean): Method => (text, given, budget, name) => {
  const [separator, limit] = bind(name, given, [['sep', null], ['maxsplit', -1]]);
  const parts = splitText(text, separator === null ? null : need(separator!, name), index(limit!), isRight);
  budget.elements(parts.length);
  return parts;
};
const affix = (method: 'startsWith' | 'endsWith'): Method => (text, given, _budget, name) => {
  const [what, start, stop] = bind(name, given, ['prefix', ['start', null], ['end', null]]);
  const within = start === null && stop === null ? text : characters(text).slice(start === null ? 0 : index(start!), stop === null ? undefined : index(stop!)).join('');
  const options = what instanceof Tuple ? what.items : [what!];
  return options.some((one) => within[method](need(one, name)));
};
const search = (isLast: boolean, isStrict: boolean): Method => (text, given, _budget, name) => {
  const [what, start, stop] = bind(name, given, ['sub', ['start', null], ['end', null]]);
  if (start !== null || stop !== null) return refuse(`.${name} with a start`);
  const place = find(text, need(what!, name), isLast);
  return place < 0 && isStrict ? raise('substring not found') : place;
};
const fill = (side: 'left' | 'right' | 'both'): Method => (text, given, budget, name) => {
  const [width, character] = bind(name, given, ['width', ['fillchar', ' ']]);
  budget.text(index(width!));
  const filler = need(character!, name);
  if (lengthOf(filler) !== 1) raise('The fill character must be exactly one character long');
  return side === 'both' ? centered(text, index(width!), filler) : padded(text, index(width!), filler, side);
};
const partition = (isLast: boolean): Method => (text, given, _budget, name) => {
  const separator = need(bind(name, given, ['sep'])[0]!, name);
  if (separator === '') raise('empty separator');
  const place = isLast ? text.lastIndexOf(separator) : text.indexOf(separator);
  if (place < 0) return new Tuple(isLast ? ['', '', text] : [text, '', '']);
  return new Tuple([text.slice(0, place), separator, text.slice(place + separator.length)]);
};

const METHODS: Readonly<Record<string, Method>> = {
  upper: none((text) => text.toUpperCase()),
  lower: none((text) => text.toLowerCase()),
  capitalize: none(capitalized),
  title: none(titled),
  swapcase: none((text) => characters(text).map((one) => one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase()).join('')),
  strip: strip('both'), lstrip: strip('left'), rstrip: strip('right'),
  split: split(false), rsplit: split(true),
  splitlines: (text, given, budget, name) => {
    const result = lines(text, bind(name, given, [['keepends', false]])[0] === true);
    budget.elements(result.length);
    return result;
  },
  partition: partition(false), rpartition: partition(true),
  startswith: affix('startsWith'), endswith: affix('endsWith'),
  find: search(false, false), rfind: search(true, false), index: search(false, true), rindex: search(true, true),
  count: (text, given, _budget, name) => {
    const what = need(bind(name, given, ['sub'])[0]!, name);
    return what === '' ? lengthOf(text) + 1 : text.split(what).length - 1;
  },
  replace: (text, given, budget, name) => {
    const [from, to, count] = bind(name, given, ['old', 'new', ['count', -1]]);
    return replaced(text, need(from!, name), need(to!, name), index(count!), budget);
  },
  removeprefix: (text, given, _budget, name) => { const what = need(bind(name, given, ['prefix'])[0]!, name); return text.startsWith(what) ? text.slice(what.length) : text; },
  removesuffix: (text, given, _budget, name) => { const what = need(bind(name, given, ['suffix'])[0]!, name); return what !== '' && text.endsWith(what) ? text.slice(0, -what.length) : text; },
  center: fill('both'), ljust: fill('right'), rjust: fill('left'),
  zfill: (text, given, budget, name) => {
    const width = index(bind(name, given, ['width'])[0]!);
    budget.text(width);
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return sign + padded(text.slice(sign.length), width - sign.length, '0', 'left');
  },
  join: (text, given, budget, name) => {
    const items = toList(bind(name, given, ['iterable'])[0]!, budget).map((one, place) =>
      textOf(one) ?? raise(`sequence item ${place}: expected str instance, ${typeName(one)} found`));
    budget.text(items.reduce((sum, one) => sum + one.length + text.length, 0));
    return items.join(text);
  },
  isspace: none((text) => text !== '' && characters(text).every(isSpace)),
  isalpha: all(/^\p{L}+$/u), isalnum: all(/^[\p{L}\p{N}]+$/u), isdecimal: all(/^\p{Nd}+$/u), isascii: all(/^[\0-\x7f]*$/u),
  isdigit: (text, given, _budget, name) => (bind(name, given, []), /[^\0-\x7f]/.test(text) ? refuse('.isdigit beyond ASCII') : /^\d+$/.test(text)),
  isnumeric: all(/^\p{N}+$/u),
  islower: none((text) => isCased(text, 'lower')), isupper: none((text) => isCased(text, 'upper')),
};
const OTHERS = ['casefold', 'encode', 'expandtabs', 'isidentifier', 'isprintable', 'istitle', 'maketrans', 'translate'];

/** A method of a text; undefined where a str has none of that name. */
export function textMethod(text: string, name: string): Value | undefined {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (method === undefined) return OTHERS.includes(name) ? refuse(`.${name} of a text`) : undefined;
  return new Callable(name, (given, budget) => {
    budget.text(text.length);
    const result = method(text, given, budget, name);
    if (typeof result === 'string') budget.text(result.length);
    return result;
  });
}

const need = (value: Value, name: string): string => textOf(value) ?? raise(`${name}() must be given a str, not ${typeName(value)}`);
