import type { RowMetric } from './metric.ts';
import { countNgrams, overlap, splitWords } from './ngrams.ts';

const ORDER = 6;
/** Recall counts four times as much as precision. */
const BETA = 2;

/** chrF2 of a corpus (Popović 2015) from 0 to 100, as sacrebleu computes it: n-grams of characters without spaces. */
export const chrf: RowMetric = {
  name: 'chrf',
  needsReference: true,
  signature: `nrefs:1|case:mixed|eff:yes|nc:${ORDER}|nw:0|space:no`,
  statistics: (predictions) => predictions.map(({ prediction, reference }) => {
    const [given, wanted] = [characters(prediction), characters(reference ?? '')];
    return Array.from({ length: ORDER }, (_, at) => {
      const n = at + 1;
      const [left, right] = [Math.max(given.length - at, 0), Math.max(wanted.length - at, 0)];
      return [right === 0 ? 0 : left, right, overlap(countNgrams(given, n), countNgrams(wanted, n))];
    }).flat();
  }),
  score: (sums) => {
    let [precision, recall, orders] = [0, 0, 0];
    for (let at = 0; at < ORDER; at++) {
      const [given, wanted, shared] = sums.slice(3 * at, 3 * at + 3) as [number, number, number];
      if (given === 0 || wanted === 0) continue;
      precision += shared / given;
      recall += shared / wanted;
      orders++;
    }
    if (precision + recall === 0) return 0;
    return (100 * (1 + BETA ** 2) * precision * recall) / ((BETA ** 2 * precision + recall) * orders);
  },
};

const characters = (text: string): string[] => Array.from(splitWords(text).join(''));
