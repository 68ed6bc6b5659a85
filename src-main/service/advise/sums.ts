import type { Score } from '../../contract/events.ts';
import { bootstrap } from '../../metrics/bootstrap.ts';
import { mean } from '../../metrics/metric.ts';
import { weightedMean } from '../../metrics/paired.ts';
import { Statistics } from '../../metrics/statistics.ts';
import type { OwnText } from '../../distill/cannot-write.ts';

/** A number a token over texts, with its interval; null where no text has a token. */
export function aToken<Text extends { tokens: number }>(texts: readonly Text[], of: (text: Text) => number, seed: number): Score | null {
  const told = texts.filter(({ tokens }) => tokens > 0);
  return told.length === 0 ? null : bootstrap(Statistics.of(told.map((text) => [of(text), text.tokens])), weightedMean, seed);
}

/** A share of rows, with its interval; null of none. */
export function shareOf<Item>(items: readonly Item[], holds: (item: Item) => boolean, seed: number): Score | null {
  return meanOf(items, (item) => (holds(item) ? 1 : 0), seed);
}

/** A mean over rows, with its interval; null of none. */
export function meanOf<Item>(items: readonly Item[], of: (item: Item) => number, seed: number): Score | null {
  return items.length === 0 ? null : bootstrap(Statistics.of(items.map((item) => [of(item)])), mean, seed);
}

/** Texts that ended by themselves within so many tokens. */
export const endsWithin = (room: number) => ({ ended, tokens }: OwnText): boolean => ended && tokens.length <= room;

export const percent = (share: number): string => `${Math.round(100 * share)}%`;
export const nats = (value: number): string => value.toFixed(value < 0.095 ? 3 : 2);
