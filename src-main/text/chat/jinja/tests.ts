import { calculate } from './arithmetic.ts';
import { bind, type Parameter } from './bind.ts';
import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { FILTER_NAMES } from './names.ts';
import { isInt, isNumber } from './numbers.ts';
import { isCased } from './text-functions.ts';
import { str } from './text.ts';
import { contains } from './contains.ts';
import { compare, isEqual } from './truth.ts';
import { isIterable } from './iterate.ts';
import { Callable, Dict, Float, isList, Markup, Range, textOf, Tuple, Undefined, type Arguments, type Value } from './values.ts';

type Test = readonly [parameters: readonly Parameter[], test: (budget: Budget, value: Value, ...args: Value[]) => boolean];

const modulo = (value: Value, by: Value, budget: Budget): Value => calculate('%', value, by, budget);
const order = (operator: string, holds: (order: number) => boolean): Test => [['other'], (budget, value, other) => holds(compare(value, other, operator, budget))];
const equal: Test = [['other'], (budget, value, other) => isEqual(value, other, budget)];
const unequal: Test = [['other'], (budget, value, other) => !isEqual(value, other, budget)];
const greater = order('>', (n) => n > 0);
const atLeast = order('>=', (n) => n >= 0);
const less = order('<', (n) => n < 0);
const atMost = order('<=', (n) => n <= 0);
const is = (test: (value: Value) => boolean): Test => [[], (_budget, value) => test(value)];

const TESTS: Readonly<Record<string, Test>> = {
  odd: [[], (budget, value) => isEqual(modulo(value, 2, budget), 1, budget)],
  even: [[], (budget, value) => isEqual(modulo(value, 2, budget), 0, budget)],
  divisibleby: [['num'], (budget, value, by) => isEqual(modulo(value, by, budget), 0, budget)],
  defined: is((value) => !(value instanceof Undefined)),
  undefined: is((value) => value instanceof Undefined),
  filter: is((value) => typeof value === 'string' && FILTER_NAMES.has(value)),
  test: is((value) => typeof value === 'string' && Object.hasOwn(TESTS, value)),
  none: is((value) => value === null),
  boolean: is((value) => typeof value === 'boolean'),
  false: is((value) => value === false),
  true: is((value) => value === true),
  integer: is((value) => isInt(value) && typeof value !== 'boolean'),
  float: is((value) => value instanceof Float),
  lower: [[], (budget, value) => isCased(str(value, budget), 'lower')],
  upper: [[], (budget, value) => isCased(str(value, budget), 'upper')],
  string: is((value) => textOf(value) !== null),
  mapping: is((value) => value instanceof Dict),
  number: is(isNumber),
  // Jinja's undefined has a length and can be called, though calling it raises.
  sequence: is((value) => value instanceof Undefined || isList(value) || value instanceof Tuple || value instanceof Dict || value instanceof Range || textOf(value) !== null),
  iterable: is(isIterable),
  callable: is((value) => value instanceof Callable || value instanceof Undefined),
  sameas: [['other'], (_budget, value, other) => {
    if (isNumber(value) && isNumber(other) && typeof value !== 'boolean' && typeof other !== 'boolean') return refuse('the test sameas of numbers');
    return typeof value === 'string' && typeof other === 'string' ? refuse('the test sameas of texts') : value === other;
  }],
  escaped: is((value) => value instanceof Markup),
  in: [['seq'], (budget, value, seq) => contains(seq, value, budget)],
  '==': equal, eq: equal, equalto: equal,
  '!=': unequal, ne: unequal,
  '>': greater, gt: greater, greaterthan: greater,
  '>=': atLeast, ge: atLeast,
  '<': less, lt: less, lessthan: less,
  '<=': atMost, le: atMost,
};

export const hasTest = (name: string): boolean => Object.hasOwn(TESTS, name);

export function applyTest(name: string, value: Value, given: Arguments, budget: Budget): boolean {
  if (!hasTest(name)) return raise(`No test named '${name}'.`);
  budget.step();
  const [parameters, test] = TESTS[name]!;
  return test(budget, value, ...bind(name, given, parameters));
}
