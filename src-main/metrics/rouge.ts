import { meanMetric, type RowMetric } from './metric.ts';
import { countNgrams, overlap } from './ngrams.ts';
import { stem } from './porter-stemmer.ts';

/**
 * ROUGE (Lin 2004) as the rouge-score package computes it with stemming: the F1 of n-grams (rouge1, rouge2), of the
 * longest common subsequence (rougeL), and of the union of such subsequences line by line (rougeLsum).
 */
export const rouge1 = rouge('rouge1', (reference, prediction) => ngramF1(tokenize(reference), tokenize(prediction), 1));
export const rouge2 = rouge('rouge2', (reference, prediction) => ngramF1(tokenize(reference), tokenize(prediction), 2));
export const rougeL = rouge('rougeL', (reference, prediction) => {
  const [wanted, given] = [tokenize(reference), tokenize(prediction)];
  return f1(commonPlaces(wanted, given).length, wanted.length, given.length);
});
export const rougeLsum = rouge('rougeLsum', (reference, prediction) => summaryF1(lines(reference), lines(prediction)));

function rouge(name: string, compare: (reference: string, prediction: string) => number): RowMetric {
  return meanMetric(name, true, ({ reference, prediction }) => compare(reference ?? '', prediction));
}

function tokenize(text: string): string[] {
  return text.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== '').map((word) => (word.length > 3 ? stem(word) : word));
}

function lines(text: string): string[][] {
  return text.split('\n').filter((line) => line !== '').map(tokenize);
}

function ngramF1(wanted: readonly string[], given: readonly string[], n: number): number {
  return f1(overlap(countNgrams(wanted, n), countNgrams(given, n)), Math.max(wanted.length - n + 1, 0), Math.max(given.length - n + 1, 0));
}

function f1(hits: number, wanted: number, given: number): number {
  return hits === 0 ? 0 : (2 * hits) / (wanted + given);
}

/** A word counts once for each time it is in both texts, however many lines share it. */
function summaryF1(wanted: readonly string[][], given: readonly string[][]): number {
  const [leftWanted, leftGiven] = [countNgrams(wanted.flat(), 1), countNgrams(given.flat(), 1)];
  let hits = 0;
  for (const line of wanted) {
    const places = new Set(given.flatMap((other) => commonPlaces(line, other)));
    for (const place of [...places].sort((a, b) => a - b)) {
      const word = line[place]!;
      const [one, other] = [leftWanted.get(word) ?? 0, leftGiven.get(word) ?? 0];
      if (one === 0 || other === 0) continue;
      hits++;
      leftWanted.set(word, one - 1);
      leftGiven.set(word, other - 1);
    }
  }
  return f1(hits, wanted.flat().length, given.flat().length);
}

/** Places in `wanted` of one longest common subsequence; of several the one that rouge-score reads out. */
function commonPlaces(wanted: readonly string[], given: readonly string[]): number[] {
  const width = given.length + 1;
  const lengths = new Uint32Array((wanted.length + 1) * width);
  for (let i = 1; i <= wanted.length; i++) {
    for (let j = 1; j < width; j++) {
      lengths[i * width + j] = wanted[i - 1] === given[j - 1]
        ? lengths[(i - 1) * width + j - 1]! + 1
        : Math.max(lengths[(i - 1) * width + j]!, lengths[i * width + j - 1]!);
    }
  }
  const places: number[] = [];
  for (let [i, j] = [wanted.length, given.length]; i > 0 && j > 0;) {
    if (wanted[i - 1] === given[j - 1]) {
      places.push(i - 1);
      i--;
      j--;
    } else if (lengths[i * width + j - 1]! > lengths[(i - 1) * width + j]!) j--;
    else i--;
  }
  return places.reverse();
}
