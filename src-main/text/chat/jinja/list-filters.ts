import { calculate } from './arithmetic.ts';
import { getPath } from './attributes.ts';
import type { Budget } from './budget.ts';
import type { Filter } from './filter.ts';
import { raise, refuse } from './fault.ts';
import { iterable, toList } from './iterate.ts';
import { index } from './numbers.ts';
import { characters, lengthOf, str } from './text.ts';
import { compare, isEqual, isTrue, sizeOf } from './truth.ts';
import { Dict, Lazy, Markup, textOf, Tuple, typeName, Undefined, type Value } from './values.ts';

type Key = (value: Value) => Value;
const folded: Key = (value) => typeof value === 'string' ? value.toLowerCase() : value;
const keyOf = (attribute: Value, isCaseSensitive: boolean, budget: Budget, otherwise: Value = null): Key => (value) => {
  const found = getPath(value, attribute, budget, otherwise);
  return isCaseSensitive ? found : folded(found);
};

/** Stable, as Python's: in reverse, equals keep their order as well. */
function sorted(values: readonly Value[], key: Key, isReverse: boolean, budget: Budget): Value[] {
  budget.elements(values.length);
  const keyed = values.map((value) => ({ value, key: key(value) }));
  keyed.sort((a, b) => isReverse ? compare(b.key, a.key, '<', budget) : compare(a.key, b.key, '<', budget));
  return keyed.map(({ value }) => value);
}

function sort(budget: Budget, value: Value, reverse: Value, cased: Value, attribute: Value): Value {
  const parts: Value[] = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const keys = parts.map((part) => keyOf(part, isTrue(cased), budget));
  return sorted(toList(value, budget), (one) => keys.map((key) => key(one)), isTrue(reverse), budget);
}

function* unique(budget: Budget, value: Value, cased: Value, attribute: Value): Generator<Value> {
  const key = keyOf(attribute, isTrue(cased), budget);
  const seen = new Dict();
  for (const one of toList(value, budget)) {
    const known = key(one);
    if (seen.has(known)) continue;
    seen.set(known, true);
    yield one;
  }
}

const most = (operator: '<' | '>'): Filter => [[['case_sensitive', false], ['attribute', null]], (budget, value, cased, attribute) => {
  const list = toList(value, budget);
  const key = keyOf(attribute, isTrue(cased), budget);
  if (list.length === 0) return new Undefined('No aggregated item, sequence was empty.');
  return list.reduce((best, one) => (operator === '<' ? compare(key(one), key(best), '<', budget) < 0 : compare(key(one), key(best), '>', budget) > 0) ? one : best);
}];

function groupby(budget: Budget, value: Value, attribute: Value, otherwise: Value, cased: Value): Value {
  const key = keyOf(attribute, isTrue(cased), budget, otherwise);
  const groups: Value[][] = [];
  for (const one of sorted(toList(value, budget), key, false, budget)) {
    const group = groups.at(-1);
    if (group !== undefined && isEqual(key(group[0]!), key(one), budget)) group.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => new Tuple([getPath(group[0]!, attribute, budget, otherwise), group], ['grouper', 'list']));
}

function* batches(budget: Budget, value: Value, size: number, filler: Value): Generator<Value> {
  const list = toList(value, budget);
  if (size < 1) return refuse('the filter batch by less than one');
  for (let start = 0; start < list.length; start += size) {
    const batch = list.slice(start, start + size);
    if (filler !== null) {
      budget.elements(size);
      while (batch.length < size) batch.push(filler);
    }
    yield batch;
  }
}

function* columns(budget: Budget, value: Value, count: number, filler: Value): Generator<Value> {
  const list = toList(value, budget);
  if (count < 1) raise('integer modulo by zero');
  const [base, extra] = [Math.floor(list.length / count), list.length % count];
  let start = 0;
  for (let column = 0; column < count; column++) {
    budget.step();
    const end = start + base + (column < extra ? 1 : 0);
    yield [...list.slice(start, end), ...(filler !== null && column >= extra ? [filler] : [])];
    start = end;
  }
}

const count: Filter = [[], (_budget, value) => {
  const text = textOf(value);
  return text !== null ? lengthOf(text) : sizeOf(value) ?? raise(`object of type '${typeName(value)}' has no len()`);
}];

const join: Filter = [[['d', ''], ['attribute', null]], (budget, value, separator, attribute) => {
  const between = str(separator, budget);
  let length = 0;
  const parts: string[] = [];
  for (const one of iterable(value, budget)) {
    budget.step();
    const part = str(attribute === null ? one : getPath(one, attribute, budget), budget);
    length += part.length + between.length;
    budget.joined(length);
    parts.push(part);
  }
  budget.text(length);
  return parts.join(between);
}];

export const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  length: count, count, join,
  list: [[], (budget, value) => [...toList(value, budget)]],
  items: [[], (_budget, value) => value instanceof Undefined ? new Lazy([]) : value instanceof Dict ? new Lazy(value.items()) : raise('Can only get item pairs from a mapping.')],
  first: [[], (budget, value) => {
    for (const one of iterable(value, budget)) return one;
    return new Undefined('No first item, sequence was empty.');
  }],
  last: [[], (budget, value) => value instanceof Lazy ? raise("'generator' object is not reversible") : sizeOf(value) === 0 ? new Undefined('No last item, sequence was empty.') : toList(value, budget).at(-1)!],
  reverse: [[], (budget, value) => {
    if (typeof value === 'string') return characters(value).reverse().join('');
    if (value instanceof Markup) return refuse('filters on a text marked as safe');
    const list = [...toList(value, budget)].reverse();
    return value instanceof Lazy ? list : new Lazy(list);
  }],
  sort: [[['reverse', false], ['case_sensitive', false], ['attribute', null]], (budget, value, ...rest) => sort(budget, value, rest[0]!, rest[1]!, rest[2]!)],
  unique: [[['case_sensitive', false], ['attribute', null]], (budget, value, cased, attribute) => new Lazy(unique(budget, value, cased, attribute))],
  min: most('<'), max: most('>'),
  sum: [[['attribute', null], ['start', 0]], (budget, value, attribute, start) => toList(value, budget).reduce((sum: Value, one) => {
    if (typeof sum === 'string') raise("sum() can't sum strings");
    return calculate('+', sum, attribute === null ? one : getPath(one, attribute, budget), budget);
  }, start)],
  groupby: [['attribute', ['default', null], ['case_sensitive', false]], (budget, value, ...rest) => groupby(budget, value, rest[0]!, rest[1]!, rest[2]!)],
  dictsort: [[['case_sensitive', false], ['by', 'key'], ['reverse', false]], (budget, value, cased, by, reverse) => {
    const place = by === 'key' ? 0 : by === 'value' ? 1 : raise('You can only sort by either "key" or "value"');
    if (value instanceof Undefined) return value.fail();
    if (!(value instanceof Dict)) return raise(`'${typeName(value)}' object has no attribute 'items'`);
    return sorted(value.items(), (item) => { const key = (item as Tuple).items[place]!; return isTrue(cased) ? key : folded(key); }, isTrue(reverse), budget);
  }],
  batch: [['linecount', ['fill_with', null]], (budget, value, size, filler) => new Lazy(batches(budget, value, index(size), filler))],
  slice: [['slices', ['fill_with', null]], (budget, value, slices, filler) => new Lazy(columns(budget, value, index(slices), filler))],
};
