import { bind } from './bind.ts';
import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import type { Filter } from './filter.ts';
import { LIST_FILTERS } from './list-filters.ts';
import { CHOOSING_FILTERS } from './choosing-filters.ts';
import { FILTER_NAMES } from './names.ts';
import { NUMBER_FILTERS } from './number-filters.ts';
import { TEXT_FILTERS } from './text-filters.ts';
import { toJson } from './json.ts';
import { absolute } from './arithmetic.ts';
import { isTrue } from './truth.ts';
import { Undefined, type Arguments, type Value } from './values.ts';

const defaulted: Filter = [[['default_value', ''], ['boolean', false]], (_budget, value, otherwise, boolean) =>
  value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? otherwise! : value];

const FILTERS: Readonly<Record<string, Filter>> = {
  ...TEXT_FILTERS, ...NUMBER_FILTERS, ...LIST_FILTERS,
  default: defaulted, d: defaulted,
  abs: [[], (_budget, value) => absolute(value)],
};

type Choosing = (value: Value, given: Arguments, budget: Budget, filter: typeof applyFilter) => Value;
const WHOLE: Readonly<Record<string, Choosing>> = { ...CHOOSING_FILTERS, tojson: toJson };

export function applyFilter(name: string, value: Value, given: Arguments, budget: Budget): Value {
  budget.step();
  if (Object.hasOwn(WHOLE, name)) return WHOLE[name]!(value, given, budget, applyFilter);
  if (!Object.hasOwn(FILTERS, name)) return FILTER_NAMES.has(name) ? refuse(`the filter ${name}`) : raise(`No filter named '${name}'.`);
  const [parameters, filter] = FILTERS[name]!;
  return filter(budget, value, ...bind(name, given, parameters));
}
