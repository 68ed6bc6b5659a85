import { slowClock } from './state/clock.svelte.ts';
import { locale } from './state/locale.svelte.ts';

/** Numbers, amounts and times as a person reads them, in the language chosen in the settings. */

const formats = new Map<string, Intl.NumberFormat>();

/** Making a formatter costs far more than using it. */
function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify([locale.tag, options]);
  let known = formats.get(key);
  if (!known) formats.set(key, known = new Intl.NumberFormat(locale.tag, options));
  return known;
}

/** `12,345` */
export const count = (value: number): string => format({ maximumFractionDigits: 0 }).format(value);

/** `135M` */
export const shortCount = (value: number): string => format({ notation: 'compact', maximumSignificantDigits: 3 }).format(value);

/** `6`, or `12 + 6` where one stack reads and another writes. */
export const layerCount = ({ layers, encoderLayers }: { layers: number; encoderLayers: number | null }): string =>
  (encoderLayers === null ? count(layers) : `${count(encoderLayers)} + ${count(layers)}`);

/** Four significant digits, so that values of a chart line up: `0.3125`, `1.204`, `3.000e-4`. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return format({ notation: 'scientific', minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(value).toLowerCase();
  return format({ minimumSignificantDigits: 4, maximumSignificantDigits: Math.max(4, Math.floor(Math.log10(size || 1)) + 1) }).format(value);
}

/** `1,024.5`: as many digits as it takes, three after the point at most. */
export const plain = (value: number): string => format({ maximumFractionDigits: 3 }).format(value);

/** A number beside an axis: as short as it stays right. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return format({ notation: 'scientific', maximumSignificantDigits: 3 }).format(value).toLowerCase();
  return format({ maximumSignificantDigits: size >= 1000 ? 6 : 4 }).format(value);
}

/** `0.5` to `50%`. */
export const percent = (share: number): string => format({ style: 'percent', maximumFractionDigits: 1 }).format(share);

/** Shares that stand under one another: `50.1%`, `20.0%`, `< 0.1%`. */
export const evenPercent = (share: number): string => (share > 0 && share < 5e-4 ? `< ${evenPercent(1e-3)}` : format({ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(share));

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function byteSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${format({ minimumFractionDigits: power === 0 ? 0 : 1, maximumFractionDigits: power === 0 ? 0 : 1 }).format(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

/** `340 ms`, `4.2 s`, `3 min 20 s`, `5 h 12 min`, `2 d 3 h`. @param milliseconds  0 or more */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${count(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${format({ maximumFractionDigits: 1 }).format(seconds)} s`;
  const units: [number, string, number, string][] = [[86_400, 'd', 3600, 'h'], [3600, 'h', 60, 'min'], [60, 'min', 1, 's']];
  // Rounded first, so that 59 min 59.9 s are an hour.
  const [big, bigName, small, smallName] = units.find(([size, , part]) => Math.round(seconds / part) * part >= size)!;
  const whole = Math.round(seconds / small) * small;
  const rest = Math.round((whole % big) / small);
  return `${count(Math.floor(whole / big))} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}

const SPANS: [number, Intl.RelativeTimeFormatUnit][] = [[31_536_000, 'year'], [2_592_000, 'month'], [86_400, 'day'], [3600, 'hour'], [60, 'minute']];

/** `3 minutes ago`. @param at  milliseconds since 1970 */
export function relativeTime(at: number): string {
  const seconds = (at - slowClock.now) / 1000;
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const span = SPANS.find(([size]) => Math.abs(seconds) >= size);
  return span ? words.format(Math.round(seconds / span[0]), span[1]) : 'just now';
}

/** `23 Nov 2026, 20:15:03` */
export const exactTime = (at: number): string => new Intl.DateTimeFormat(locale.tag, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);

/** A message as a sentence: it begins with a capital, unless with a name, and ends with a full stop. */
export function fullStop(text: string): string {
  const trimmed = text.trim();
  const begun = /^[a-z]+(?:'[a-z]+)? /.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?:…]['")\]]?$/.test(begun) || begun === '' ? begun : `${begun}.`;
}
