import type { Score } from '../../contract/events.ts';
import type { StoredEvaluation } from '../../contract/history.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { StudyEvaluation } from '../../contract/study.ts';
import type { Commands } from '../../contract/worker.ts';
import type { ParamsInput } from '../../contract/worker-host.ts';
import { ACCEPTANCE } from '../../metrics/acceptance.ts';
import { findMetrics } from '../../metrics/score.ts';
import { Problem } from '../../contract/problem.ts';
import type { Measurement } from './measurements.ts';

/** What a worker is asked to measure a model as a study says. Every model sees the same random numbers. */
export function evaluationRequest(evaluation: StudyEvaluation, model: string, { data, student, teacher, evaluate }: Recipe): ParamsInput<Commands, 'evaluate'> {
  const { metrics, examples, decode, maxNewTokens = data.maxCompletionTokens } = evaluation;
  const file = evaluation.data ?? data.validation;
  if (file === undefined || (data.prompt === undefined && data.messages === undefined)) {
    const field = file === undefined ? 'validation' : 'prompt';
    throw new Problem(`The evaluation "${evaluation.name}" cannot be made: data.${field} of the recipe is missing.`, { hint: 'Name a file, and the prompt as a template.' });
  }
  if (metrics.includes(ACCEPTANCE) && teacher?.model === undefined) throw new Problem(`The evaluation "${evaluation.name}" measures ${ACCEPTANCE}, and the recipe has no teacher on this machine to draft for.`);
  return {
    teacher: metrics.includes(ACCEPTANCE) ? teacher!.model! : null,
    model, device: student.device, data: file, prompt: data.prompt ?? null, reference: data.completion ?? null, chat: data.chat,
    messages: data.messages ?? null, tools: data.tools ?? null, template: data.template,
    metrics, examples: examples ?? null, maxNewTokens, decode, seed: 0, shots: data.shots ?? null,
    calculator: evaluate.calculator && metrics.some((name) => findMetrics(name).length > 0),
  };
}

/** A run's own evaluation as one of a study's: its metrics, its held-out divergence and loss. */
export function ownEvaluation({ examples, metrics, divergence, loss }: StoredEvaluation): Measurement {
  const scores = Object.entries({ ...metrics, divergence: plain(divergence), loss: plain(loss) })
    .flatMap(([name, { value, low, high }]): [string, Score][] => (value === null ? [] : [[name, { value, low, high }]]));
  return { examples, metrics: Object.fromEntries(scores), signatures: {} };
}

const plain = (value: number | null): { value: number | null; low: null; high: null } => ({ value, low: null, high: null });
