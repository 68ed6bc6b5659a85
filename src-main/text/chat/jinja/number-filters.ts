import type { Filter } from './filter.ts';
import { raise, refuse } from './fault.ts';
import { double, index, int, isInt, isNumber } from './numbers.ts';
import { fixed } from './percent-format.ts';
import { stripped } from './text-functions.ts';
import { Float, textOf, typeName, Undefined, type Value } from './values.ts';

function toInt(value: Value, otherwise: Value, base: number): Value {
  const text = textOf(value);
  if (isInt(value)) return int(BigInt(value));
  if (value instanceof Float) return Number.isFinite(value.value) ? int(BigInt(Math.trunc(value.value))) : Number.isNaN(value.value) ? otherwise : raise('cannot convert float infinity to integer');
  if (value instanceof Undefined) return value.fail();
  if (text === null) return otherwise;
  const inner = stripped(text, null, 'both');
  if (base !== 10) return refuse('the filter int with a base');
  if (/[^\0-\x7f]/.test(inner)) return refuse('the filter int beyond ASCII');
  if (/^[-+]?\d+(_\d+)*$/.test(inner)) return int(BigInt(inner.replace(/^\+|_/g, '')));
  const number = parseFloatText(inner);
  return number === null || !Number.isFinite(number) ? otherwise : int(BigInt(Math.trunc(number)));
}

function parseFloatText(text: string): number | null {
  const inner = stripped(text, null, 'both');
  if (/^[-+]?(inf|infinity)$/i.test(inner)) return inner.startsWith('-') ? -Infinity : Infinity;
  if (/^[-+]?nan$/i.test(inner)) return Number.NaN;
  return /^[-+]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[-+]?\d+(_\d+)*)?$/i.test(inner) ? Number(inner.replaceAll('_', '')) : null;
}

function toFloat(value: Value, otherwise: Value): Value {
  if (isNumber(value)) return new Float(double(value));
  if (value instanceof Undefined) return value.fail();
  const text = textOf(value);
  const number = text === null ? null : parseFloatText(text);
  return number === null ? otherwise : new Float(number);
}

function rounded(value: Value, precision: number, method: string): Value {
  if (!['common', 'ceil', 'floor'].includes(method)) return raise('method must be common, ceil or floor');
  if (value instanceof Undefined) return value.fail();
  if (!isNumber(value)) return raise(`type ${typeName(value)} doesn't define __round__ method`);
  const scale = 10 ** precision;
  if (method !== 'common') return new Float((method === 'ceil' ? Math.ceil : Math.floor)(double(value) * scale) / scale);
  if (isInt(value)) return precision >= 0 ? int(BigInt(value)) : refuse('the rounding of an int to tens');
  return precision < 0 || precision > 15 ? refuse('the rounding to so many digits') : new Float(roundHalfEven(value.value, precision));
}

/** Python rounds the exact value, and a true half to the even digit. */
function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return value;
  const up = Number(fixed(value, precision));
  const exact = value * 10 ** precision;
  if (Math.abs(exact % 1) !== 0.5 || Number(fixed(value, Math.min(100, precision + 30))) !== value) return up;
  // A half that a double holds exactly.
  return precision === 0 ? 2 * Math.round(value / 2) : isHalf(value, precision) ? 2 * Math.round(exact / 2) / 10 ** precision : up;
}

const isHalf = (value: number, precision: number): boolean => /^-?\d+\.\d*50*$/.test(value.toFixed(Math.min(100, precision + 40))) && value.toFixed(precision + 1).endsWith('5') && Number(value.toFixed(precision + 1)) === value;

export const NUMBER_FILTERS: Readonly<Record<string, Filter>> = {
  int: [[['default', 0], ['base', 10]], (_budget, value, otherwise, base) => toInt(value, otherwise, index(base))],
  float: [[['default', new Float(0)]], (_budget, value, otherwise) => toFloat(value, otherwise)],
  round: [[['precision', 0], ['method', 'common']], (_budget, value, precision, method) => rounded(value, index(precision), textOf(method) ?? '')],
};
