import { Problem } from '../../contract/problem.ts';
import type { Score } from '../../contract/events.ts';
import { readQuestions, type Question, type QuestionFields } from '../../data/choices.ts';
import { cutPrompt } from '../../text/encode.ts';
import { rowName } from '../../data/read.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { RunningChoices, type JudgedChoices } from '../../metrics/multiple-choice.ts';
import type { EncodedExample, GivenText } from '../../text/encoded-example.ts';
import { judgeCompletions } from './judge-completions.ts';
import { refuseUnembedded, type Model } from '../../model/load-model.ts';
import { longestText } from '../examples/longest-text.ts';

/** A question whose choices are texts behind its prompt. */
export interface EncodedQuestion extends Question { texts: readonly GivenText[] }

/** The questions of a file, ready to be judged. @throws Problem where one has no choices, no right answer or is too long. */
export function encodeQuestions(
  examples: readonly EncodedExample[], path: string, fields: QuestionFields & { maxPromptTokens: number }, model: Model,
): EncodedQuestion[] {
  return readQuestions(examples, path, fields).map((question, at): EncodedQuestion => {
    const texts = question.choices.map((choice) => encodeChoice(examples[at]!, choice, path, fields.maxPromptTokens, model));
    for (const text of texts) refuseUnembedded(`${rowName(path, text.index)}: a choice`, text.completion, model);
    for (const text of texts) longestText([text], text.completion.length, model, path);
    return { ...question, texts };
  });
}

/**
 * A choice behind its prompt, with a space between them where there is none, and tokens as lm-evaluation-harness cuts
 * them: a text is tokenized as a whole, and white space at the prompt's end belongs to the choice.
 */
function encodeChoice({ index, inputText, turns }: EncodedExample, choice: string, path: string, maxPromptTokens: number, { tokenizer, decoder }: Model): GivenText {
  const special = turns === null;
  const before = inputText.trimEnd();
  const space = inputText.slice(before.length);
  const behind = `${space !== '' || !special ? space : ' '}${choice}`;
  const prompt = tokenizer.encode(before, { special });
  const completion = decoder.encoder
    ? tokenizer.encode(behind, { special: false })
    : tokenizer.encode(`${before}${behind}`, { special }).slice(prompt.length);
  if (prompt.length === 0) throw new Problem(`${rowName(path, index)}: the prompt is empty.`, { hint: 'A question needs at least one token before its choices.' });
  if (completion.length === 0) throw new Problem(`${rowName(path, index)}: the choice ${JSON.stringify(choice)} has no token of its own.`, { hint: 'Write the choices otherwise.' });
  return { index, prompt: Int32Array.from(cutPrompt(prompt, tokenizer.bosId, maxPromptTokens)), completion: Int32Array.from(completion), learned: null };
}

/** How likely a model finds each choice of the questions. */
export async function judgeChoices(
  model: FrozenModel, questions: readonly EncodedQuestion[], options: { signal?: AbortSignal; onDone?: (count: number) => void } = {},
): Promise<JudgedChoices[]> {
  const judged = await judgeCompletions(model, null, questions.flatMap(({ texts }) => texts), options);
  let next = 0;
  return questions.map(({ choices, answer }) => ({
    answer, lengths: choices.map((choice) => [...choice].length), logprobs: choices.map(() => -judged[next++]!.loss),
  }));
}

/** How often a model finds the right choice likeliest. */
export async function scoreQuestions(model: FrozenModel, questions: readonly EncodedQuestion[], seed: number, options: { signal?: AbortSignal } = {}): Promise<Record<string, Score>> {
  const choices = new RunningChoices();
  choices.add(await judgeChoices(model, questions, options));
  return choices.all(seed);
}
