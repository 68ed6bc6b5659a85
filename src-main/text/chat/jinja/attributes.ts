import { bind } from './bind.ts';
import { braceFormat, type Lookup } from './brace-format.ts';
import type { Budget } from './budget.ts';
import { listMethod, dictMethod, numberAttribute } from './container-methods.ts';
import { refuse } from './fault.ts';
import { isInt } from './numbers.ts';
import { characters, repr, str } from './text.ts';
import { textMethod } from './text-methods.ts';
import { Callable, Dict, Float, isList, Loop, Namespace, Range, textOf, Tuple, typeName, Undefined, View, Markup, type Value } from './values.ts';

/** Jinja's `value.name`: the attribute, else the item of that name, else undefined. */
export function getAttribute(value: Value, name: string, budget: Budget): Value {
  if (value instanceof Undefined && !name.startsWith('__')) return value.fail();
  const found = attribute(value, name);
  return found === undefined ? orMissing(item(value, name), value, name, budget) : found;
}

/** Jinja's `value[key]`: the item, else the attribute of that name, else undefined. */
export function getItem(value: Value, key: Value, budget: Budget): Value {
  if (value instanceof Undefined) return value.fail();
  if (key instanceof Undefined && !(value instanceof Dict)) return missing(value, '', budget);
  const found = item(value, key);
  if (found !== undefined) return found;
  return orMissing(typeof key === 'string' ? attribute(value, key) : undefined, value, key, budget);
}

/** The name after `attribute=`: `a.b.0`, or a number. */
export function getPath(value: Value, path: Value, budget: Budget, otherwise?: Value): Value {
  const names: Value[] = typeof path === 'string' ? path.split('.').map((name) => /^\d+$/.test(name) ? Number(name) : name) : path === null ? [] : [path];
  let found = value;
  for (const name of names) {
    found = getItem(found, name, budget);
    if (found instanceof Undefined && otherwise !== undefined && otherwise !== null) found = otherwise;
  }
  return found;
}

function attribute(value: Value, name: string): Value | undefined {
  if (name.startsWith('__')) return new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`);
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Loop) return value.state.attribute(name);
  if (value instanceof Markup) return textMethod(value.text, name) === undefined ? undefined : refuse(`.${name} of a text marked as safe`);
  if (typeof value === 'string') return name === 'format' || name === 'format_map' ? formatMethod(value, name) : textMethod(value, name);
  if (value instanceof Dict) return dictMethod(value, name);
  if (isList(value)) return listMethod(value, name, 'list');
  if (value instanceof Tuple) return value.names.includes(name) ? value.items[value.names.indexOf(name)] : listMethod(value.items, name, 'tuple');
  if (isInt(value) || value instanceof Float) return numberAttribute(value, name);
  if (value instanceof Range && ['start', 'stop', 'step'].includes(name)) return value[name as 'start'];
  if (value instanceof Callable && name === 'name') return value.name;
  if (value instanceof View || value instanceof Range || value instanceof Callable) {
    return ['count', 'index', 'mapping', 'isdisjoint', 'arguments', 'catch_kwargs', 'catch_varargs', 'caller'].includes(name) ? refuse(`.${name} of a ${typeName(value)}`) : undefined;
  }
  return undefined;
}

const LOOKUP: Lookup = { getAttribute, getItem };

function formatMethod(text: string, name: 'format' | 'format_map'): Callable {
  return new Callable(name, (given, budget) => {
    if (name === 'format') return braceFormat(text, given, budget, LOOKUP);
    const [map] = bind(name, given, ['mapping']);
    if (!(map instanceof Dict)) return refuse('.format_map of such a value');
    return braceFormat(text, { args: [], kwargs: new Map(map.items().map(({ items: [key, value] }) => [str(key!, budget), value!])) }, budget, LOOKUP);
  });
}

function item(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key);
  if (!isInt(key)) return undefined;
  const place = Number(key);
  const at = (length: number): number => place < 0 ? place + length : place;
  if (isList(value)) return value[at(value.length)];
  if (value instanceof Tuple) return value.items[at(value.items.length)];
  if (value instanceof Range) return at(value.length) >= 0 && at(value.length) < value.length ? value.at(at(value.length)) : undefined;
  const text = textOf(value);
  if (text === null) return undefined;
  const all = characters(text);
  return all[at(all.length)];
}

const orMissing = (found: Value | undefined, value: Value, key: Value, budget: Budget): Value => found === undefined ? missing(value, key, budget) : found;

function missing(value: Value, key: Value, budget: Budget): Undefined {
  if (value === null) return new Undefined(`'None' has no attribute ${repr(key, budget)}`);
  return new Undefined(`'${typeName(value)} object' has no ${typeof key === 'string' ? 'attribute' : 'element'} ${repr(key, budget)}`);
}
