import { raise } from './fault.ts';
import { characters } from './text.ts';
import { Dict, isList, Lazy, Range, textOf, Tuple, typeName, Undefined, View, type Value } from './values.ts';
import type { Budget } from './budget.ts';

/** All that Python's iter() gives, as a list. A generator is used up by it. */
export function toList(value: Value, budget: Budget): readonly Value[] {
  const list = listOf(value, budget);
  if (!isList(value)) budget.elements(list.length);
  return list;
}

function listOf(value: Value, budget: Budget): readonly Value[] {
  if (isList(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Lazy) return drained(value, budget);
  if (value instanceof Dict) return value.keys();
  if (value instanceof View || value instanceof Range) return value.toArray();
  if (value instanceof Undefined) return [];
  const text = textOf(value);
  return text === null ? raise(`'${typeName(value)}' object is not iterable`) : characters(text);
}

function drained(value: Lazy, budget: Budget): Value[] {
  const list: Value[] = [];
  for (const one of value) {
    budget.step();
    list.push(one);
  }
  return list;
}

/** What a loop goes over: a generator is taken from one by one, so that a loop that ends early leaves the rest. */
export const iterable = (value: Value, budget: Budget): Iterable<Value> => value instanceof Lazy ? value : toList(value, budget);

export const isIterable = (value: Value): boolean => isList(value) || value instanceof Tuple || value instanceof Lazy || value instanceof Dict
  || value instanceof View || value instanceof Range || value instanceof Undefined || textOf(value) !== null;
