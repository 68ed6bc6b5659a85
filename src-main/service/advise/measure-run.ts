import { answerTokens } from '../../contract/longest-texts.ts';
import { teachesItself } from '../../model/adapter/teaches-itself.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { buildTrainer, type BuiltRun } from '../run/build-trainer.ts';
import { openBase } from '../run/open-base.ts';
import type { PreparedRun } from '../run/look/prepare.ts';
import { lent, withTeacherAside } from '../run/teacher/teacher-aside.ts';
import type { Facts, RowFacts } from './facts.ts';
import { joinFacts } from './join-facts.ts';
import { learnFor } from './learn-for.ts';
import { measureRows } from './measure-rows.ts';
import { compareByMetric } from './metric-of.ts';
import { measurePace } from './pace.ts';
import { probeRate, UPDATES } from './probe-rate.ts';
import { findRepeats } from './repeats.ts';

/** Rows measured at first; more while what they take is bearable. In milliseconds. */
const FIRST = 8;
const ROWS_MS = 90_000;
/** A trial of one learning rate may take so long; of a larger model none is made. */
const RATE_MS = 15_000;

/** How a run's beginning is measured. */
export interface Measuring {
  /** The checkpoint that the student begins with; null of the recipe's own. */
  from: string | null;
  /** Whether the student that is measured is the one that will learn; learning rates are tried of no other. */
  isItself: boolean;
  /** The share of the time for rows that is this run's. */
  share: number;
  signal: AbortSignal;
  /** Told the parts that are done, of `partsOf`. */
  tell(done: number): void;
}

/** Parts of the work that a bar counts. */
export const partsOf = (rows: number): number => rows + UPDATES;

/** Reads a run's models and measures rows, updates and the data, in memory. */
export async function measureRun(run: PreparedRun, examples: readonly EncodedExample[], measuring: Measuring): Promise<Facts> {
  const begun = performance.now();
  const base = await openBase(run);
  try {
    return await withTeacherAside(run, teachesItself(run) ? base : null, measuring.signal, (teacher) => {
      // Several students have it one after the other.
      const fresh = (changed = run): Promise<BuiltRun> => buildTrainer(changed, { base, from: measuring.from, isNewStage: true }, run.train, lent(teacher), { totalTokens: 0 });
      return measureWith(run, fresh, begun, examples, measuring);
    });
  } finally {
    base?.release();
  }
}

async function measureWith(
  run: PreparedRun, fresh: (changed?: PreparedRun) => Promise<BuiltRun>, begun: number, examples: readonly EncodedExample[], measuring: Measuring,
): Promise<Facts> {
  const { recipe, method, steps } = run;
  const { signal } = measuring;
  const built = await fresh();
  const readMs = performance.now() - begun;
  let facts: RowFacts;
  let pace;
  try {
    const rowsBegun = performance.now();
    facts = await measureInParts(run, built, examples, measuring);
    const rowMs = (performance.now() - rowsBegun) / facts.rows;
    const evaluated = Math.min(recipe.evaluate.examples, run.validation.count);
    pace = await measurePace(run, built, readMs, evaluated * rowMs, signal);
  } finally {
    await built.release();
  }
  const texts = facts.given.length > 0 || facts.ownCompared === null ? null : facts.own;
  const takes = readMs + UPDATES * pace.stepMs;
  const learn = measuring.isItself && takes <= RATE_MS ? learnFor(run, fresh, examples.slice(0, facts.rows), texts, signal) : null;
  const rate = learn && await probeRate(recipe.train.learningRate, steps, recipe.seed, learn);
  measuring.tell(partsOf(examples.length));
  const { contextLength } = run.student.decoder;
  return {
    ...facts, recipe, method, steps, pace, rate,
    hasAnswers: recipe.data.completion !== undefined || recipe.data.messages !== undefined,
    vocabulary: run.sharedVocabulary, newTokens: answerTokens(recipe, run.heldOut), context: contextLength,
    byMetric: compareByMetric(recipe, facts.student.predictions, facts.teacher && facts.teacher.predictions),
    repeats: await findRepeats(run.train, run.validation, run.heldOut.validation ?? run.heldOut.train, signal),
  };
}

/** Few rows first, then as many of the others as their time lets. */
async function measureInParts(run: PreparedRun, built: BuiltRun, examples: readonly EncodedExample[], { share, signal, tell }: Measuring): Promise<RowFacts> {
  const begun = performance.now();
  const first = await measureRows(run, built, examples.slice(0, FIRST), signal);
  const ms = (performance.now() - begun) / first.rows;
  tell(first.rows);
  const more = Math.min(examples.length - first.rows, Math.floor((share * ROWS_MS) / ms) - first.rows);
  if (more <= 0) return first;
  const rest = await measureRows(run, built, examples.slice(first.rows, first.rows + more), signal);
  tell(first.rows + more);
  return joinFacts(first, rest);
}
