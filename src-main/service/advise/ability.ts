import { boundOf, whyCannotWrite } from '../../distill/cannot-write.ts';
import type { Facts } from './facts.ts';
import { endsWithin } from './sums.ts';

/**
 * What a student's own text is worth to its teacher, of what guessing would cost there. A student cut from SmolLM2 that strings
 * words together at random costs it 0.55 and more, one that still writes 0.4 at the most; one that knows its task, half of that.
 */
const [POOR, GOOD] = [0.4, 0.2];
/** One whose first choice is the teacher's so often within its own texts knows its task as well: of a small vocabulary guessing costs little. */
const AGREES = 0.8;

export type Ability = 'none' | 'poor' | 'middling' | 'good' | 'unknown';

/** How well the student writes: whether there is something to learn from its own text. */
export function abilityOf(facts: Facts): { ability: Ability; reasons: string[] } {
  const reasons = reasonsOf(facts);
  if (reasons.length > 0) return { ability: 'none', reasons };
  const { ownCompared, vocabulary, own, teacher, newTokens } = facts;
  const cost = meanToken(ownCompared, 'teacher');
  if (cost === null) return { ability: 'unknown', reasons: [] };
  const share = cost / Math.log(vocabulary);
  const ended = own.filter(endsWithin(Infinity)).length / own.length;
  const byTeacher = teacher ? teacher.texts.filter(endsWithin(newTokens)).length / teacher.texts.length : 1;
  if (share > POOR || ended < 0.5 * byTeacher) return { ability: 'poor', reasons: [] };
  const isNear = share <= GOOD || meanToken(ownCompared, 'agreed')! >= AGREES;
  return { ability: isNear && ended >= 0.8 * byTeacher ? 'good' : 'middling', reasons: [] };
}

function reasonsOf({ own, given, compared, ownCompared, method, vocabulary }: Facts): string[] {
  const by = method.divergence === 'cross_entropy' ? { ...method, divergence: 'forward_kl' as const } : method;
  const [byOwn, byGiven] = [meanToken(ownCompared, 'teacher'), meanToken(compared, 'teacher')];
  return whyCannotWrite({
    texts: own, vocabulary, by, loss: meanToken(given, 'loss'),
    // A bound is one of the divergence at temperature 1.
    divergence: method.lossTemperature === 1 && Number.isFinite(boundOf(by)) ? meanToken(compared, 'divergence') : null,
    byTeacher: byOwn === null || byGiven === null ? null : { own: byOwn, given: byGiven },
  });
}

/** The mean of a sum a token, over all tokens; null where there are none. */
export function meanToken<Name extends string>(texts: readonly ({ tokens: number } & Record<Name, number>)[] | null, name: Name): number | null {
  const sum = (of: Name | 'tokens'): number => (texts ?? []).reduce((all, text) => all + (text as Record<string, number>)[of]!, 0);
  return sum('tokens') === 0 ? null : sum(name) / sum('tokens');
}
