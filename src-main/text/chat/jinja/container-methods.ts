import { raise, refuse } from './fault.ts';
import { bind } from './bind.ts';
import { toList } from './iterate.ts';
import { isEqual } from './truth.ts';
import type { Dict, Float} from './values.ts';
import { Callable, typeName, Undefined, View, type Value } from './values.ts';
import { index } from './numbers.ts';

const unsafe = (name: string, type: string): Undefined => new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`);

export function dictMethod(dict: Dict, name: string): Value | undefined {
  switch (name) {
    case 'items': case 'keys': case 'values':
      return new Callable(name, (given) => (bind(name, given, []), new View(name, dict)));
    case 'get':
      return new Callable(name, (given) => {
        const [key, otherwise] = bind(name, { args: given.args, kwargs: given.kwargs }, ['key', ['default', null]]);
        return dict.has(key!) ? dict.get(key!)! : otherwise!;
      });
    case 'copy': return new Callable(name, () => dict);
    case 'clear': case 'pop': case 'popitem': case 'setdefault': case 'update': return unsafe(name, 'dict');
    case 'fromkeys': return refuse('.fromkeys of a dict');
    default: return undefined;
  }
}

export function listMethod(list: readonly Value[], name: string, type: 'list' | 'tuple'): Value | undefined {
  if (name === 'count') return new Callable(name, (given, budget) => list.filter((one) => isEqual(one, bind(name, given, ['value'])[0]!, budget)).length);
  if (name === 'index') {
    return new Callable(name, (given, budget) => {
      const [value, start] = bind(name, given, ['value', ['start', 0]]);
      const place = list.findIndex((one, at) => at >= index(start!) && isEqual(one, value!, budget));
      return place < 0 ? raise('the value is not in the list') : place;
    });
  }
  if (type === 'tuple') return undefined;
  if (name === 'copy') return new Callable(name, (_given, budget) => [...toList(list, budget)]);
  return ['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort'].includes(name) ? unsafe(name, type) : undefined;
}

const NUMBER_ATTRIBUTES = ['real', 'imag', 'numerator', 'denominator', 'conjugate', 'bit_length', 'bit_count', 'as_integer_ratio', 'to_bytes', 'from_bytes', 'is_integer', 'hex', 'fromhex', 'from_number'];

export function numberAttribute(value: number | bigint | boolean | Float, name: string): undefined {
  return NUMBER_ATTRIBUTES.includes(name) ? refuse(`.${name} of a ${typeName(value)}`) : undefined;
}
