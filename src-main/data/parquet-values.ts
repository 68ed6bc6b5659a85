import type { SchemaElement, SchemaTree } from 'hyparquet';
import { numberOf } from '../contract/exact-number.ts';
import { ordered } from '../contract/key-order.ts';
import { parseExactly } from './exact-json.ts';

type Value = (stored: unknown) => unknown;

/** Types that are read as they are stored and written here: the library would round them, or lose a zone. */
const OWN = new Set(['DECIMAL', 'TIMESTAMP', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS', 'TIME', 'TIME_MILLIS', 'TIME_MICROS']);

/** A column's type for the library: none where its values are to come as they are stored. */
export function storedAs(element: SchemaElement): SchemaElement {
  const { converted_type: converted, logical_type: logical, ...rest } = element;
  return OWN.has(converted ?? '') || OWN.has(logical?.type ?? '') ? rest : element;
}

/** How the library writes what it understands itself, keys of maps among them. */
export const PARSERS = {
  dateFromDays: (days: number): string => dateOf(BigInt(days)),
  // Only the deprecated INT96 comes so: it names no zone.
  timestampFromNanoseconds: (nanoseconds: bigint): string => timestamp(nanoseconds, 1_000_000_000n),
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined): unknown => bytes && parseExactly(new TextDecoder().decode(bytes)),
};

/** A column's values as those of a row: numbers with their own text, times as Python's isoformat() writes them. */
export function valuesOf({ element, children }: SchemaTree): Value {
  const own = children.length === 0 ? leaf(element) : element.converted_type === 'LIST' ? valuesOf(elementOf(children[0]!)) : fields(element, children);
  const value: Value = (stored) => {
    if (stored === null || stored === undefined) return null;
    return Array.isArray(stored) ? stored.map(value) : own(stored);
  };
  return value;
}

/** A list's elements stand in a group of their own, which old writers left out. */
function elementOf(repeated: SchemaTree): SchemaTree {
  return repeated.children.length === 1 ? repeated.children[0]! : repeated;
}

function fields({ converted_type: converted }: SchemaElement, children: readonly SchemaTree[]): Value {
  const isMap = converted === 'MAP' && children[0]?.children.length === 2;
  const mapped = isMap ? valuesOf(children[0]!.children[1]!) : null;
  if (mapped) return (stored) => Object.fromEntries(Object.entries(stored as object).map(([key, value]) => [key, mapped(value)]));
  const named = children.map((child) => [child.element.name, valuesOf(child)] as const);
  return (stored) => ordered(named.map(([key, value]) => [key, value((stored as Record<string, unknown>)[key])]));
}

function leaf({ type, converted_type: converted, logical_type: logical, scale }: SchemaElement): Value {
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return (stored) => decimal(stored, logical?.type === 'DECIMAL' ? logical.scale : scale ?? 0);
  const unit = unitOf(converted, logical);
  if (unit !== null && (converted?.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP')) {
    const zone = logical && 'isAdjustedToUTC' in logical && !logical.isAdjustedToUTC ? '' : '+00:00';
    return (stored) => timestamp(BigInt(stored as number | bigint), unit) + zone;
  }
  if (unit !== null) return (stored) => timeOf(BigInt(stored as number | bigint), unit);
  if (type === 'FLOAT' || type === 'DOUBLE' || logical?.type === 'FLOAT16') return (stored) => float(stored as number);
  return plain;
}

function plain(stored: unknown): unknown {
  if (typeof stored === 'bigint') return numberOf(stored.toString());
  return stored instanceof Uint8Array ? textOf(stored) : stored;
}

/** Parts of a second that a time counts; null where the type is none. */
function unitOf(converted: SchemaElement['converted_type'], logical: SchemaElement['logical_type']): bigint | null {
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME') return { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n }[logical.unit];
  return converted?.endsWith('_MILLIS') ? 1000n : converted?.endsWith('_MICROS') ? 1_000_000n : null;
}

/** With all digits of its scale. */
function decimal(stored: unknown, scale: number): unknown {
  const unscaled = stored instanceof Uint8Array ? BigInt.asIntN(8 * stored.length, BigInt(`0x0${Buffer.from(stored).toString('hex')}`)) : BigInt(stored as number | bigint);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return numberOf(`${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`);
}

/** As Python prints it: a whole one with ".0". What is no number has no value; JSON has no word for the infinite. */
function float(stored: number): unknown {
  if (Number.isNaN(stored)) return null;
  if (!Number.isFinite(stored)) return stored > 0 ? 'inf' : '-inf';
  const size = Math.abs(stored);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) return numberOf(stored.toExponential().replace(/(e[+-])(\d)$/, '$10$2'));
  if (Number.isInteger(stored)) return numberOf(`${Object.is(stored, -0) ? '-0' : stored}.0`);
  return stored;
}

/** Bytes without a type are text, if they are; else base 64, since JSON has none. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('base64');
  }
}

function timestamp(count: bigint, unit: bigint): string {
  const day = 86_400n * unit;
  const within = ((count % day) + day) % day;
  return `${dateOf((count - within) / day)}T${timeOf(within, unit)}`;
}

const dateOf = (days: bigint): string => new Date(Number(days) * 86_400_000).toISOString().split('T')[0]!;

/** Since midnight. A fraction has six digits, or nine where it needs them. */
function timeOf(count: bigint, unit: bigint): string {
  const seconds = Number(count / unit);
  const nanoseconds = (count % unit) * (1_000_000_000n / unit);
  const fraction = nanoseconds.toString().padStart(9, '0').replace(/000$/, '');
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => Math.floor(part).toString().padStart(2, '0'));
  return parts.join(':') + (nanoseconds === 0n ? '' : `.${fraction}`);
}
