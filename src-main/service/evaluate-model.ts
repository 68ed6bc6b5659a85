import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { choiceOf } from '../decode/choose.ts';
import { samplingOf } from '../decode/sampling.ts';
import { TextPlan } from '../decode/text-writer.ts';
import { findMetrics, scoreAll } from '../metrics/score.ts';
import { readExamples } from './examples.ts';
import { endTokens, executorFor, openWholeModel, readWeights } from './load-model.ts';
import { longestText } from './longest-text.ts';

/** Writes an answer to every prompt of a data file and scores the answers. */
export async function evaluateModel(
  params: Params<Commands, 'evaluate'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'evaluate'>) => void,
): Promise<Result<Commands, 'evaluate'>> {
  for (const name of params.metrics) findMetrics(name);
  const model = await openWholeModel(params.model);
  const eos = endTokens(model);
  const all = await readExamples(params.data, {
    prompt: params.prompt, completion: params.reference ?? undefined, messages: undefined, chat: params.chat, system: undefined,
    maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: params.reference !== null,
  }, model);
  const examples = params.examples === null ? all : all.slice(0, params.examples);
  const maxLength = longestText(examples, params.maxNewTokens, model, params.data);
  const sampling = samplingOf(params.decode, params.seed, 'evaluation');
  const executor = executorFor(params.device);
  const writer = await new TextPlan(executor, model.decoder, await readWeights(model), {
    vocabulary: Math.min(model.decoder.vocabSize, model.tokenizer.vocabularySize), maxLength, choice: choiceOf(sampling),
  }).open();
  try {
    const completions = await writer.write(
      examples.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
      { maxNewTokens: params.maxNewTokens, eos, sampling, signal },
      (done) => emit({ event: 'phase', phase: 'evaluate', done, total: examples.length }));
    signal.throwIfAborted();
    const predictions = examples.map(({ promptText, completionText }, at) => ({
      prompt: promptText, prediction: model.tokenizer.decode([...completions[at]!.tokens], { skipSpecial: true }), reference: completionText,
    }));
    for (const prediction of predictions) emit({ event: 'prediction', ...prediction });
    const used = params.metrics.flatMap(findMetrics);
    return {
      examples: examples.length,
      metrics: scoreAll(params.metrics, predictions, params.seed),
      signatures: Object.fromEntries(used.flatMap(({ name, signature }) => (signature === undefined ? [] : [[name, signature]]))),
    };
  } finally {
    await writer.release();
  }
}
