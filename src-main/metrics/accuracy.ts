import { meanMetric } from './metric.ts';

/** How far apart two answers may lie and still be the same: less than any digit that a person would write. */
const TOLERANCE = 1e-6;

/** Accuracy of numeric answers, as GSM8K is scored: 1 where the prediction's answer is the reference's number. */
export const accuracy = meanMetric('accuracy', true, ({ prediction, reference }) => {
  const [given, wanted] = [answerOf(prediction), answerOf(reference ?? '')];
  return given !== null && wanted !== null && Math.abs(given - wanted) <= TOLERANCE ? 1 : 0;
});

// A minus between two numbers or words is none of the number's own.
const SIGN = String.raw`(?:(?<![\w).])[-−])?`;
const DIGITS = String.raw`(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)`;
/** Also a fraction or a date, so that its last part is not taken for a number. */
const NUMBER = String.raw`${SIGN}[$€£]?${DIGITS}(?:/\d+)*`;
const ANY_NUMBER = new RegExp(NUMBER, 'g');
const MARKED_NUMBER = new RegExp(String.raw`####(?!#)[^\w\n]*?(${NUMBER})`);

/**
 * The numeric answer of a text: the number after the first `####`, or else the last number; null where there is none or
 * where it is a fraction.
 */
export function answerOf(text: string): number | null {
  const answer = MARKED_NUMBER.exec(text)?.[1] ?? text.match(ANY_NUMBER)?.at(-1);
  if (answer === undefined || answer.includes('/')) return null;
  return Number(answer.replaceAll(/[$€£,]/g, '').replace('−', '-'));
}
