import type { Advice } from '../../../contract/advice.ts';
import type { Mend } from '../../../contract/finding.ts';
import { allowedIn, resolveMethod } from '../../../contract/presets.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import { pairedDifference, weightedMean } from '../../../metrics/paired.ts';
import { abilityOf, meanToken } from '../ability.ts';
import type { Facts } from '../facts.ts';
import { OWN_STYLE } from '../measurements.ts';
import { endsWithin, nats, percent } from '../sums.ts';
import { sign } from './writing.ts';

/** Below this a teacher has written none of its kind. */
const FEW = 0.3;
/** A teacher that ends less often than this teaches not to stop. */
const SELDOM = 0.5;
/** Models that agree at so many tokens, and are no further apart, have nothing to tell each other. */
const SAME = { agreement: 0.98, divergence: 0.005 };

/** A teacher that is no better than its student teaches nothing. */
export function teacherIsBetter(facts: Facts): Advice[] {
  const { byMetric, compared, recipe, rows, hasAnswers } = facts;
  if (facts.method.divergence === 'cross_entropy' && facts.method.source === 'data') return [];
  const found = byMetric?.lead ? { verdict: sign(byMetric), ...ofMetric(byMetric) } : ofLikelihood(compared, recipe.seed);
  if (found === null || found.verdict > 0) return [];
  const isWorse = found.verdict < 0;
  return [{
    code: 'teacher-no-better', level: 'notice', field: 'teacher.model', measured: found.measured,
    message: `${isWorse ? 'The teacher is worse than the student on this data' : 'Nothing shows that the teacher is better than the student on this data'}: ${found.told}, on ${rows} rows.`,
    hint: `Choose a teacher that does this task better, or fine-tune the teacher on it first.${isWorse ? '' : ' More rows (--rows) may show a small lead.'}`,
    ...(isWorse && hasAnswers && { mend: learningAlone(recipe) }),
  }];
}

interface Verdict { verdict: -1 | 0 | 1; told: string; measured: string[] }

function ofMetric({ name, student, teacher, lead }: NonNullable<Facts['byMetric']>): Omit<Verdict, 'verdict'> {
  const at = (value: number): string => value.toFixed(3);
  return {
    told: `${name} ${at(teacher!.value)} against ${at(student.value)}, a difference of ${at(lead!.value)} (${at(lead!.low!)} to ${at(lead!.high!)})`,
    measured: [`student.${name}`, `teacher.${name}`, 'teacher.lead'],
  };
}

function ofLikelihood(compared: Facts['compared'], seed: number): Verdict | null {
  const texts = (compared ?? []).filter(({ tokens }) => tokens > 0);
  if (texts.length === 0) return null;
  const { value, low, high } = pairedDifference(texts.map(({ teacher, tokens }) => [teacher, tokens]), texts.map(({ student, tokens }) => [student, tokens]), weightedMean, seed);
  return {
    verdict: low! > 0 ? 1 : high! < 0 ? -1 : 0, measured: ['student.perplexity', 'teacher.perplexity'],
    told: `the right answers cost it ${nats(meanToken(texts, 'teacher')!)} nats a token and the student ${nats(meanToken(texts, 'student')!)}, a difference of ${value.toFixed(3)} (${low!.toFixed(3)} to ${high!.toFixed(3)})`,
  };
}

