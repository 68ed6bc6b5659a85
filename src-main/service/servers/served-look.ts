import { Problem } from '../../contract/problem.ts';
import type { ServerLook } from '../../contract/server-look.ts';
import type { ServerSettings } from '../../contract/served-teacher.ts';
import { openWholeModel, type Model } from '../../model/load-model.ts';
import { chatAnswer } from '../../remote/chat.ts';
import { openServer, type OpenedServer } from '../../remote/open-server.ts';
import { patiently, SHORT } from '../../remote/patience.ts';
import { compareTokens, TELLING_TEXTS, writable } from '../../remote/same-tokens.ts';
import { serverOf } from '../../remote/server.ts';

/** Tokens of a text that is judged, or written, for the measurement. */
const LENGTH = 32;

/**
 * Tries a server with a few texts of this program's own: whether it can be reached, has the model, the student's tokens, and how
 * fast it tells of them.
 * @param student  folder of the model whose tokens it shall have; null where none is chosen yet. @throws Problem that says what is wrong
 */
export async function lookAtServer(settings: ServerSettings, student: string | null, key: string | null, signal: AbortSignal): Promise<ServerLook> {
  const learner = student === null ? null : await openWholeModel(student);
  const opened = await openServer(serverOf(settings, key, learner?.tokenizer.vocabularySize ?? settings.topLogprobs), SHORT, signal);
  const { model: { id: model, contextLength } } = opened;
  const [tokenizer, measured] = opened.tokens && learner ? [await tokenizerOf(opened, learner, signal), await judge(opened, learner, signal)] : ['unknown' as const, await write(opened, signal)];
  return { model, contextLength, tokenizer, ...measured };
}

type Measured = Pick<ServerLook, 'topLogprobs' | 'tokensPerSecond'>;

async function tokenizerOf({ server, model }: OpenedServer, { tokenizer }: Model, signal: AbortSignal): Promise<ServerLook['tokenizer']> {
  const cut = (text: string): number[] => tokenizer.encode(text, { special: false });
  // What is made of its own tokens, a tokenizer of few can write as well.
  const own = tokenizer.decode(Array.from({ length: Math.min(LENGTH, tokenizer.vocabularySize) }, (_, id) => id), { skipSpecial: true });
  const telling = writable([own, ...TELLING_TEXTS], cut, (ids) => tokenizer.decode(ids, { skipSpecial: false }));
  return await patiently(SHORT, signal, () => compareTokens(server, model.id, telling, cut, signal)) ? 'same' : 'unknown';
}

async function judge({ tokens, model: { contextLength } }: OpenedServer, { tokenizer }: Model, signal: AbortSignal): Promise<Measured> {
  const known = Array.from({ length: Math.min(LENGTH, (contextLength ?? LENGTH + 1) - 1) }, (_, at) => at % tokenizer.vocabularySize);
  const ask = (): Promise<{ likeliest: readonly unknown[] }[][]> => patiently(SHORT, signal, () => tokens!.judge([{ ids: known, from: 1 }], signal));
  // The first question may wake it.
  const [[first]] = await ask() as [[{ likeliest: readonly unknown[] }]];
  const start = performance.now();
  await ask();
  return { topLogprobs: first.likeliest.length, tokensPerSecond: known.length / ((performance.now() - start) / 1000) };
}

async function write({ server, model, tokens }: OpenedServer, signal: AbortSignal): Promise<Measured> {
  if (tokens) return { topLogprobs: null, tokensPerSecond: null };
  const start = performance.now();
  const { text } = await patiently(SHORT, signal, () => chatAnswer(server, model.id, [{ role: 'user', content: 'Count from 1 to 20.' }], { maxTokens: LENGTH, temperature: 0, seed: 0 }, signal));
  if (text === '') throw new Problem(`The model "${model.id}" answered nothing.`, { kind: 'failure', hint: 'Try it with the server\'s own tools first.' });
  return { topLogprobs: null, tokensPerSecond: LENGTH / ((performance.now() - start) / 1000) };
}
