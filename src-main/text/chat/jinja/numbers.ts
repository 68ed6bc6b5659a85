import { raise } from './fault.ts';
import { Float, type Value } from './values.ts';

/** Python writes no int with more decimal digits than this. */
const DIGITS = 4300;

export const isInt = (value: Value): value is number | bigint | boolean =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
export const isNumber = (value: Value): value is number | bigint | boolean | Float => isInt(value) || value instanceof Float;

/** An int as it is kept. */
export function int(value: bigint): number | bigint {
  if (value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn) return Number(value);
  if (value > 10n ** 4300n || value < -(10n ** 4300n)) raise(`Exceeds the limit (${DIGITS} digits) for integer string conversion`);
  return value;
}

/** An int as it is counted with. */
export const plain = (value: number | bigint | boolean): number | bigint => typeof value === 'boolean' ? Number(value) : value;
/** A number as a double. */
export const double = (value: number | bigint | boolean | Float): number => value instanceof Float ? value.value : Number(value);

/** An int that stands for a place or a length. @throws TemplateFault for all else. */
export function index(value: Value, what = 'this'): number {
  if (isInt(value)) return Number(value);
  return raise(`${what} must be an integer`);
}

/** As Python's repr of a float. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  const text = power >= 0 ? String(value) : value.toFixed(Math.min(100, mantissa.replace(/^-?\d\.?/, '').length - power));
  return text.includes('.') ? text : `${text}.0`;
}
