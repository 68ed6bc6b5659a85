import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { double, floatText, int, isInt, isNumber } from './numbers.ts';
import { lengthOf, repr, str } from './text.ts';
import { Dict, Float, isList, Tuple, Undefined, type Value } from './values.ts';

const FIELD = /%(?:\(([^)]*)\))?([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*))?([a-zA-Z%]?)/g;

/** Python's `text % values`. */
export function percentFormat(text: string, values: Value, budget: Budget): string {
  const given = values instanceof Tuple ? values.items : [values];
  let next = 0;
  let isNamed = false;
  const result = text.replace(FIELD, (whole, name: string | undefined, flags: string, width: string | undefined, precision: string | undefined, kind: string) => {
    if (kind === '%') return whole === '%%' ? '%' : refuse(`the format ${whole}`);
    if (kind === '') return raise('incomplete format');
    if (width === '*' || precision === '*') return refuse(`the format ${whole}`);
    let value: Value;
    if (name === undefined) value = next < given.length ? given[next++]! : raise('not enough arguments for format string');
    else {
      isNamed = true;
      value = values instanceof Dict ? (values.has(name) ? values.get(name)! : raise(`'${name}'`)) : raise('format requires a mapping');
    }
    return padded(formatted(value, kind, flags, precision, whole, budget), flags, Number(width ?? 0), kind, budget);
  });
  if (!isNamed && next < given.length && !(given === values || values instanceof Dict || isList(values))) raise('not all arguments converted during string formatting');
  budget.text(result.length);
  return result;
}

function formatted(value: Value, kind: string, flags: string, precision: string | undefined, whole: string, budget: Budget): string {
  if (/[#]/.test(flags)) return refuse(`the format ${whole}`);
  switch (kind) {
    case 's': case 'r': {
      const text = kind === 's' ? str(value, budget) : repr(value, budget);
      return precision === undefined ? text : Array.from(text).slice(0, Number(precision)).join('');
    }
    case 'd': case 'i': case 'u': {
      if (value instanceof Undefined) return value.fail();
      if (!isNumber(value)) return raise(`%${kind} format: a real number is required`);
      if (precision !== undefined) return refuse(`the format ${whole}`);
      return signed(value instanceof Float ? String(int(BigInt(Math.trunc(value.value)))) : String(BigInt(value)), flags);
    }
    case 'x': case 'X': case 'o': {
      if (!isInt(value)) return raise(`%${kind} format: an integer is required`);
      const text = BigInt(value).toString(kind === 'o' ? 8 : 16);
      return signed(kind === 'X' ? text.toUpperCase() : text, flags);
    }
    case 'f': case 'F': {
      if (!isNumber(value)) return raise('must be real number');
      return signed(fixed(double(value), Number(precision ?? 6)), flags);
    }
    default: return refuse(`the format ${whole}`);
  }
}

const signed = (text: string, flags: string): string => text.startsWith('-') ? text : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;

/** As many decimals as asked for, rounded from the exact value as C does. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  if (decimals > 100 || Math.abs(value) >= 1e21) return refuse('the writing of such a number with fixed decimals');
  const text = value.toFixed(decimals);
  return Object.is(value, -0) || (value < 0 && !text.startsWith('-')) ? `-${text.replace(/^-/, '')}` : text;
}

function padded(text: string, flags: string, width: number, kind: string, budget: Budget): string {
  budget.text(width);
  const units = width + text.length - lengthOf(text);
  if (flags.includes('-')) return text.padEnd(units);
  if (flags.includes('0') && kind !== 's' && kind !== 'r') {
    const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(width - sign.length, '0');
  }
  return text.padStart(units);
}
