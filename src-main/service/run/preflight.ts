import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { rowName } from '../../data/read.ts';
import { ACCEPTANCE } from '../../metrics/acceptance.ts';
import { MULTIPLE_CHOICE } from '../../metrics/multiple-choice.ts';
import { PERPLEXITY } from '../../metrics/perplexity.ts';
import { findMetrics } from '../../metrics/score.ts';
import { loadChatTemplate } from '../../text/chat/chat-template.ts';
import { endOfTurn } from '../chat-end.ts';
import type { GivenText } from '../../text/encoded-example.ts';
import { hasAnswers, type ExampleSet } from '../../text/example-set.ts';
import { checkDrafting } from '../drafting.ts';
import { endTokens, type Model } from '../load-model.ts';
import { unsharedTokens } from '../model-pair.ts';

export interface Warning { code: string; message: string }

/** What the person should know of a run's models before the start, though nothing forbids it. */
export async function modelWarnings({ data }: Recipe, student: Model, teacher: Model | null): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const eos = endTokens(student);
  const show = (ids: Iterable<number>): string => [...ids].map((id) => student.tokenizer.tokenOf(id) ?? `id ${id}`).join(', ');
  if (teacher) {
    const ends = endTokens(teacher);
    if (![...ends].some((id) => eos.has(id))) {
      warnings.push({
        code: 'eos', message: `Teacher and student end their texts with different tokens (${show(ends)} and ${show(eos)}): the student may never learn to stop.`,
      });
    }
    const unshared = unsharedTokens({ teacher, student });
    if (unshared !== null) warnings.push({ code: 'vocabulary', message: unshared });
  }
  if (data.chat || data.messages !== undefined) {
    const end = endOfTurn(await loadChatTemplate(student.folder.path), student.tokenizer);
    if (end !== null && !eos.has(end)) {
      warnings.push({
        code: 'eos', message: `The student's chat template ends an answer with ${show([end])}, which is none of its end tokens (${show(eos)}): `
          + 'its answers will not stop there. Set eos_token_id in its generation_config.json.',
      });
    }
  }
  return warnings;
}

/** @throws Problem where the longest text of training or evaluation is more than a model can read. */
export function checkContext({ data, evaluate }: Recipe, { folder, decoder }: Model): void {
  const answer = { field: 'data.maxCompletionTokens', tokens: data.maxCompletionTokens };
  const written = { field: 'evaluate.maxNewTokens', tokens: evaluate.maxNewTokens ?? 0 };
  for (const { field, tokens } of [answer, written]) {
    const length = data.maxPromptTokens + tokens;
    if (decoder.contextLength === null || length <= decoder.contextLength) continue;
    throw new Problem(
      `data.maxPromptTokens and ${field} together are ${length} tokens, more than the context of ${decoder.contextLength} of ${folder.path}.`,
      { hint: 'Lower one of them.' });
  }
}

/** Refuses texts with tokens that not every model knows. @param shared  ids below it are known to all of them */
export function checkTokens(path: string, examples: readonly GivenText[], { tokenizer }: Model, shared: number): void {
  for (const { index, prompt, completion } of examples) {
    const unknown = prompt.find((id) => id >= shared) ?? completion.find((id) => id >= shared);
    if (unknown === undefined) continue;
    throw new Problem(`${rowName(path, index)} holds ${JSON.stringify(tokenizer.tokenOf(unknown))}, a token (id ${unknown}) that not every model of the run knows.`, {
      hint: 'Take it out of the texts, or choose models with the same tokens.',
    });
  }
}

/** Refuses metrics that could not be measured when their time comes. */
export function checkMetrics({ data, evaluate }: Recipe, validation: ExampleSet): void {
  const metrics = evaluate.metrics.flatMap(findMetrics);
  const [first] = evaluate.metrics;
  if (first === undefined) return;
  if (validation.count === 0) {
    throw new Problem(`evaluate.metrics names ${first}, and there are no held-out examples.`, {
      hint: 'Give data.validation or data.validationShare.',
    });
  }
  if (evaluate.metrics.includes(ACCEPTANCE)) checkDrafting({ decode: evaluate.decode, maxNewTokens: evaluate.maxNewTokens ?? data.maxCompletionTokens });
  const name = evaluate.metrics.find((asked) => asked === PERPLEXITY || asked === MULTIPLE_CHOICE);
  const needy = name === undefined ? metrics.find(({ needsReference }) => needsReference) : { name };
  if (needy && !hasAnswers(validation, evaluate.examples)) {
    throw new Problem(`evaluate.metrics names ${needy.name}, which needs right answers, and no example of ${data.validation ?? data.train} has one.`, {
      hint: 'Give data.completion, or leave the metric out.',
    });
  }
}
