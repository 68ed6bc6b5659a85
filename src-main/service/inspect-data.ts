import { Problem } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { choiceOf } from '../decode/choose.ts';
import { samplingOf } from '../decode/sampling.ts';
import { TextPlan } from '../decode/text-writer.ts';
import { FrozenModel } from '../distill/frozen-model.ts';
import { Judge } from '../distill/judge.ts';
import { reportTokens, TOP, type InspectedText } from '../inspect/token-report.ts';
import { readExamples, type EncodedExample } from './examples.ts';
import { endTokens, executorFor, readWeights } from './load-model.ts';
import { longestText } from './longest-text.ts';
import { openPair } from './model-pair.ts';

/** Texts judged together. */
const AT_ONCE = 8;

/** Reports, token by token, where a student's text leaves what its teacher would have written. */
export async function inspectData(
  params: Params<Commands, 'inspect'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'inspect'>) => void,
): Promise<Result<Commands, 'inspect'>> {
  const { student, teacher, sharedVocabulary } = await openPair(params.student, params.teacher);
  const all = await readExamples(params.data, {
    prompt: params.prompt, completion: params.completion ?? undefined, messages: undefined, chat: params.chat, system: undefined,
    maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: params.completion !== null,
  }, student);
  const examples = params.examples === null ? all : all.slice(0, params.examples);
  const longest = Math.max(params.completion === null ? params.maxNewTokens : 0, ...examples.map(({ completion }) => completion.length));
  for (const model of [student, teacher]) longestText(examples, longest, model, params.data);

  const executor = executorFor(params.device);
  const frozen = new FrozenModel(executor, student.decoder, await readWeights(student));
  const judge = new Judge(executorFor('cpu'), frozen, new FrozenModel(executor, teacher.decoder, await readWeights(teacher)), {
    divergence: params.divergence, beta: params.beta, normalizeBeta: false, lossTemperature: 1, sharedVocabulary, chunk: 128, top: Math.min(TOP, sharedVocabulary),
  });
  const texts = params.completion === null
    ? await ownTexts(params, examples, frozen, student, sharedVocabulary, signal)
    : examples.map((example): InspectedText => ({
      prompt: example.promptText, completion: example.completionText!, example: { ...example, isOnPolicy: false },
    }));
  const told = texts.filter(({ example }) => example.completion.length > 0);
  if (told.length === 0) throw new Problem('There is no text to inspect: every completion is empty.', { hint: 'Raise --max-new-tokens or choose other data.' });
  let sum = 0;
  for (let start = 0; start < told.length; start += AT_ONCE) {
    signal.throwIfAborted();
    const reports = await reportTokens(judge, told.slice(start, start + AT_ONCE), (id) => student.tokenizer.tokenText(id));
    for (const report of reports) {
      sum += report.meanDivergence;
      emit({ event: 'report', report });
    }
  }
  await judge.release();
  return { examples: told.length, meanDivergence: sum / told.length };
}

async function ownTexts(
  params: Params<Commands, 'inspect'>, examples: readonly EncodedExample[], student: FrozenModel,
  model: Awaited<ReturnType<typeof openPair>>['student'], vocabulary: number, signal: AbortSignal,
): Promise<InspectedText[]> {
  const sampling = samplingOf(params.decode, params.seed, 'evaluation');
  const maxLength = Math.max(...examples.map(({ prompt }) => prompt.length)) + params.maxNewTokens;
  const writer = await new TextPlan(executorFor(params.device), student.decoder, student.weights, { vocabulary, maxLength, choice: choiceOf(sampling) }).open();
  try {
    const completions = await writer.write(examples.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
      { maxNewTokens: params.maxNewTokens, eos: endTokens(model), sampling, signal });
    return examples.map((example, at) => ({
      prompt: example.promptText,
      completion: model.tokenizer.decode([...completions[at]!.tokens], { skipSpecial: true }),
      example: { index: example.index, prompt: example.prompt, completion: completions[at]!.tokens, isOnPolicy: true },
    }));
  } finally {
    await writer.release();
  }
}
