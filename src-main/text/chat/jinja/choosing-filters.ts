import { getPath } from './attributes.ts';
import { bind } from './bind.ts';
import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { iterable } from './iterate.ts';
import { applyTest } from './tests.ts';
import { formatFilter } from './text-filters.ts';
import { isTrue } from './truth.ts';
import { Lazy, textOf, type Arguments, type Value } from './values.ts';

type ApplyFilter = (name: string, value: Value, given: Arguments, budget: Budget) => Value;
type Whole = (value: Value, given: Arguments, budget: Budget, filter: ApplyFilter) => Value;

const named = (value: Value | undefined, what: string): string => (value === undefined ? null : textOf(value)) ?? raise(`${what} must be named`);

function* mapped(value: Value, given: Arguments, budget: Budget, filter: ApplyFilter): Generator<Value> {
  if (!isTrue(value)) return;
  const make = mapping(given, budget, filter);
  for (const one of iterable(value, budget)) yield make(one);
}

function mapping({ args, kwargs }: Arguments, budget: Budget, filter: ApplyFilter): (value: Value) => Value {
  if (args.length === 0 && kwargs.has('attribute')) {
    const [attribute, otherwise] = bind('map', { args: [], kwargs }, ['attribute', ['default', null]]);
    return (one) => getPath(one, attribute!, budget, otherwise);
  }
  const name = named(args[0], 'the filter of map');
  return (one) => filter(name, one, { args: args.slice(1), kwargs }, budget);
}

const choice = (isWanted: boolean, byAttribute: boolean): Whole => (value, given, budget) => new Lazy(chosen(value, given, budget, isWanted, byAttribute));

function* chosen(value: Value, { args, kwargs }: Arguments, budget: Budget, isWanted: boolean, byAttribute: boolean): Generator<Value> {
  if (!isTrue(value)) return;
  if (byAttribute && args.length === 0) raise('Missing parameter for attribute name');
  const [test, ...rest] = byAttribute ? args.slice(1) : args;
  const name = test === undefined ? null : named(test, 'the test');
  for (const one of iterable(value, budget)) {
    budget.step();
    const looked = byAttribute ? getPath(one, args[0]!, budget) : one;
    if ((name === null ? isTrue(looked) : applyTest(name, looked, { args: rest, kwargs }, budget)) === isWanted) yield one;
  }
}

/** Filters that take other filters and tests, or arguments of any number. */
export const CHOOSING_FILTERS: Readonly<Record<string, Whole>> = {
  map: (value, given, budget, filter) => new Lazy(mapped(value, given, budget, filter)),
  select: choice(true, false), reject: choice(false, false), selectattr: choice(true, true), rejectattr: choice(false, true),
  format: (value, { args, kwargs }, budget) => kwargs.size > 0 ? refuse('the filter format with names') : formatFilter(value, args, budget),
};
