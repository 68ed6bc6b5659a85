import { Numbers } from '../files/numbers.ts';
import { BLEU_TOKENIZERS } from './bleu-tokenizers.ts';
import { BLEU_ORDER, bleuOf, ngramTotals } from './bleu.ts';
import { mean, type CorpusMetric } from './metric.ts';
import { countNgrams, splitWords } from './ngrams.ts';
import { SharedKeys, type Occurrence } from './shared-keys.ts';
import { Statistics } from './statistics.ts';

const tokenize = BLEU_TOKENIZERS['13a'];

/**
 * How alike the texts of a model are, from 0 to 100: the mean BLEU of each with all others as its references
 * (Zhu et al. 2018). 100 where all say the same.
 */
export const selfBleu: CorpusMetric = {
  name: 'self-bleu',
  needsReference: false,
  isLowerBetter: true,
  score: mean,
  gather: () => {
    const orders = Array.from({ length: BLEU_ORDER }, () => new SharedKeys());
    const lengths = new Numbers();
    return {
      add: (predictions) => {
        for (const { prediction } of predictions) {
          const tokens = tokenize(prediction);
          orders.forEach((keys, at) => {
            for (const [key, count] of countNgrams(tokens, at + 1)) keys.add(key, { text: lengths.length, count });
          });
          lengths.push(tokens.length);
        }
      },
      statistics: () => {
        const matches = orders.map((keys) => matchesIn(keys, lengths.length));
        const closest = closestOthers(lengths);
        const all = new Statistics();
        for (const length of lengths) {
          const text = all.length;
          all.add([bleuOf({ matches: matches.map((ofOrder) => ofOrder[text]!), totals: ngramTotals(length), length, referenceLength: closest.get(length)! })]);
        }
        return all;
      },
    };
  },
};

/** How many n-grams of each text are in others, each at most as often as in the one that has it most. */
function matchesIn(keys: SharedKeys, texts: number): Float64Array {
  const matches = new Float64Array(texts);
  for (const [, occurrences] of keys.all()) {
    const [most, second] = largestTwo(occurrences);
    for (const { text, count } of occurrences) matches[text]! += Math.min(count, text === most.text ? second.count : most.count);
  }
  return matches;
}

function largestTwo(occurrences: readonly Occurrence[]): [Occurrence, Occurrence] {
  let [most, second]: [Occurrence, Occurrence] = [{ text: -1, count: 0 }, { text: -1, count: 0 }];
  for (const one of occurrences) {
    if (one.count > most.count) [most, second] = [one, most];
    else if (one.count > second.count) second = one;
  }
  return [most, second];
}

/** For each length of a text the nearest among the other texts, the shorter of two. */
function closestOthers(lengths: Numbers): Map<number, number> {
  const texts = new Map<number, number>();
  for (const length of lengths) texts.set(length, (texts.get(length) ?? 0) + 1);
  const sorted = [...texts.keys()].sort((a, b) => a - b);
  return new Map(sorted.map((own, at) => {
    if (texts.get(own)! > 1) return [own, own];
    const [before, after] = [sorted[at - 1], sorted[at + 1]];
    if (before === undefined || after === undefined) return [own, before ?? after ?? 0];
    return [own, own - before <= after - own ? before : after];
  }));
}

/** Share of the n-grams of all texts that are different from each other (Li et al. 2016). */
function distinct(n: number): CorpusMetric {
  return {
    name: `distinct-${n}`,
    needsReference: false,
    score: ([worth, size]) => (size === 0 ? 0 : worth! / size!),
    gather: () => {
      const keys = new SharedKeys();
      const sizes = new Numbers();
      return {
        add: (predictions) => {
          for (const { prediction } of predictions) {
            let size = 0;
            for (const [key, count] of countNgrams(splitWords(prediction), n)) {
              keys.add(key, { text: sizes.length, count });
              size += count;
            }
            sizes.push(size);
          }
        },
        statistics: () => {
          // Each occurrence is worth its share of the one n-gram it stands for, so that the sum over all texts counts it once.
          const worth = new Float64Array(sizes.length);
          for (const [, occurrences] of keys.all()) {
            const total = occurrences.reduce((sum, { count }) => sum + count, 0);
            for (const { text, count } of occurrences) worth[text]! += count / total;
          }
          const all = new Statistics();
          for (const size of sizes) all.add([worth[all.length]!, size]);
          return all;
        },
      };
    },
  };
}

export const distinct1 = distinct(1);
export const distinct2 = distinct(2);
