import { basename } from 'node:path';
import type { CallParams } from '../../contract/api/api.ts';
import { answerJudgeSchema, type ComparedModel } from '../../contract/comparison.ts';
import type { RunRecord } from '../../contract/history.ts';
import { Problem } from '../../contract/problem.ts';
import type { NewComparison } from '../../store/comparisons.ts';
import { openModel } from '../../model/folder.ts';
import { listModels } from '../../store/models.ts';
import { findRun } from '../../store/runs.ts';
import { judgeOfRun, modelsOfRun, studentOf } from '../../service/compare/of-run.ts';
import { rowMetrics } from '../../service/compare/scores.ts';
import type { Home } from '../../service/home.ts';
import { newRunId } from '../../service/ids.ts';
import { modelIn } from '../../run-folder/moments.ts';
import { teacherOf } from '../../service/inspect/of-run.ts';

type Start = CallParams<'comparisons.start'>;
type Subject = NonNullable<Start['models']>[number];
type Named = Omit<ComparedModel, 'facts'>;

const LONGEST_ANSWER = 128;

/** What a comparison is about, in words and paths that do not change when the run does. */
export async function prepareComparison({ database }: Pick<Home, 'database'>, params: Start): Promise<NewComparison> {
  const { models: subjects, source } = params;
  const runIds = new Set([...(params.runId === undefined ? [] : [params.runId]), ...(subjects ?? []).flatMap((subject) => ('runId' in subject ? [subject.runId] : []))]);
  const runs = new Map<string, RunRecord>();
  for (const id of runIds) runs.set(id, await findRun(database, id));
  const run = [...runs.values()][0] ?? null;
  if (source.kind === 'validation' && !run) throw new Problem('Models of no run have no data of their own.', { hint: 'Name a data file and its prompt, or type a prompt.' });
  const names = new Map((await listModels(database)).map(({ path, name }) => [path, name]));
  const models = subjects ? await Promise.all(subjects.map((subject) => named(subject, runs, names))) : await modelsOfRun(run!);
  if (models.length < 2) throw new Problem(`Run "${run!.name}" has one model only so far.`, { hint: 'Compare it when it has a checkpoint, or name the models.' });
  // A folder that cannot be opened is told now, not when its turn comes.
  for (const { path } of models) await openModel(path);
  const recipe = run?.recipe;
  return {
    id: newRunId(), created: Date.now(), run: run?.id ?? null, state: source.kind === 'prompts' ? 'done' : 'going',
    title: runs.size === 1 ? `${run!.name}: ${models.map(({ label }) => label).join(', ')}` : models.map(({ label }) => label).join(', '),
    teacher: params.teacher ?? recipe?.teacher?.model ?? null,
    models: models.map((model) => ({ ...model, facts: null })),
    settings: {
      source, examples: params.examples, decode: params.decode, seed: params.seed,
      maxNewTokens: params.maxNewTokens ?? recipe?.evaluate.maxNewTokens ?? recipe?.data.maxCompletionTokens ?? LONGEST_ANSWER,
      metrics: source.kind === 'prompts' ? [] : rowMetrics(params.metrics ?? recipe?.evaluate.metrics ?? []).map(({ name }) => name),
      judge: params.judge ?? (run ? judgeOfRun(run) : answerJudgeSchema.parse({})),
    },
  };
}

async function named(subject: Subject, runs: ReadonlyMap<string, RunRecord>, names: ReadonlyMap<string, string>): Promise<Named> {
  if (subject.kind === 'model') {
    return { label: names.get(subject.path) ?? basename(subject.path), path: modelIn(subject.path), role: 'model' };
  }
  const run = runs.get(subject.runId)!;
  const found: Named = subject.kind === 'teacher' ? { label: 'teacher', path: teacherOf(run), role: 'teacher' } : await studentOf(run, subject.step ?? null);
  return runs.size === 1 ? found : { ...found, label: `${run.name}, ${found.label}` };
}
