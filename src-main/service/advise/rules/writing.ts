import { fineTuningFirst } from '../../../checks/cut-student.ts';
import type { Advice } from '../../../contract/advice.ts';
import { allowedIn } from '../../../contract/presets.ts';
import { abilityOf, meanToken } from '../ability.ts';
import type { Facts } from '../facts.ts';
import { nats } from '../sums.ts';

/** A student that cannot write learns from fixed text first. */
export function cannotWrite(facts: Facts): Advice[] {
  const { recipe, method, hasAnswers, rows } = facts;
  const { ability, reasons } = abilityOf(facts);
  if (ability !== 'none' || method.lambda === 0) return [];
  return [{
    code: 'cannot-write', level: 'notice', field: 'method.lambda', measured: ['student.ends', 'student.repeats', 'student.ownCost', 'student.perplexity'],
    message: `The student cannot write yet (on ${rows} rows ${reasons.join('; ')}), so there is nothing to learn from its own text.`,
    hint: hasAnswers ? 'Fine-tune it first, and distil what comes of that.' : 'Let it learn what the teacher writes first (seqkd), and distil what comes of that.',
    mend: { ...fineTuningFirst(recipe), ...(!hasAnswers && { label: 'Learn what the teacher writes first' }) },
  }];
}

/** How much of its own text a student that writes learns from: little while it knows little, all of it once it knows its task. */
export function lambdaOf(facts: Facts): Advice[] {
  const { method, hasAnswers, rows, vocabulary, byMetric } = facts;
  const { ability } = abilityOf(facts);
  const cost = meanToken(facts.ownCompared, 'teacher');
  if (cost === null || method.source !== 'data' || method.reward || allowedIn(method.preset, 'divergence')?.includes('cross_entropy')) return [];
  const measured = ['student.ownCost', 'student.ends', 'teacher.ends'];
  const costs = `its own texts cost the teacher ${nats(cost)} nats a token on ${rows} rows, where guessing would cost ${nats(Math.log(vocabulary))}`;
  if (ability === 'poor' && method.lambda > 0.5 && hasAnswers && allowedIn(method.preset, 'lambda') === null) {
    return [{
      code: 'lambda', level: 'notice', field: 'method.lambda', measured,
      message: `The student writes, but not yet what the teacher could judge in its favour: ${costs}, or they do not end as the teacher's do. Such a student learned most from fixed text in this program's own studies.`,
      mend: { label: 'Learn half from the data', patch: { method: { lambda: 0.5 } } },
    }];
  }
  const isLed = byMetric?.lead ? sign(byMetric) > 0 : (meanToken(facts.compared, 'student') ?? 0) > (meanToken(facts.compared, 'teacher') ?? 0);
  if (ability !== 'good' || method.lambda >= 1 || !isLed) return [];
  const isFree = allowedIn(method.preset, 'lambda') === null;
  return [{
    code: 'lambda', level: 'notice', field: 'method.lambda', measured,
    message: `The student writes well enough to learn from its own text alone (${costs}), and lambda is ${method.lambda}. With such a student its own text was worth most.`,
    mend: isFree ? { label: 'Learn from its own text', patch: { method: { lambda: 1 } } }
      : { label: 'Use GKD on its own text', patch: { method: { preset: 'gkd', lambda: 1, divergence: method.divergence } } },
  }];
}

/** -1, 0 or 1: who is better, as far as the interval tells. */
export function sign({ isLowerBetter, lead }: NonNullable<Facts['byMetric']>): -1 | 0 | 1 {
  if (!lead) return 0;
  const [low, high] = isLowerBetter ? [-lead.high!, -lead.low!] : [lead.low!, lead.high!];
  return low > 0 ? 1 : high < 0 ? -1 : 0;
}
