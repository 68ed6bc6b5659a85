import { repetitionRate } from '../metrics/repetition.ts';
import type { DivergenceSpec } from './divergences.ts';

/** A text that a student wrote. */
export interface OwnText { tokens: ArrayLike<number>; text: string; ended: boolean }

/** What an evaluation or a few steps tell of a student; null where it was not measured. */
export interface Ability {
  texts: readonly OwnText[];
  /** Nats a token of held-out text. */
  loss: number | null;
  vocabulary: number;
  /** Nats a token from the teacher on held-out text, and by which divergence. */
  divergence: number | null;
  by: DivergenceSpec;
  /** Nats a token that the teacher finds in the student's own texts and in given ones. */
  byTeacher: { own: number; given: number } | null;
}

/** Texts that are too few, and tokens of a text that are too few, to be judged by. */
const [TEXTS, TOKENS] = [4, 12];
/** A loop of a phrase still has more different tokens than this; a small model that goes round in a sentence does, too. */
const DISTINCT = 5;
const REPEATS = 0.9;
const NEAR = 0.95;
/**
 * Of what guessing costs. A student cut from SmolLM2 that strings words together at random costs its teacher 0.55 to 0.9
 * of it, drawn or greedy; one that still writes, if badly, 0.4 at the most.
 */
const UNLIKELY = 0.5;
/** A teacher that finds given text hardly likelier knows neither. */
const LIKELIER = 1.5;

/**
 * Why a student cannot write at all, in words; empty where it can. Signs that need no comparison, so that they hold from
 * the first evaluation on, and that a model which writes badly, goes round in sentences or answers in one token does not show.
 */
export function whyCannotWrite({ texts, loss, vocabulary, divergence, by, byTeacher }: Ability): string[] {
  const reasons: string[] = [];
  if (texts.length >= TEXTS) {
    const blank = texts.filter(({ tokens, text }) => tokens.length >= TOKENS && text.trim() === '').length;
    const long = texts.filter(({ tokens }) => tokens.length >= TOKENS);
    const nearlyAll = long.length >= NEAR * texts.length && texts.every(({ ended }) => !ended);
    const distinct = mean(long.map(({ tokens }) => new Set(Array.from(tokens)).size));
    const repeats = mean(long.map(({ tokens }) => repetitionRate(tokens)));
    if (2 * blank >= texts.length) reasons.push(`${blank} of ${texts.length} texts are blank`);
    if (nearlyAll && distinct < DISTINCT) reasons.push(`no text ends, and each is made of ${distinct.toFixed(1)} different tokens`);
    else if (nearlyAll && repeats > REPEATS) reasons.push(`no text ends, and ${percent(repeats)} of their phrases were said before`);
  }
  if (loss !== null && loss > Math.log(vocabulary)) {
    reasons.push(`held-out text costs it ${loss.toFixed(1)} nats a token, more than guessing among ${vocabulary} tokens would (${Math.log(vocabulary).toFixed(1)})`);
  }
  if (byTeacher !== null && texts.length >= TEXTS && isDoubtful(loss, vocabulary) && isDoubtful(byTeacher.own, vocabulary) && byTeacher.own > LIKELIER * byTeacher.given) {
    reasons.push(`its texts are next to impossible to the teacher (${byTeacher.own.toFixed(1)} nats a token, given text ${byTeacher.given.toFixed(1)})`);
  }
  const bound = boundOf(by);
  if (divergence !== null && divergence > NEAR * bound) {
    reasons.push(`its divergence from the teacher, ${divergence.toFixed(3)}, is as large as it can be (${bound.toFixed(3)})`);
  }
  return reasons;
}

/** Whether so many nats a token are near what guessing costs, or are not known. */
export function isDoubtful(nats: number | null, vocabulary: number): boolean {
  return nats === null || nats > UNLIKELY * Math.log(vocabulary);
}

/** The largest value of a divergence, in nats: where the two models have nothing in common. */
export function boundOf({ divergence, beta, normalizeBeta }: DivergenceSpec): number {
  if (divergence === 'tvd') return 1;
  if (divergence !== 'jsd') return Infinity;
  const entropy = -beta * Math.log(beta) - (1 - beta) * Math.log(1 - beta);
  return normalizeBeta ? entropy / (beta * (1 - beta)) : entropy;
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
