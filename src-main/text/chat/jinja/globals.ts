import { bind } from './bind.ts';
import { raise, refuse } from './fault.ts';
import { toList } from './iterate.ts';
import { index } from './numbers.ts';
import { strftime } from './strftime.ts';
import { str } from './text.ts';
import { Callable, Dict, Namespace, Range, textOf, Tuple, typeName, type Arguments, type Value } from './values.ts';
import type { Budget } from './budget.ts';

const MAX_RANGE = 100_000;

/** What every template has, as Transformers sets it up. */
export function makeGlobals(now: Date): ReadonlyMap<string, Value> {
  const all: Readonly<Record<string, Callable['call']>> = {
    range: (given) => range(given),
    dict: (given, budget) => entries(given, budget, new Dict()),
    namespace: (given, budget) => {
      const attributes = new Map(entries(given, budget, new Dict()).items().map(({ items: [key, value] }) => [textOf(key!) ?? refuse('a namespace with such names'), value!]));
      for (const name of attributes.keys()) if (name.startsWith('_')) raise(`Chat templates cannot store underscore-prefixed attributes on a namespace, but got '${name}'.`);
      return new Namespace(attributes);
    },
    raise_exception: (given, budget) => raise(str(bind('raise_exception', given, ['message'])[0]!, budget)),
    strftime_now: (given) => {
      const format = bind('strftime_now', given, ['format'])[0]!;
      return strftime(textOf(format) ?? raise(`strftime() argument 1 must be str, not ${typeName(format)}`), now);
    },
    cycler: () => refuse('cycler'),
    joiner: () => refuse('joiner'),
    lipsum: () => refuse('lipsum'),
  };
  return new Map(Object.entries(all).map(([name, call]) => [name, new Callable(name, call)]));
}

function range({ args, kwargs }: Arguments): Range {
  if (kwargs.size > 0) raise('range() takes no keyword arguments');
  if (args.length < 1 || args.length > 3) raise(`range expected 1 to 3 arguments, got ${args.length}`);
  const numbers = args.map((one) => index(one, 'the argument of range()'));
  const [start, stop, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (step === 0) raise('range() arg 3 must not be zero');
  const made = new Range(start, stop, step);
  return made.length > MAX_RANGE ? raise(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`) : made;
}

/** As dict(mapping or pairs, name=value). */
function entries({ args, kwargs }: Arguments, budget: Budget, dict: Dict): Dict {
  if (args.length > 1) raise(`dict expected at most 1 argument, got ${args.length}`);
  const [first] = args;
  if (first instanceof Dict) for (const { items: [key, value] } of first.items()) dict.set(key!, value!);
  else if (first !== undefined) {
    for (const pair of toList(first, budget)) {
      const two = pair instanceof Tuple || Array.isArray(pair) || typeof pair === 'string' ? toList(pair, budget) : raise('cannot convert dictionary update sequence element to a sequence');
      if (two.length !== 2) raise('dictionary update sequence element has another length than 2');
      dict.set(two[0]!, two[1]!);
    }
  }
  for (const [key, value] of kwargs) dict.set(key, value);
  budget.elements(dict.size);
  return dict;
}
