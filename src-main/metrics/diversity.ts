import { BLEU_TOKENIZERS } from './bleu-tokenizers.ts';
import { BLEU_ORDER, bleuOf, ngramTotals } from './bleu.ts';
import { meanMetric, type Metric } from './metric.ts';
import { countNgrams, splitWords } from './ngrams.ts';

const tokenize = BLEU_TOKENIZERS['13a'];

/**
 * How alike the texts of a model are, from 0 to 100: the mean BLEU of each with all others as its references
 * (Zhu et al. 2018). 100 where all say the same.
 */
export const selfBleu: Metric = {
  ...meanMetric('self-bleu', false, () => 0),
  isLowerBetter: true,
  isOfAll: true,
  statistics: (predictions) => {
    const texts = predictions.map(({ prediction }) => tokenize(prediction));
    const orders = Array.from({ length: BLEU_ORDER }, (_, at) => texts.map((tokens) => countNgrams(tokens, at + 1)));
    const most = orders.map(largestTwo);
    const lengths = texts.map((tokens) => tokens.length).sort((a, b) => a - b);
    return texts.map((tokens, text) => [bleuOf({
      matches: orders.map((counts, order) => {
        let matches = 0;
        for (const [key, count] of counts[text]!) matches += Math.min(count, mostElsewhere(most[order]!.get(key)!, text));
        return matches;
      }),
      totals: ngramTotals(tokens.length),
      length: tokens.length,
      referenceLength: closestOther(lengths, tokens.length),
    })]);
  },
};

interface Most { first: number; of: number; second: number }

/** For each n-gram the two largest counts over the texts, so that a text is held against all others at once. */
function largestTwo(texts: readonly ReadonlyMap<string, number>[]): Map<string, Most> {
  const most = new Map<string, Most>();
  texts.forEach((counts, of) => {
    for (const [key, count] of counts) {
      const known = most.get(key);
      if (!known) most.set(key, { first: count, of, second: 0 });
      else if (count > known.first) most.set(key, { first: count, of, second: known.first });
      else known.second = Math.max(known.second, count);
    }
  });
  return most;
}

const mostElsewhere = ({ first, of, second }: Most, text: number): number => (of === text ? second : first);

/** The length nearest to `own` among the other texts, the shorter of two; `sorted` holds `own` as well. */
function closestOther(sorted: readonly number[], own: number): number {
  const at = sorted.indexOf(own);
  const [before, after] = [sorted[at - 1], sorted[at + 1]];
  if (before === undefined || after === undefined) return before ?? after ?? 0;
  return own - before <= after - own ? before : after;
}

/** Share of the n-grams of all texts that are different from each other (Li et al. 2016). */
function distinct(n: number): Metric {
  return {
    name: `distinct-${n}`,
    needsReference: false,
    isOfAll: true,
    statistics: (predictions) => {
      const texts = predictions.map(({ prediction }) => countNgrams(splitWords(prediction), n));
      const total = new Map<string, number>();
      for (const counts of texts) for (const [key, count] of counts) total.set(key, (total.get(key) ?? 0) + count);
      // Each occurrence is worth its share of the one n-gram it stands for, so that the sum over all texts counts it once.
      return texts.map((counts) => {
        let [worth, size] = [0, 0];
        for (const [key, count] of counts) {
          worth += count / total.get(key)!;
          size += count;
        }
        return [worth, size];
      });
    },
    score: ([worth, size]) => (size === 0 ? 0 : worth! / size!),
  };
}

export const distinct1 = distinct(1);
export const distinct2 = distinct(2);
