import type { Metric } from './metric.ts';

/**
 * Accuracy of numeric answers, as GSM8K is scored: the answer is the number after `####`, or else the last number
 * of the text; 1 where it equals the reference's.
 */
export const accuracy: Metric = {
  name: 'accuracy',
  needsReference: true,
  perExample: ({ prediction, reference }) => {
    const [given, wanted] = [answerOf(prediction), answerOf(reference ?? '')];
    return given !== null && wanted !== null && Math.abs(given - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted)) ? 1 : 0;
  },
};

const NUMBER = /-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+/g;

/** The numeric answer of a text, or null where it has none. */
export function answerOf(text: string): number | null {
  const marked = text.lastIndexOf('####');
  const numbers = (marked < 0 ? text : text.slice(marked + 4)).match(NUMBER);
  const answer = marked < 0 ? numbers?.at(-1) : numbers?.[0];
  return answer === undefined ? null : Number(answer.replaceAll(',', ''));
}
