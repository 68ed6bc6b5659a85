import { isLowerBetter, type Answer, type Comparison, type ComparisonSource, type Outcome } from '../../../src-main/contract/comparison.ts';
import { count, number } from '../../format.ts';
import { metricName, scoreText } from '../runs/describe-run.ts';

/** The names of things on the screen of models side by side. */
const MEASURES: Record<string, string> = { 'divergence': 'divergence', 'reference-divergence': 'divergence on the reference', 'length': 'tokens', 'speed': 'tokens a second' };
export const measureName = (measure: string): string => MEASURES[measure] ?? metricName(measure);

export function measureText(measure: string, value: number): string {
  if (measure === 'length' || measure === 'speed') return count(value);
  return isLowerBetter(measure) ? number(value) : scoreText(measure, value);
}

export const OUTCOME_NAMES: Record<Outcome, string> = { win: 'better', tie: 'as good', loss: 'worse' };
export const OUTCOME_SIGNS: Record<Outcome, string> = { win: '▲', tie: '=', loss: '▼' };

/** How an answer does against another by a measure; null where one of the two has none. */
export function outcomeOf(measure: string, answer: Answer | null | undefined, baseline: Answer | null | undefined): Outcome | null {
  const [own, base] = [answer?.scores[measure] ?? null, baseline?.scores[measure] ?? null];
  if (own === null || base === null) return null;
  const gain = isLowerBetter(measure) ? base - own : own - base;
  return Math.abs(gain) <= 1e-9 ? 'tie' : gain > 0 ? 'win' : 'loss';
}

/** The colour of a model, as it is everywhere: the teacher's, the student's, or none. */
export const toneOf = ({ role }: Comparison['models'][number]): 'teacher' | 'student' | 'model' => (role === 'teacher' ? 'teacher' : role === 'model' ? 'model' : 'student');

const SOURCES: Record<ComparisonSource['kind'], string> = { validation: 'held-out prompts', data: 'prompts of a file', prompts: 'typed prompts' };
export const sourceOf = ({ settings: { source } }: Comparison): string => SOURCES[source.kind];

export function decodeText({ settings: { decode, seed } }: Comparison): string {
  return decode.strategy === 'sample' ? `sampled at temperature ${decode.temperature}, seed ${seed}` : decode.strategy;
}
