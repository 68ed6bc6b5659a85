import type { Budget } from './budget.ts';
import { raise } from './fault.ts';
import { isInt } from './numbers.ts';
import { characters } from './text.ts';
import { isList, Range, textOf, Tuple, typeName, Undefined, type Value } from './values.ts';

export interface Slice { readonly start: Value; readonly stop: Value; readonly step: Value }

/** Python's `value[start:stop:step]`; undefined of what cannot be cut. */
export function cut(value: Value, slice: Slice, budget: Budget): Value | undefined {
  if (value instanceof Undefined) return value.fail();
  const text = textOf(value);
  if (text !== null) {
    budget.text(text.length);
    return taken(characters(text), slice).join('');
  }
  if (isList(value)) return counted(taken(value, slice), budget);
  if (value instanceof Tuple) return new Tuple(counted(taken(value.items, slice), budget));
  if (value instanceof Range) return counted(taken(value.toArray(), slice), budget);
  return undefined;
}

function counted(list: Value[], budget: Budget): Value[] {
  budget.elements(list.length);
  return list;
}

function taken<T>(list: readonly T[], slice: Slice): T[] {
  const step = bound(slice.step) ?? 1;
  if (step === 0) raise('slice step cannot be zero');
  const [low, high] = step > 0 ? [0, list.length] : [-1, list.length - 1];
  const place = (value: number | null, otherwise: number): number =>
    value === null ? otherwise : Math.min(high, Math.max(low, value < 0 ? value + list.length : value));
  const start = place(bound(slice.start), step > 0 ? low : high);
  const stop = place(bound(slice.stop), step > 0 ? high : low);
  const result: T[] = [];
  for (let index = start; step > 0 ? index < stop : index > stop; index += step) result.push(list[index]!);
  return result;
}

function bound(value: Value): number | null {
  if (value === null) return null;
  if (isInt(value)) return Number(value);
  return raise(`slice indices must be integers or None or have an __index__ method, not ${typeName(value)}`);
}