/** A teacher whose texts do not end within the recipe's length teaches no end. */
export function teacherEnds({ teacher, teacherRoom, newTokens, rows, recipe }: Facts): Advice[] {
  if (!teacher) return [];
  const count = (room: number): number => teacher.texts.filter(endsWithin(room)).length;
  const [within, later] = [count(newTokens), count(teacherRoom)];
  if (within >= SELDOM * rows) return [];
  const told = `Of ${rows} texts of the teacher ${within} end within the ${newTokens} tokens that the recipe gives them`;
  const field = recipe.evaluate.maxNewTokens === undefined ? 'data.maxCompletionTokens' : 'evaluate.maxNewTokens';
  if (later - within < 0.25 * rows) {
    return [{
      code: 'teacher-does-not-end', level: 'notice', field, measured: ['teacher.ends'],
      message: `${told}${teacherRoom > newTokens ? `, and ${later} within ${teacherRoom}` : ''}: from them the student learns nothing about stopping.`,
      hint: 'Prompts as the teacher was trained on them (a chat template, shots) often make it stop; else allow longer texts.',
    }];
  }
  const lengths = teacher.texts.filter(endsWithin(teacherRoom)).map(({ tokens }) => tokens.length).sort((a, b) => a - b);
  const wanted = lengths[Math.ceil(0.95 * lengths.length) - 1]!;
  const [room, name] = field.split('.') as [string, string];
  return [{
    code: 'teacher-does-not-end', level: 'notice', field, measured: ['teacher.ends'],
    message: `${told}; ${later} do within ${teacherRoom}. Cut off, they teach the student nothing about stopping.`,
    mend: { label: `Raise it to ${wanted}`, patch: { [room]: { [name]: wanted } } },
  }];
}

/** Fixed answers that the teacher would not have written are a poor place to learn its distribution. */
export function foreignAnswers(facts: Facts): Advice[] {
  const { compared, method, rows, teacher } = facts;
  const texts = (compared ?? []).filter(({ tokens }) => tokens > 0);
  if (texts.length === 0 || !teacher || method.lambda >= 1 || method.source !== 'data' || method.divergence === 'cross_entropy') return [];
  const like = texts.filter((text) => text.teacher - text.teacherEntropy <= OWN_STYLE * text.tokens).length;
  if (like >= FEW * texts.length) return [];
  const { ability } = abilityOf(facts);
  const writes = ability === 'good' || ability === 'middling';
  const mends = [
    ...(writes && allowedIn(method.preset, 'lambda') === null ? [{ label: 'Learn from its own text', patch: { method: { lambda: 1 } } }] : []),
    ...(allowedIn(method.preset, 'source') === null ? [{ label: 'Let the teacher write the fixed answers', patch: { method: { source: 'teacher' } } }] : []),
  ];
  return [{
    code: 'foreign-answers', level: 'notice', field: 'method.source', measured: ['teacher.likeAnswers', 'teacher.perplexity'], mends,
    message: `The teacher would hardly have written the answers of the data: ${percent(like / texts.length)} of ${texts.length} cost it no more than half a nat a token above its own uncertainty (${rows} rows). What it says of such texts is the least it knows.`,
  }];
}

/** Two models that say the same have nothing to teach. */
export function alreadyThere({ ownCompared, compared, method, rows }: Facts): Advice[] {
  const texts = [...compared ?? [], ...ownCompared ?? []];
  const [agreed, divergence] = [meanToken(texts, 'agreed'), meanToken(texts, 'divergence')];
  if (agreed === null || divergence === null || method.divergence === 'cross_entropy' || agreed < SAME.agreement || divergence > SAME.divergence) return [];
  return [{
    code: 'already-there', level: 'notice', field: 'teacher.model', measured: ['agreement.data', 'agreement.own', 'divergence.data', 'divergence.own'],
    message: `Student and teacher say the same already: the same first choice at ${percent(agreed)} of tokens, ${divergence.toFixed(4)} nats a token apart, on ${rows} rows. There is next to nothing to learn.`,
    hint: 'Choose a better teacher, or data on which the two differ.',
  }];
}

/** Makes a recipe one of fine-tuning: what its method says and fine-tuning does not allow goes. */
function learningAlone({ method, evaluate }: Recipe): Mend {
  const { conflicts } = resolveMethod({ ...method, preset: 'sft' });
  const nulls = conflicts.map(({ field }) => [field.slice('method.'.length), null] as const);
  return {
    label: 'Learn from the data alone',
    patch: { method: { preset: 'sft', ...Object.fromEntries(nulls) }, ...(evaluate.best === 'divergence' && { evaluate: { best: 'loss' } }) },
  };
}
