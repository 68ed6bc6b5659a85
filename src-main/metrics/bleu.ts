import { BLEU_TOKENIZERS, type BleuTokenizer } from './bleu-tokenizers.ts';
import type { RowMetric } from './metric.ts';
import { countNgrams, overlap } from './ngrams.ts';

export const BLEU_ORDER = 4;

/**
 * BLEU of a corpus (Papineni et al. 2002) from 0 to 100, as sacrebleu computes it: one reference, mixed case, and orders
 * without a match smoothed exponentially.
 */
export const bleu = corpusBleu('bleu', '13a');
export const bleuIntl = corpusBleu('bleu-intl', 'intl');

function corpusBleu(name: string, tokenizer: BleuTokenizer): RowMetric {
  const tokenize = BLEU_TOKENIZERS[tokenizer];
  return {
    name,
    needsReference: true,
    signature: `nrefs:1|case:mixed|eff:no|tok:${tokenizer}|smooth:exp`,
    statistics: (predictions) => predictions.map(({ prediction, reference }) => {
      const [given, wanted] = [tokenize(prediction), tokenize(reference ?? '')];
      const counts = Array.from({ length: BLEU_ORDER }, (_, at) => overlap(countNgrams(given, at + 1), countNgrams(wanted, at + 1)));
      return [...counts, ...ngramTotals(given.length), given.length, wanted.length];
    }),
    score: (sums) => bleuOf({
      matches: sums.slice(0, BLEU_ORDER), totals: sums.slice(BLEU_ORDER, 2 * BLEU_ORDER), length: sums[2 * BLEU_ORDER]!, referenceLength: sums[2 * BLEU_ORDER + 1]!,
    }),
  };
}

/** How many n-grams of each order a text of `length` tokens has. */
export function ngramTotals(length: number): number[] {
  return Array.from({ length: BLEU_ORDER }, (_, at) => Math.max(length - at, 0));
}

export interface BleuCounts { matches: readonly number[]; totals: readonly number[]; length: number; referenceLength: number }

/** The brevity penalty times the geometric mean of the precisions. */
export function bleuOf({ matches, totals, length, referenceLength }: BleuCounts): number {
  if (matches.every((count) => count === 0) || totals.includes(0)) return 0;
  let smoothing = 1;
  let logs = 0;
  for (const [at, count] of matches.entries()) {
    if (count === 0) smoothing *= 2;
    logs += Math.log((count === 0 ? 1 / smoothing : count) / totals[at]!);
  }
  const penalty = length < referenceLength ? Math.exp(1 - referenceLength / length) : 1;
  return 100 * penalty * Math.exp(logs / BLEU_ORDER);
}
