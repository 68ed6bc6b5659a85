import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Advice, AdviceReport } from '../../contract/advice.ts';
import type { Finding } from '../../contract/finding.ts';
import { Problem } from '../../contract/problem.ts';
import { permutation } from '../../contract/random.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params } from '../../contract/worker-host.ts';
import { teachesItself } from '../../model/adapter/teaches-itself.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { buildTrainer, type BuiltRun } from '../run/build-trainer.ts';
import { checkRun } from '../run/look/check.ts';
import { openBase } from '../run/open-base.ts';
import { prepareRun, type PreparedRun } from '../run/look/prepare.ts';
import type { RunTeacher } from '../run/teacher/run-teacher.ts';
import { openRunTeacher } from '../run/teacher/open-run-teacher.ts';
import { abilityOf } from './ability.ts';
import type { Facts, RowFacts } from './facts.ts';
import { joinFacts } from './join-facts.ts';
import { learnFor } from './learn-for.ts';
import { measureRows } from './measure-rows.ts';
import { measurementsOf } from './measurements.ts';
import { compareByMetric } from './metric-of.ts';
import { measurePace } from './pace.ts';
import { probeRate, UPDATES } from './probe-rate.ts';
import { findRepeats } from './repeats.ts';
import { RULES } from './rules/list.ts';

/** Rows measured at first; more while what they take is bearable. In milliseconds. */
const FIRST = 8;
const ROWS_MS = 90_000;
/** A trial of one learning rate may take so long; of a larger model none is made. */
const RATE_MS = 15_000;

type Tell = (event: CommandEvent<Commands, 'advise'>) => void;

/** Measures teacher, student and data of a recipe on a few rows, in memory, and says what to change before a run. */
export async function adviseRun(
  { recipe, runDir, rows, allowed, serverKey }: Params<Commands, 'advise'>, signal: AbortSignal, emit: Tell,
): Promise<AdviceReport> {
  if (recipe.stages) {
    throw new Problem(`The recipe has ${recipe.stages.length} stages, and advice is measured of one way of learning.`, { hint: 'Ask for advice on a stage as a recipe of its own: with its method and train, and without stages.' });
  }
  const found = await checkRun(recipe, runDir, { signal, isStart: true, allowed, serverKey });
  if (found.some(({ level }) => level === 'problem')) return { rows: 0, of: 0, whose: 'training', measured: [], advice: problemsFirst(found.map(unmeasured)) };
  const run = await prepareRun(recipe, runDir, { allowed, signal, serverKey });
  const isHeldOut = run.validation.count > 0;
  const set = isHeldOut ? run.validation : run.train;
  const chosen = permutation(set.count, recipe.seed, { purpose: 'advice' }).subarray(0, rows);
  const facts = await measured(run, await set.read([...chosen]), signal, emit);
  const told = RULES.flatMap((rule) => rule(facts));
  return {
    rows: facts.rows, of: set.count, whose: isHeldOut ? 'held-out' : 'training', measured: measurementsOf(facts),
    advice: problemsFirst([...told, ...found.filter((finding) => !isAnswered(finding, facts)).map(unmeasured)]),
  };
}

const unmeasured = (finding: Finding): Advice => ({ ...finding, measured: [] });
const problemsFirst = (advice: readonly Advice[]): Advice[] => [...advice.filter(({ level }) => level === 'problem'), ...advice.filter(({ level }) => level !== 'problem')];

/** What a check supposes, and measuring knows. */
function isAnswered({ code }: Finding, facts: Facts): boolean {
  if (code === 'cut-student') return true;
  return code === 'unread-completions' && ['good', 'middling'].includes(abilityOf(facts).ability);
}

async function measured(run: PreparedRun, examples: readonly EncodedExample[], signal: AbortSignal, emit: Tell): Promise<Facts> {
  const begun = performance.now();
  const aside = await mkdtemp(join(tmpdir(), 'retort-advice-'));
  const own = teachesItself(run) ? await openBase(run) : null;
  const base = own ?? await openBase(run);
  const teacher = await openRunTeacher(run, null, own, {
    cache: aside, own: join(aside, 'own'), begun: aside, step: 0, isResumed: false, allowChanged: false, isStopAsked: () => signal.aborted, tell: () => undefined,
  });
  try {
    const fresh = (changed = run): Promise<BuiltRun> => buildTrainer(changed, { base, from: null }, run.train, lent(teacher), { totalTokens: 0 });
    return await measureWith(run, fresh, begun, examples, signal, emit);
  } finally {
    await teacher?.release();
    base?.release();
    await rm(aside, { recursive: true, force: true });
  }
}

/** A teacher that several students have one after the other. */
const lent = (teacher: RunTeacher | null): RunTeacher | null => teacher && { ...teacher, release: () => Promise.resolve() };

async function measureWith(
  run: PreparedRun, fresh: (changed?: PreparedRun) => Promise<BuiltRun>, begun: number, examples: readonly EncodedExample[], signal: AbortSignal, emit: Tell,
): Promise<Facts> {
  const { recipe, method, steps } = run;
  const tell = (done: number): void => emit({ event: 'phase', phase: 'evaluate', done, total: examples.length + UPDATES });
  const built = await fresh();
  const readMs = performance.now() - begun;
  let facts: RowFacts;
  let pace;
  try {
    const rowsBegun = performance.now();
    facts = await measureInParts(run, built, examples, signal, tell);
    const rowMs = (performance.now() - rowsBegun) / facts.rows;
    const evaluated = Math.min(recipe.evaluate.examples, run.validation.count);
    pace = await measurePace(run, built, readMs, evaluated * rowMs, signal);
  } finally {
    await built.release();
  }
  const texts = facts.given.length > 0 || facts.ownCompared === null ? null : facts.own;
  const takes = readMs + UPDATES * pace.stepMs;
  const learn = takes <= RATE_MS ? learnFor(run, fresh, examples.slice(0, facts.rows), texts, signal) : null;
  const rate = learn && await probeRate(recipe.train.learningRate, steps, recipe.seed, learn);
  tell(examples.length + UPDATES);
  const { contextLength } = run.student.decoder;
  return {
    ...facts, recipe, method, steps, pace, rate,
    hasAnswers: recipe.data.completion !== undefined || recipe.data.messages !== undefined,
    vocabulary: run.sharedVocabulary, newTokens: recipe.evaluate.maxNewTokens ?? recipe.data.maxCompletionTokens, context: contextLength,
    byMetric: compareByMetric(recipe, facts.student.predictions, facts.teacher && facts.teacher.predictions),
    repeats: await findRepeats(run.train, run.validation, recipe.data.validation ?? recipe.data.train, signal),
  };
}

/** Few rows first, then as many of the others as their time lets. */
async function measureInParts(run: PreparedRun, built: BuiltRun, examples: readonly EncodedExample[], signal: AbortSignal, tell: (done: number) => void): Promise<RowFacts> {
  const begun = performance.now();
  const first = await measureRows(run, built, examples.slice(0, FIRST), signal);
  const ms = (performance.now() - begun) / first.rows;
  tell(first.rows);
  const more = Math.min(examples.length - first.rows, Math.floor(ROWS_MS / ms) - first.rows);
  if (more <= 0) return first;
  const rest = await measureRows(run, built, examples.slice(first.rows, first.rows + more), signal);
  tell(first.rows + more);
  return joinFacts(first, rest);
}
