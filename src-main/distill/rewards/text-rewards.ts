import { within } from '../../bounds/within.ts';
import { Problem } from '../../contract/problem.ts';
import type { RewardOf } from '../../contract/reward.ts';
import { answerOf } from '../../metrics/accuracy.ts';
import { exactMatch } from '../../metrics/exact-match.ts';
import type { RowMetric } from '../../metrics/metric.ts';
import { rouge1, rouge2, rougeL } from '../../metrics/rouge.ts';
import type { Reward, RewardedText } from './reward.ts';

/** Seconds for all texts of a step together: a pattern that takes longer would take for ever. */
const LIMIT = 2;

/** A reward from 0 to 1 that is a function of the text. */
function textReward(value: (text: RewardedText) => number): Reward {
  return {
    range: [0, 1],
    score: async (texts) => Float32Array.from(texts, value),
    release: async () => undefined,
  };
}

/** A metric as a reward: the score of each text by itself. */
const metricReward = (metric: RowMetric): Reward => textReward(({ prompt, completion, reference }) =>
  metric.score(metric.statistics([{ prompt, prediction: completion, reference: needed(reference) }])[0]!, 1));

export const exactReward = (): Reward => metricReward(exactMatch);

export const rougeReward = ({ variant }: RewardOf<'rouge'>): Reward => metricReward({ rouge1, rouge2, rougeL }[variant]);

/** As `textReward`, of a pattern that the recipe brings. @param field  the recipe's field */
function patternReward(field: string, pattern: string, value: (text: RewardedText) => number): Reward {
  return {
    ...textReward(value),
    score: async (texts) => {
      let place = 0;
      return within(LIMIT, () => Float32Array.from(texts, (text, index) => {
        place = index;
        return value(text);
      }), () => tooSlow(field, pattern, texts[place]!.completion));
    },
  };
}

function tooSlow(field: string, pattern: string, text: string): Problem {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new Problem(`The pattern of ${field}, ${JSON.stringify(pattern)}, took longer than ${LIMIT} seconds on the text ${JSON.stringify(shown)}.`, {
    hint: 'Write it so that no part can match the same characters in several ways, for example (1)+ instead of (1+)+.',
  });
}

export function regexReward({ pattern, ignoreCase }: RewardOf<'regex'>): Reward {
  const expression = new RegExp(pattern, ignoreCase ? 'iu' : 'u');
  return patternReward('method.reward.pattern', pattern, ({ completion }) => (expression.test(completion) ? 1 : 0));
}

export function numericReward({ numberPattern, tolerance }: RewardOf<'numeric'>): Reward {
  const expression = numberPattern === undefined ? null : new RegExp(numberPattern, 'u');
  const given = (completion: string): number | null => {
    if (!expression) return answerOf(completion);
    const match = expression.exec(completion);
    return match && answerOf(match[1] ?? match[0]);
  };
  const value = ({ completion, reference }: RewardedText): number => {
    const [number, wanted] = [given(completion), answerOf(needed(reference))];
    if (wanted === null) throw new Problem(`The reference ${JSON.stringify(reference)} has no number in it, which the reward "numeric" needs.`);
    return number !== null && Math.abs(number - wanted) <= tolerance ? 1 : 0;
  };
  return numberPattern === undefined ? textReward(value) : patternReward('method.reward.numberPattern', numberPattern, value);
}

function needed(reference: string | null): string {
  if (reference !== null) return reference;
  throw new Problem('The reward compares with a reference, and an example has none.', { hint: 'Give data.completion.' });
}
