import { answerTokens } from '../../../contract/longest-texts.ts';
import { Problem } from '../../../contract/problem.ts';
import type { Commands } from '../../../contract/worker.ts';
import type { Params, Result } from '../../../contract/worker-host.ts';
import { FrozenModel } from '../../../distill/frozen-model.ts';
import { givenText, type EncodedExample } from '../../../text/encoded-example.ts';
import { firstExamples } from '../../../text/example-set.ts';
import { writeAnswers } from '../../evaluate/answers.ts';
import { judgeCompletions, type Comparison } from '../../evaluate/judge-completions.ts';
import { buildStudent } from '../../run/build-student.ts';
import { readFirstDay } from '../../run/record/first-day.ts';
import { openBase } from '../../run/open-base.ts';
import { prepareRun, type PreparedRun } from '../../run/look/prepare.ts';
import { withTeacherAside } from '../../run/teacher/teacher-aside.ts';
import { thisDay } from '../../examples/this-day.ts';
import { gatheringOf } from '../../../metrics/score.ts';
import { inMoves, releaseAll } from '../../../runtime/in-moves.ts';
import type { RunTeacher } from '../../run/teacher/run-teacher.ts';
import { lastStage } from '../../../contract/stages.ts';
import { halvingMetric, type HalvingMetric } from './metric.ts';

type Parameters = Params<Commands, 'scoreRows'>;

/** What each held-out row of a recipe says of its student at a checkpoint. */
export async function scoreRows(params: Parameters, signal: AbortSignal): Promise<Result<Commands, 'scoreRows'>> {
  const { recipe, runDir, checkpoint, allowed, serverKey } = params;
  const metric = halvingMetric(params.metric);
  // Fine-tuning asks no teacher; here it is asked all the same.
  // Arms are held against each other as they are evaluated in the end, in whatever stage the checkpoint is.
  const { recipe: last, heldOut: view } = lastStage(recipe);
  const asked = metric.needsTeacher ? { ...last, method: { preset: 'on-policy-kd' as const } } : last;
  const run = await prepareRun(asked, runDir, { heldOut: view, allowed, signal, serverKey, today: await readFirstDay(runDir) ?? thisDay() });
  const heldOut = await firstExamples(run.validation, last.evaluate.examples);
  const examples = metric.needsAnswers ? heldOut.filter(({ completion }) => completion.length > 0) : heldOut;
  if (examples.length === 0) throw new Problem(`The run "${recipe.name}" has no held-out row ${metric.needsAnswers ? 'with an answer ' : ''}to be compared on.`, { hint: 'Give data.validation or data.validationShare.' });
  const { base, built } = await inMoves(async (keep) => {
    const base = keep(await openBase(run));
    return { base, built: await buildStudent(run, base, { from: checkpoint, isNewStage: true }) };
  });
  const { student } = built;
  const { home, decoder, weights } = student;
  const model = new FrozenModel(home.executor, decoder, weights, { own: home.own });
  try {
    student.refresh();
    const statistics = metric.texts ? await ofTexts(metric.texts, run, model, examples, signal) : await ofGiven(metric, params, run, model, examples, signal);
    return { rows: examples.map(({ index }) => index), statistics };
  } finally {
    await releaseAll([model, built, ...(base ? [base] : [])]);
  }
}

async function ofTexts(metric: NonNullable<HalvingMetric['texts']>, { recipe, heldOut: data, eos, sharedVocabulary, student: { tokenizer } }: PreparedRun, model: FrozenModel, examples: readonly EncodedExample[], signal: AbortSignal): Promise<number[][]> {
  const { seed, evaluate } = recipe;
  const maxNewTokens = answerTokens(recipe, data);
  const predictions = await writeAnswers(model.voice, tokenizer, examples, {
    seed, eos, sharedVocabulary, maxNewTokens, decode: evaluate.decode, calculator: evaluate.calculator, maxLength: data.maxPromptTokens + maxNewTokens, signal,
  });
  const gathering = gatheringOf(metric);
  gathering.add(predictions);
  return gathering.statistics().rows();
}

async function ofGiven({ needsTeacher }: HalvingMetric, { divergence, beta }: Parameters, run: PreparedRun, model: FrozenModel, examples: readonly EncodedExample[], signal: AbortSignal): Promise<number[][]> {
  const loss: Comparison['loss'] = { divergence, beta, normalizeBeta: false, lossTemperature: 1 };
  const judge = (teacher: RunTeacher | null): ReturnType<typeof judgeCompletions> =>
    judgeCompletions(model, teacher && { teacher: teacher.judge, loss, sharedVocabulary: run.sharedVocabulary }, examples.map(givenText), { signal });
  const judged = await (needsTeacher ? withTeacherAside(run, null, signal, judge) : judge(null));
  return judged.map(({ loss: own, divergence: apart, tokens, compared = tokens }) => (needsTeacher ? [apart, compared] : [own, tokens]));
}
