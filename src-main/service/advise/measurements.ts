import type { Measurement, MeasurementUnit } from '../../contract/advice.ts';
import type { Score } from '../../contract/events.ts';
import { repetitionRate } from '../../metrics/repetition.ts';
import type { Answers, Facts } from './facts.ts';
import { aToken, endsWithin, meanOf, shareOf } from './sums.ts';

/** A teacher may well have written an answer that costs it no more than this above what it is unsure of there, in nats a token. */
export const OWN_STYLE = 0.5;

/** All that was measured, as numbers with their intervals. */
export function measurementsOf(facts: Facts): Measurement[] {
  const { recipe: { seed }, given, compared, own, ownCompared, student, teacher, newTokens, byMetric, pace, repeats, rate } = facts;
  const measure = (name: string, label: string, unit: MeasurementUnit, score: Score | null, rows: number | null): Measurement[] =>
    (score === null ? [] : [{ name, label, unit, ...score, rows }]);
  const exact = (value: number | null): Score | null => (value === null ? null : { value, low: null, high: null });
  const perplexity = (score: Score | null): Score | null => score && { value: Math.exp(score.value), low: score.low && Math.exp(score.low), high: score.high && Math.exp(score.high) };
  const beside = compared ?? [];
  const loss = compared ? aToken(beside, (text) => text.student, seed) : aToken(given, (text) => text.loss, seed);
  return [
    ...measure('student.perplexity', 'perplexity of the right answers, student', 'score', perplexity(loss), given.length),
    ...measure('teacher.perplexity', 'perplexity of the right answers, teacher', 'score', perplexity(aToken(beside, (text) => text.teacher, seed)), beside.length),
    ...measure('divergence.data', 'divergence from the teacher, right answers', 'nats a token', aToken(beside, (text) => text.divergence, seed), beside.length),
    ...measure('agreement.data', 'same first choice as the teacher, right answers', 'share', aToken(beside, (text) => text.agreed, seed), beside.length),
    ...measure('teacher.likeAnswers', 'right answers that the teacher may have written', 'share', shareOf(beside.filter(({ tokens }) => tokens > 0), (text) => text.teacher - text.teacherEntropy <= OWN_STYLE * text.tokens, seed), beside.length),
    ...measure('student.ends', 'own texts that end', 'share', shareOf(own, endsWithin(Infinity), seed), own.length),
    ...measure('student.repeats', 'phrases said before in own texts', 'share', meanOf(own, ({ tokens }) => repetitionRate(tokens), seed), own.length),
    ...measure('student.ownCost', 'the student\'s own texts to the teacher', 'nats a token', aToken(ownCompared ?? [], (text) => text.teacher, seed), own.length),
    ...measure('divergence.own', 'divergence from the teacher, own texts', 'nats a token', aToken(ownCompared ?? [], (text) => text.divergence, seed), own.length),
    ...measure('agreement.own', 'same first choice as the teacher, own texts', 'share', aToken(ownCompared ?? [], (text) => text.agreed, seed), own.length),
    ...measure('teacher.ends', `the teacher's texts that end within ${newTokens} tokens`, 'share', teacher && shareOf(teacher.texts, endsWithin(newTokens), seed), teacher?.texts.length ?? 0),
    ...(byMetric ? [
      ...measure(`student.${byMetric.name}`, `${byMetric.name}, student`, 'score', byMetric.student, student.predictions.length),
      ...measure(`teacher.${byMetric.name}`, `${byMetric.name}, teacher`, 'score', byMetric.teacher, student.predictions.length),
      ...measure('teacher.lead', `${byMetric.name}, teacher less student on the same rows`, 'score', byMetric.lead, student.predictions.length),
    ] : []),
    ...measure('data.duplicates', 'training rows that stand before', 'rows', exact(repeats.duplicates), repeats.train),
    ...(repeats.heldOut > 0 ? measure('data.leaks', 'held-out rows that are trained on', 'rows', exact(repeats.leaked), repeats.heldOut) : []),
    ...measure('student.speed', 'the student writes', 'tokens a second', speed(student), student.texts.length),
    ...measure('teacher.speed', 'the teacher writes', 'tokens a second', teacher && speed(teacher), teacher?.texts.length ?? 0),
    ...measure('run.step', 'a step', 'milliseconds', exact(pace.stepMs), null),
    ...measure('run.time', 'the run with its evaluations', 'milliseconds', exact(pace.totalMs), null),
    ...(rate ? rate.tried.flatMap(({ rate: tried, change }) => measure(`rate.${tried}`, `change of the loss by a few updates at ${tried}`, 'nats a token', change, rate.texts)) : []),
  ];
}

function speed({ texts, ms }: Answers): Score {
  return { value: texts.reduce((sum, { tokens }) => sum + tokens.length, 0) / Math.max(1e-3, ms / 1000), low: null, high: null };
}
