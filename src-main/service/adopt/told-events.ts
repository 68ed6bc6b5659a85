import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Evaluation, Prediction, RunEvent } from '../../contract/events.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stagePlaces, stagesOf } from '../../contract/stages.ts';
import { meanOfTokens, PERPLEXITY, scorePerplexity, type JudgedText } from '../../metrics/perplexity.ts';
import { scoreAll } from '../../metrics/score.ts';
import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import { SAMPLES } from '../run/evaluation/evaluate.ts';
import { EVENTS } from './training-folder.ts';
import { readJudgedLine, type JudgedLine, type TrainingEvent } from './training-events.ts';
import { withinFolder } from './within-folder.ts';

/** Bytes of the held-out texts of one evaluation. */
const LARGEST = 2 ** 28;

/** What makes a training's words this program's own: places become absolute, tokens become text, sums become scores. */
export interface Telling { recipe: Recipe; runId: string; runDir: string; tokenizer: Tokenizer }

/**
 * The event as the history takes it.
 * @param stageSteps  steps of each stage, of a recipe with several
 * @throws Problem where what it leads to cannot be read */
export async function toldEvent(event: TrainingEvent, { recipe, runId, runDir, tokenizer }: Telling, stageSteps: readonly number[]): Promise<RunEvent> {
  switch (event.event) {
    case 'started': {
      const { fromStep, steps, parameters, stageSteps: lengths } = event;
      return { event: 'started', runId, runDir, name: recipe.name, steps, fromStep, parameters, ...(lengths && { stageSteps: lengths }) };
    }
    case 'stage': {
      const { at: _, ...begun } = event;
      return begun;
    }
    case 'step': {
      const { at: _, ...metrics } = event;
      return { ...metrics, teacherCovered: null, teacherCompared: null, deviceMemory: null, skipped: null, lossScale: null };
    }
    case 'rollouts':
      return { event: 'rollouts', rollouts: event.rollouts.map((rollout) => ({ ...rollout, completion: tokenizer.decode(rollout.tokens, { skipSpecial: true }) })) };
    case 'evaluation':
      return { event: 'evaluation', ...await evaluationIn(runDir, event.path, event.step, recipeAt(recipe, stageSteps, event.step), tokenizer) };
    case 'checkpoint':
      // It may be gone again: the scripts keep the newest alone.
      await withinFolder(runDir, event.path, 'folder');
      return { event: 'checkpoint', step: event.step, path: join(runDir, event.path) };
    case 'done':
      return { event: 'done', step: event.step, checkpoint: join(runDir, event.path) };
    case 'stopped':
      return { event: 'stopped', step: event.step, checkpoint: null };
    case 'failed':
      return { event: 'failed', error: { message: event.message, kind: 'failure' } };
  }
}

/** The recipe of the stage that an evaluation belongs to: with what a stage ends the next begins, and is evaluated there. */
function recipeAt(recipe: Recipe, stageSteps: readonly number[], step: number): Recipe {
  const stages = stagesOf(recipe);
  return (stages[stagePlaces(stageSteps).findIndex(({ end }) => step < end)] ?? stages.at(-1)!).recipe;
}

/** Scores held-out texts as an evaluation here does, from the sums and answers that were measured there. */
async function evaluationIn(runDir: string, place: string, step: number, { evaluate, seed }: Recipe, tokenizer: Tokenizer): Promise<Evaluation> {
  const lines = await judgedLines(runDir, place);
  const judged = lines.filter(({ tokens }) => tokens > 0).map(({ tokens, loss, divergence }): JudgedText => ({ tokens, loss, divergence: divergence ?? NaN }));
  const isCompared = lines.some(({ divergence }) => divergence !== null);
  const [divergence, loss] = [isCompared ? meanOfTokens(judged, 'divergence', seed) : null, judged.length > 0 ? meanOfTokens(judged, 'loss', seed) : null];
  const predictions = lines.flatMap(({ prompt, reference, written }): Prediction[] => (
    written === null ? [] : [{ prompt, reference, prediction: tokenizer.decode(written, { skipSpecial: true }) }]));
  return {
    step, examples: lines.length,
    divergence: divergence && divergence.value, divergenceLow: divergence && divergence.low, divergenceHigh: divergence && divergence.high,
    loss: loss && loss.value, lossLow: loss && loss.low, lossHigh: loss && loss.high,
    metrics: {
      ...scoreAll(evaluate.metrics, predictions, seed),
      ...(evaluate.metrics.includes(PERPLEXITY) && judged.length > 0 && { [PERPLEXITY]: scorePerplexity(judged, seed) }),
    },
    samples: predictions.slice(0, SAMPLES).map((prediction) => ({ ...prediction, teacher: null })),
  };
}

async function judgedLines(runDir: string, place: string): Promise<JudgedLine[]> {
  const file = await withinFolder(runDir, place, 'file');
  if (!file) throw new Problem(`${join(runDir, place)} is not there, and ${EVENTS} tells of it.`, { hint: 'Bring the whole run folder here, then adopt it again.' });
  if (file.bytes > LARGEST) throw new Problem(`${file.path} has ${Math.round(file.bytes / 2 ** 20)} MiB; an evaluation has ${LARGEST / 2 ** 20} at the most.`, { hint: 'It is not what retort handover\'s scripts write.' });
  const lines: JudgedLine[] = [];
  for await (const line of createInterface(createReadStream(file.path, 'utf8'))) lines.push(readJudgedLine(line, file.path, lines.length + 1));
  return lines;
}
