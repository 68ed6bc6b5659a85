import type { Advice } from '../../../contract/advice.ts';
import type { Facts } from '../facts.ts';
import { duplicates, leaks, learningRate, longRun } from './data-and-run.ts';
import { alreadyThere, foreignAnswers, teacherEnds, teacherIsBetter } from './teaching.ts';
import { cannotWrite, lambdaOf } from './writing.ts';

/** What measuring tells, in the order in which it is taken: of two that change one field the first wins. */
export const RULES: readonly ((facts: Facts) => Advice[])[] = [
  cannotWrite, teacherIsBetter, alreadyThere, lambdaOf, foreignAnswers, teacherEnds, learningRate, leaks, duplicates, longRun,
];

/** Of them those that hold of a stage whose student is yet to come: what they say of the teacher and of the data stays, however well it will write. */
export const RULES_OF_TEACHING: typeof RULES = [teacherIsBetter, foreignAnswers, teacherEnds, leaks, duplicates, longRun];
