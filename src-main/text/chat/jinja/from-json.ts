import { ExactNumber } from '../../../contract/exact-number.ts';
import { orderedEntries } from '../../../contract/key-order.ts';
import { int } from './numbers.ts';
import { Dict, Float, Undefined, type Value } from './values.ts';

/** Deeper data than a conversation has. */
const DEPTH = 200;

/** Plain data as a template sees it. A number without a fraction is an int; what is undefined is not there. */
export function toValue(data: unknown, depth = 0): Value {
  if (depth > DEPTH) throw new RangeError('the data is nested too deeply');
  switch (typeof data) {
    case 'string': case 'boolean': return data;
    case 'bigint': return int(data);
    case 'number': return Number.isInteger(data) ? int(BigInt(data)) : new Float(data);
    case 'object': {
      if (data === null) return null;
      if (data instanceof ExactNumber) return /^-?\d+$/.test(data.text) ? int(BigInt(data.text)) : new Float(data.valueOf());
      if (Array.isArray(data)) return data.map((one) => toValue(one, depth + 1));
      const dict = new Dict();
      for (const [key, value] of orderedEntries(data)) if (value !== undefined) dict.set(key, toValue(value, depth + 1));
      return dict;
    }
    default: return new Undefined('a value that is no data');
  }
}
