import type { StoredScore } from '../contract/history.ts';

/** How the numbers of a report are written: in English, as its words are. */

export interface Quantity { text(value: number): string; isShare: boolean }

const format = (options: Intl.NumberFormatOptions): (value: number) => string => {
  const made = new Intl.NumberFormat('en-US', options);
  return (value) => made.format(value);
};
const scientific = format({ notation: 'scientific', maximumSignificantDigits: 3 });
const four = format({ maximumSignificantDigits: 4, minimumSignificantDigits: 4 });
const short = format({ maximumSignificantDigits: 4 });
const oneDigit = format({ maximumFractionDigits: 1 });

/** `12,345` */
export const count = format({ maximumFractionDigits: 0 });
/** `135M` */
export const shortCount = format({ notation: 'compact', maximumSignificantDigits: 3 });
/** `41.5%` */
export const percent = format({ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** `0.5`, as a recipe has it. */
export const plain = format({ maximumFractionDigits: 6 });

/** Four significant digits: `0.3125`, `1.204`, `3e-4`. */
export const number = (value: number): string => (isAtTheEdge(value) ? scientific(value).toLowerCase() : Math.abs(value) >= 1e4 ? count(value) : four(value));
/** As short as it stays right, beside an axis. */
export const tick = (value: number): string => (isAtTheEdge(value) ? scientific(value).toLowerCase() : short(value));
const isAtTheEdge = (value: number): boolean => value !== 0 && Number.isFinite(value) && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6);

/** `340 ms`, `4.2 s`, `3 min 20 s`, `5 h 12 min` */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (milliseconds < 1000) return `${count(milliseconds)} ms`;
  if (seconds < 59.95) return `${oneDigit(seconds)} s`;
  const [big, bigName, small, smallName] = seconds < 3599.5 ? [60, 'min', 1, 's'] as const : [3600, 'h', 60, 'min'] as const;
  const whole = Math.round(seconds / small);
  const perBig = big / small;
  return `${count(Math.floor(whole / perBig))} ${bigName}${whole % perBig > 0 ? ` ${whole % perBig} ${smallName}` : ''}`;
}

/** `27 Nov 2026, 18:24 UTC`, on the clock of the machine. */
export const moment = (at: number): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' }).format(at);

export const SHARE: Quantity = { text: percent, isShare: true };
export const NUMBER: Quantity = { text: number, isShare: false };

/** Metrics between 0 and 1 are read as percentages, all else as numbers. */
export const quantityOf = (metric: string): Quantity => (/accuracy|exact|match|eos|agreement|acceptance/.test(metric) ? SHARE : NUMBER);

/** `20.0% to 31.0%`, or nothing where there is no interval. */
export function interval({ low, high }: Pick<StoredScore, 'low' | 'high'>, { text }: Quantity): string {
  return low === null || high === null ? '' : `${text(low)} to ${text(high)}`;
}
