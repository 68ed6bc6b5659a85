import type { Budget } from './budget.ts';
import { raise } from './fault.ts';
import { double, int, isInt, isNumber, plain } from './numbers.ts';
import { percentFormat } from './percent-format.ts';
import { Float, isList, Markup, Tuple, typeName, Undefined, type Value } from './values.ts';
import { refuse } from './fault.ts';

export type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

export function calculate(operator: Operator, left: Value, right: Value, budget: Budget): Value {
  if (operator === '%' && typeof left === 'string') return percentFormat(left, right, budget);
  if (left instanceof Undefined) return left.fail();
  if (right instanceof Undefined) return right.fail();
  if (isNumber(left) && isNumber(right)) return isInt(left) && isInt(right) ? integers(operator, plain(left), plain(right)) : floats(operator, double(left), double(right));
  if (left instanceof Markup || right instanceof Markup) {
    const [first, second] = [escaped(left), escaped(right)];
    if (operator !== '+' || first === null || second === null) return refuse(`${operator} of texts marked as safe`);
    budget.text(first.length + second.length);
    return new Markup(first + second);
  }
  return sequences(operator, left, right, budget) ?? raise(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}

function sequences(operator: Operator, left: Value, right: Value, budget: Budget): Value | undefined {
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      budget.joined(left.length + right.length);
      return left + right;
    }
    if (isList(left) && isList(right)) return made([...left, ...right], budget);
    if (left instanceof Tuple && right instanceof Tuple) return new Tuple(made([...left.items, ...right.items], budget));
  }
  if (operator === '*') {
    if (isInt(right)) return repeated(left, Number(right), budget);
    if (isInt(left)) return repeated(right, Number(left), budget);
  }
  return undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' };

/** What stands beside a text marked as safe is escaped, even where nothing else is. */
function escaped(value: Value): string | null {
  if (value instanceof Markup) return value.text;
  return typeof value === 'string' ? value.replace(/[&<>'"]/g, (one) => ENTITIES[one]!) : null;
}

function made<T extends readonly Value[]>(list: T, budget: Budget): T {
  budget.elements(list.length);
  return list;
}

function repeated(value: Value, count: number, budget: Budget): Value | undefined {
  const times = Math.max(0, count);
  if (typeof value === 'string') {
    if (value !== '') budget.text(value.length * times);
    return value === '' ? '' : value.repeat(times);
  }
  const items = isList(value) ? value : value instanceof Tuple ? value.items : null;
  if (items === null) return undefined;
  budget.elements(items.length * times);
  const list = items.length === 0 ? [] : Array.from({ length: items.length * times }, (_, place) => items[place % items.length]!);
  return isList(value) ? list : new Tuple(list);
}

function integers(operator: Operator, left: number | bigint, right: number | bigint): Value {
  if (operator === '/' && right != 0) return new Float(Number(left) / Number(right));
  if (['/', '//', '%'].includes(operator) && right == 0) return raise(operator === '/' ? 'division by zero' : 'integer division or modulo by zero');
  const [a, b] = [BigInt(left), BigInt(right)];
  switch (operator) {
    case '+': return int(a + b);
    case '-': return int(a - b);
    case '*': return int(a * b);
    case '//': return int((a - mod(a, b)) / b);
    case '%': return int(mod(a, b));
    case '**': return power(a, b);
    case '/': return raise('division by zero');
  }
}

/** With the sign of the divisor. */
function mod(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function power(base: bigint, exponent: bigint): Value {
  if (exponent < 0n) return floats('**', Number(base), Number(exponent));
  const digits = String(base).length;
  if (base > 1n || base < -1n) {
    if (exponent * BigInt(digits) > 9000n) return refuse(`${base} ** ${exponent}`);
  }
  return int(base ** (exponent > 9000n ? 2n + exponent % 2n : exponent));
}

function floats(operator: Operator, left: number, right: number): Value {
  if (right === 0 && ['/', '//', '%'].includes(operator)) return raise(operator === '/' ? 'division by zero' : `float ${operator === '%' ? 'modulo' : 'floor division'} by zero`);
  switch (operator) {
    case '+': return new Float(left + right);
    case '-': return new Float(left - right);
    case '*': return new Float(left * right);
    case '/': return new Float(left / right);
    case '%': return new Float(floatMod(left, right));
    case '//': {
      const quotient = (left - floatMod(left, right)) / right;
      return new Float(quotient === 0 ? (Object.is(left / right, -0) ? -0 : 0) : Math.round(quotient));
    }
    case '**': {
      if (left === 0 && right < 0) return raise('zero to a negative power');
      const result = left ** right;
      return Number.isNaN(result) && !Number.isNaN(left) && !Number.isNaN(right) ? refuse('a complex number') : new Float(result);
    }
  }
}

function floatMod(left: number, right: number): number {
  const rest = left % right;
  if (rest === 0) return right < 0 ? -0 : 0;
  return rest < 0 !== right < 0 ? rest + right : rest;
}

export function negate(value: Value): Value {
  if (value instanceof Undefined) return value.fail();
  if (value instanceof Float) return new Float(-value.value);
  if (isInt(value)) return int(-BigInt(value));
  return raise(`bad operand type for unary -: '${typeName(value)}'`);
}

export function absolute(value: Value): Value {
  if (value instanceof Float) return new Float(Math.abs(value.value));
  if (isInt(value)) return int(BigInt(value) < 0n ? -BigInt(value) : BigInt(value));
  return value instanceof Undefined ? value.fail() : raise(`bad operand type for abs(): '${typeName(value)}'`);
}

