import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../contract/worker-host.ts';
import { samplingOf } from '../../decode/sampling.ts';
import { endTokens } from '../../model/load-model.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { TextStream } from '../../text/tokenizer/text-stream.ts';
import { encodeRows } from '../examples/examples.ts';
import { variableWarnings } from '../examples/text-warnings.ts';
import { answerRoom } from './answer-room.ts';
import { OpenWriter } from './open-writer.ts';

type Asked = Omit<Params<Commands, 'generate'>, 'keeps'>;
type Emit = (event: CommandEvent<Commands, 'generate'>) => void;

/** Continues one prompt or conversation with a model that is opened for it, and tells the text while it grows. */
export async function generateText(params: Asked, signal: AbortSignal, emit: Emit): Promise<Result<Commands, 'generate'>> {
  const open = await OpenWriter.open(params.model, params.device);
  try {
    return await writeText(open, params, signal, emit);
  } finally {
    await open.release();
  }
}

/** The same with a model that is open already. */
export async function writeText(open: OpenWriter, params: Asked, signal: AbortSignal, emit: Emit): Promise<Result<Commands, 'generate'>> {
  const { model } = open;
  const { tokenizer } = model;
  const eos = endTokens(model);
  const isChat = params.chat || params.messages !== null;
  const example = await encodeQuestion(open, params);
  for (const warning of await variableWarnings(isChat ? params.template : undefined, model)) emit(warning);
  const { missed } = example.notes;
  if (missed !== null) emit({ event: 'warning', code: 'not-written', message: `The model's tokenizer has no token for ${JSON.stringify(missed)}: the model does not see it.` });
  const sampling = samplingOf(params.decode, params.seed, 'generate');
  const maxNewTokens = answerRoom(example.prompt.length, params.maxNewTokens, model);
  const writer = await open.writer(example.prompt.length + maxNewTokens, sampling);
  const prompts = [{ id: 0, tokens: example.prompt }];
  const textOf = (tokens: Iterable<number>): string => tokenizer.decode([...tokens], { skipSpecial: true });
  const promptTokens = example.prompt.length;
  const start = performance.now();
  const ms = (): number => performance.now() - start;
  const tellFull = (ended: boolean): void => {
    if (!ended && maxNewTokens < params.maxNewTokens) emit({ event: 'warning', code: 'context-full', message: `The answer ends where the context of ${model.decoder.contextLength} tokens is full.` });
  };
  if (sampling.strategy === 'beam') {
    const [found] = await writer.writeBeams(prompts, { maxNewTokens, eos, sampling, signal });
    const best = found!.map(({ tokens, score }) => ({ text: textOf(tokens), score }));
    emit({ event: 'text', text: best[0]!.text });
    tellFull(found![0]!.ended);
    return { text: best[0]!.text, tokens: [...found![0]!.tokens], ended: found![0]!.ended, best, promptTokens, ms: ms() };
  }
  const stream = new TextStream(tokenizer, { skipSpecial: true });
  const tell = (text: string): void => { if (text !== '') emit({ event: 'text', text }); };
  const [completion] = await writer.write(prompts, {
    maxNewTokens, eos, sampling, signal,
    onToken: (_, token) => tell(stream.push(token)),
  });
  tell(stream.end());
  if (!signal.aborted) tellFull(completion!.ended);
  return { text: textOf(completion!.tokens), tokens: [...completion!.tokens], ended: completion!.ended, best: [], promptTokens, ms: ms() };
}

async function encodeQuestion({ model }: OpenWriter, { prompt, messages, chat, system, template }: Asked): Promise<EncodedExample> {
  if ((prompt === null) === (messages === null)) throw new Problem('Give a prompt or messages, one of both.');
  const [row, fields] = messages === null
    ? [{ prompt }, { prompt: '{{prompt}}', messages: undefined, chat, system: system ?? undefined }]
    : [{ messages: system === null ? messages : [{ role: 'system', content: system }, ...messages] }, { prompt: undefined, messages: 'messages', chat: false, system: undefined }];
  const [example] = await encodeRows([row], messages === null ? 'prompt.json' : 'messages.json', {
    ...fields, completion: undefined, template, maxPromptTokens: Infinity, maxCompletionTokens: Infinity, needsCompletions: false,
  }, model);
  return example!;
}
