import type { Budget } from './budget.ts';
import { raise } from './fault.ts';
import { toList } from './iterate.ts';
import { isEqual } from './truth.ts';
import { Dict, Lazy, textOf, typeName, View, type Value } from './values.ts';

/** Python's `value in container`. */
export function contains(container: Value, value: Value, budget: Budget): boolean {
  const text = textOf(container);
  if (text !== null) {
    budget.text(text.length);
    return text.includes(textOf(value) ?? raise(`'in <string>' requires string as left operand, not ${typeName(value)}`));
  }
  if (container instanceof Dict) return container.has(value);
  if (container instanceof View && container.kind === 'keys') return container.dict.has(value);
  if (container instanceof Lazy) {
    for (const one of container) if (isEqual(one, value, budget)) return true;
    return false;
  }
  return toList(container, budget).some((one) => isEqual(one, value, budget));
}
