import { raise } from './fault.ts';
import { isInt, isNumber, plain } from './numbers.ts';
import { characters } from './text.ts';
import { Dict, Float, isList, Loop, Range, textOf, Tuple, typeName, Undefined, View, type Value } from './values.ts';
import type { Budget } from './budget.ts';

export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value !== 'object') return Boolean(value);
  if (value instanceof Float) return value.value !== 0;
  return (sizeOf(value) ?? 1) > 0;
}

/** Python's len() where there is one; a text's in units, for which only zero matters here. */
export function sizeOf(value: Value): number | null {
  if (isList(value) || value instanceof Range) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof View) return value.dict.size;
  if (value instanceof Loop) return value.state.length;
  if (value instanceof Undefined) return 0;
  return textOf(value)?.length ?? null;
}

export function isEqual(left: Value, right: Value, budget: Budget): boolean {
  budget.step();
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  const text = textOf(left);
  if (text !== null) return text === textOf(right);
  if (isList(left)) return isList(right) && areEqual(left, right, budget);
  if (left instanceof Tuple) return right instanceof Tuple && areEqual(left.items, right.items, budget);
  if (left instanceof Dict) return right instanceof Dict && areDictsEqual(left, right, budget);
  if (left instanceof Range) return right instanceof Range && areEqual(left.toArray(), right.toArray(), budget);
  return left instanceof Undefined && right instanceof Undefined;
}

const areEqual = (left: readonly Value[], right: readonly Value[], budget: Budget): boolean =>
  left.length === right.length && left.every((one, index) => isEqual(one, right[index]!, budget));

const areDictsEqual = (left: Dict, right: Dict, budget: Budget): boolean => left.size === right.size && left.keys().every((key) => {
  const other = right.get(key);
  return other !== undefined && isEqual(left.get(key)!, other, budget);
});

/** Below zero, zero, above it, or NaN. */
function compareNumbers(left: number | bigint | boolean | Float, right: number | bigint | boolean | Float): number {
  const [a, b] = isInt(left) && isInt(right) ? [plain(left), plain(right)] : [left instanceof Float ? left.value : plain(left), right instanceof Float ? right.value : plain(right)];
  return a < b ? -1 : a > b ? 1 : a == b ? 0 : Number.NaN;
}

/** Python's order of two values. @throws TemplateFault where they have none. */
export function compare(left: Value, right: Value, operator: string, budget: Budget): number {
  budget.step();
  if (left instanceof Undefined) return left.fail();
  if (right instanceof Undefined) return right.fail();
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  const [a, b] = [textOf(left), textOf(right)];
  if (a !== null && b !== null) return compareTexts(a, b);
  if (isList(left) && isList(right)) return compareLists(left, right, operator, budget);
  if (left instanceof Tuple && right instanceof Tuple) return compareLists(left.items, right.items, operator, budget);
  return raise(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

function compareLists(left: readonly Value[], right: readonly Value[], operator: string, budget: Budget): number {
  for (let index = 0; index < left.length && index < right.length; index++) {
    if (!isEqual(left[index]!, right[index]!, budget)) return compare(left[index]!, right[index]!, operator, budget);
  }
  return left.length - right.length;
}

/** By code points, which JavaScript's own order is not beyond the first 65,536. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (!/[\ud800-\udfff]/.test(left + right)) return left < right ? -1 : 1;
  const [a, b] = [characters(left), characters(right)];
  for (let index = 0; index < a.length && index < b.length; index++) {
    const difference = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
