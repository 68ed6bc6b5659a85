import type { Metric } from './metric.ts';

/** 1 where prediction and reference are the same text, runs of white space counted as one space. */
export const exactMatch: Metric = {
  name: 'exact-match',
  needsReference: true,
  perExample: ({ prediction, reference }) => (normalize(prediction) === normalize(reference ?? '') ? 1 : 0),
};

function normalize(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
