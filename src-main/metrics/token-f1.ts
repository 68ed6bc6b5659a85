import { meanMetric } from './metric.ts';

/** F1 of the words that prediction and reference share, as SQuAD counts them: case and punctuation do not matter. */
export const tokenF1 = meanMetric('token-f1', true, ({ prediction, reference }) => {
  const [given, wanted] = [words(prediction), words(reference ?? '')];
  if (given.length === 0 || wanted.length === 0) return given.length === wanted.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of given) {
    const count = left.get(word) ?? 0;
    if (count > 0) shared++;
    left.set(word, count - 1);
  }
  return (2 * shared) / (given.length + wanted.length);
});

function words(text: string): string[] {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}\s]/gu, '').split(/\s+/).filter((word) => word !== '' && !/^(a|an|the)$/.test(word));
}
