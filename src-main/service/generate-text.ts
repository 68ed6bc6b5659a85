import { uniform } from '../contract/random.ts';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { TextPlan } from '../decode/text-writer.ts';
import type { Sampling } from '../decode/choose.ts';
import { TextStream } from '../model/text-stream.ts';
import { encodeRows } from './examples.ts';
import { endTokens, executorFor, openWholeModel, readWeights } from './load-model.ts';
import { longestText } from './longest-text.ts';

/** Continues one prompt and tells the text while it grows. */
export async function generateText(
  params: Params<Commands, 'generate'>, signal: AbortSignal, emit: (event: CommandEvent<Commands, 'generate'>) => void,
): Promise<Result<Commands, 'generate'>> {
  const model = await openWholeModel(params.model);
  const { tokenizer, decoder } = model;
  const eos = endTokens(model);
  const examples = await encodeRows([{ prompt: params.prompt }], 'prompt.json', {
    prompt: '{{prompt}}', completion: undefined, messages: undefined, chat: params.chat, system: params.system ?? undefined,
    maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: false,
  }, model);
  const maxLength = longestText(examples, params.maxNewTokens, model);
  const sampling: Sampling = params.decode.strategy === 'greedy' ? { strategy: 'greedy' } : {
    strategy: 'sample', temperature: params.decode.temperature,
    uniform: (example, index) => uniform(params.seed, { purpose: 'generate', example, index }),
  };
  const writer = await new TextPlan(executorFor(params.device), decoder, await readWeights(model), {
    vocabulary: Math.min(decoder.vocabSize, tokenizer.vocabularySize), maxLength, strategy: sampling.strategy,
  }).open();
  try {
    const stream = new TextStream(tokenizer, { skipSpecial: true });
    const tell = (text: string): void => { if (text !== '') emit({ event: 'text', text }); };
    const [completion] = await writer.write(examples.map(({ prompt }) => ({ id: 0, tokens: prompt })), {
      maxNewTokens: params.maxNewTokens, eos, sampling, signal,
      onToken: (_, token) => tell(stream.push(token)),
    });
    tell(stream.end());
    return { text: tokenizer.decode([...completion!.tokens], { skipSpecial: true }), tokens: [...completion!.tokens], ended: completion!.ended };
  } finally {
    await writer.release();
  }
}
