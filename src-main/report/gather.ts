import type { Sample } from '../contract/events.ts';
import type { RunRecord, Series, StoredEvaluation } from '../contract/history.ts';
import { resolveMethod, type Method } from '../contract/presets.ts';
import { stagesOf, type Stage } from '../contract/stages.ts';
import { readEvaluations, readSamples } from '../store/evaluations.ts';
import { readLastOf } from '../store/log.ts';
import { readSeries } from '../store/series.ts';
import type { Queries } from '../store/sqlite.ts';
import { readTimeSplit, type TimeSplit } from '../store/steps.ts';
import { hasLostCheckpoints } from '../run-folder/moments.ts';
import { CHARTED_FIELDS } from './charts-of-run.ts';
import { gatherMistakes, type Mistakes } from './mistakes.ts';
import { modelFacts, statedLicence, type ModelFacts } from './model-facts.ts';

/** Points of a line at most: more cannot be told apart, and their numbers stand below it. */
const BUCKETS = 120;

/** All that a report tells of a run. */
export interface RunFacts {
  run: RunRecord;
  /** How each stage learns; one of a run without stages. */
  methods: (Stage & { method: Method })[];
  teacher: ModelFacts | null;
  student: ModelFacts;
  /** What the folder of the training data says of its licence. */
  dataLicence: string | null;
  series: Series;
  time: TimeSplit;
  /** What the run was expected to take, and what it took, in sentences. */
  expected: string[];
  evaluations: StoredEvaluation[];
  /** The answers of the last evaluation that kept any. */
  answers: { step: number; samples: Sample[] } | null;
  mistakes: Mistakes | null;
  /** The history knows checkpoints, and its folder holds none: what is told of the result can no longer be tried. */
  hasLostCheckpoints: boolean;
}

/** Reads it from the history; what else is told of the models is read from their folders, where they still are. */
export async function gatherRun(queries: Pick<Queries, 'get' | 'all' | 'exec'>, run: RunRecord): Promise<RunFacts> {
  const { recipe } = run;
  const evaluations = await readEvaluations(queries, run.id);
  return {
    run, methods: stagesOf(recipe).map((stage) => ({ ...stage, method: resolveMethod(stage.recipe.method).method })),
    teacher: recipe.teacher?.model === undefined ? null : await modelFacts(recipe.teacher.model),
    student: await modelFacts(recipe.student.model),
    dataLicence: await statedLicence(recipe.data.train),
    series: await readSeries(queries, run.id, { fields: CHARTED_FIELDS, buckets: BUCKETS }),
    time: await readTimeSplit(queries, run.id), expected: await readLastOf(queries, run.id, ['forecast', 'outcome']),
    evaluations,
    answers: await lastAnswers(queries, run.id, evaluations),
    mistakes: await gatherMistakes(queries, run),
    hasLostCheckpoints: await hasLostCheckpoints(run),
  };
}

async function lastAnswers(queries: Pick<Queries, 'all'>, run: string, evaluations: readonly StoredEvaluation[]): Promise<RunFacts['answers']> {
  for (const { step } of evaluations.toReversed()) {
    const samples = await readSamples(queries, run, step);
    if (samples.length > 0) return { step, samples };
  }
  return null;
}
