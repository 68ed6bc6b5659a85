import type { Parameter } from './bind.ts';
import type { Budget } from './budget.ts';
import type { Value } from './values.ts';

/** What a filter is given: its value and its arguments in order. */
export type Filter = readonly [parameters: readonly Parameter[], filter: (budget: Budget, value: Value, ...args: Value[]) => Value];
