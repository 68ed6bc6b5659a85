import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { choiceOf } from '../decode/choose.ts';
import { samplingOf } from '../decode/sampling.ts';
import { TextPlan } from '../decode/text-writer.ts';
import { TextStream } from '../text/tokenizer/text-stream.ts';
import { encodeRows } from './examples.ts';
import { endTokens, executorFor, openWeights, openWholeModel } from '../model/load-model.ts';
import { variableWarnings } from './text-warnings.ts';
import { longestText } from './longest-text.ts';

/** Continues one prompt and tells the text while it grows. */
export async function generateText(
  params: Params<Commands, 'generate'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'generate'>) => void,
): Promise<Result<Commands, 'generate'>> {
  const model = await openWholeModel(params.model);
  const { tokenizer, decoder } = model;
  const eos = endTokens(model);
  const examples = await encodeRows([{ prompt: params.prompt }], 'prompt.json', {
    prompt: '{{prompt}}', completion: undefined, messages: undefined, chat: params.chat, system: params.system ?? undefined, template: params.template,
    maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: false,
  }, model);
  for (const warning of await variableWarnings(params.chat ? params.template : undefined, model)) emit(warning);
  const maxLength = longestText(examples, params.maxNewTokens, model);
  const sampling = samplingOf(params.decode, params.seed, 'generate');
  const executor = executorFor(params.device);
  const frozen = await openWeights(model, executor);
  const writer = await new TextPlan(executor, frozen.decoder, frozen.weights, {
    vocabulary: Math.min(decoder.vocabSize, tokenizer.vocabularySize), maxLength, choice: choiceOf(sampling),
  }).open();
  try {
    const prompts = examples.map(({ prompt }) => ({ id: 0, tokens: prompt }));
    const textOf = (tokens: Iterable<number>): string => tokenizer.decode([...tokens], { skipSpecial: true });
    const { maxNewTokens } = params;
    if (sampling.strategy === 'beam') {
      const [found] = await writer.writeBeams(prompts, { maxNewTokens, eos, sampling, signal });
      const best = found!.map(({ tokens, score }) => ({ text: textOf(tokens), score }));
      emit({ event: 'text', text: best[0]!.text });
      return { text: best[0]!.text, tokens: [...found![0]!.tokens], ended: found![0]!.ended, best };
    }
    const stream = new TextStream(tokenizer, { skipSpecial: true });
    const tell = (text: string): void => { if (text !== '') emit({ event: 'text', text }); };
    const [completion] = await writer.write(prompts, {
      maxNewTokens, eos, sampling, signal,
      onToken: (_, token) => tell(stream.push(token)),
    });
    tell(stream.end());
    return { text: textOf(completion!.tokens), tokens: [...completion!.tokens], ended: completion!.ended, best: [] };
  } finally {
    await writer.release();
  }
}
