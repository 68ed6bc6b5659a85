import { meanMetric } from './metric.ts';

/** 1 where prediction and reference are the same text, runs of white space counted as one space. */
export const exactMatch = meanMetric('exact-match', true, ({ prediction, reference }) =>
  (normalize(prediction) === normalize(reference ?? '') ? 1 : 0));

function normalize(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
