import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Prediction } from '../../src-main/contract/events.ts';
import { bleu, bleuIntl } from '../../src-main/metrics/bleu.ts';
import { chrf } from '../../src-main/metrics/chrf.ts';
import { distinct1, distinct2, selfBleu } from '../../src-main/metrics/diversity.ts';
import type { Metric } from '../../src-main/metrics/metric.ts';
import { Statistics } from '../../src-main/metrics/statistics.ts';
import { stem } from '../../src-main/metrics/porter-stemmer.ts';
import { rouge1, rouge2, rougeL, rougeLsum } from '../../src-main/metrics/rouge.ts';

interface Pair { reference: string; prediction: string; rouge1: number; rouge2: number; rougeL: number; rougeLsum: number }
interface Fixture {
  pairs: Pair[];
  corpora: ({ indices: number[] } & Record<'bleu' | 'bleu-intl' | 'chrf', number>)[];
  signatures: Record<string, string>;
  stems: Record<string, string>;
  selfBleu: number;
  selfBleuOf: number;
}
const fixture = JSON.parse(gunzipSync(readFileSync('test/fixtures/metrics/corpus.json.gz')).toString()) as Fixture;

const predictions = (pairs: readonly Pick<Pair, 'prediction' | 'reference'>[]) => pairs.map(({ prediction, reference }) => ({ prompt: '', prediction, reference }));

function metricStatistics(metric: Metric, given: Prediction[]): Statistics {
  if (!('gather' in metric)) return Statistics.of(metric.statistics(given));
  const gathering = metric.gather();
  gathering.add(given);
  return gathering.statistics();
}

function corpusScore(metric: Metric, pairs: readonly Pick<Pair, 'prediction' | 'reference'>[]): number {
  const statistics = metricStatistics(metric, predictions(pairs));
  return metric.score(statistics.sums(Uint32Array.from(pairs, (_, at) => at)), statistics.length);
}

describe('ROUGE is rouge-score\'s, within 1e-6', () => {
  it.each([rouge1, rouge2, rougeL, rougeLsum])('$name on 2500 pairs', (metric) => {
    metric.statistics(predictions(fixture.pairs)).forEach(([score], at) => {
      const pair = fixture.pairs[at]!;
      expect(Math.abs(score! - pair[metric.name as 'rouge1']), JSON.stringify(pair)).toBeLessThan(1e-6);
    });
  });
  it('with its stems', () => {
    for (const [word, wanted] of Object.entries(fixture.stems)) expect(stem(word), word).toBe(wanted);
  });
});

describe('sacrebleu\'s scores, within 1e-6', () => {
  it.each([bleu, bleuIntl, chrf])('$name', (metric) => {
    for (const corpus of fixture.corpora) {
      expect(Math.abs(corpusScore(metric, corpus.indices.map((at) => fixture.pairs[at]!)) - corpus[metric.name as 'bleu']), String(corpus.indices)).toBeLessThan(1e-6);
    }
    expect(fixture.signatures[metric.name]).toContain(metric.signature);
  });
});

describe('diversity', () => {
  it('self-BLEU is the mean BLEU against all others', () => {
    expect(corpusScore(selfBleu, fixture.pairs.slice(0, fixture.selfBleuOf))).toBeCloseTo(fixture.selfBleu, 6);
  });
  it('self-BLEU is 100 where all say the same', () => {
    expect(corpusScore(selfBleu, Array.from({ length: 3 }, () => ({ prediction: 'a b c d e', reference: '' })))).toBeCloseTo(100, 9);
  });
  it('distinct-n counts n-grams once over all texts', () => {
    const texts = ['a b a', 'b a', ''].map((prediction) => ({ prediction, reference: '' }));
    expect(corpusScore(distinct1, texts)).toBeCloseTo(2 / 5, 12);
    expect(corpusScore(distinct2, texts)).toBeCloseTo(2 / 3, 12);
  });
});
