import { choiceOf } from '../../decode/choose.ts';
import type { Prompt } from '../../decode/writing.ts';
import type { Speculated } from '../../decode/speculate.ts';
import { SpeculativeWriter, type WritingModel } from '../../decode/speculative-writer.ts';
import { samplingOf, type TokenSampling } from '../../decode/sampling.ts';
import { TextPlan } from '../../decode/text-writer.ts';
import type { Timing } from '../../metrics/acceptance.ts';
import type { AnswerSettings } from './answers.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';

/** `eos` is the teacher's, whose text it is that is written; `decode` is of both models, greedy or sample. */
export interface DraftingSettings extends AnswerSettings { draftTokens: number }

/** Lets a student draft and its teacher judge answers to every example, one by one. */
export async function draftAnswers(
  teacher: WritingModel, student: WritingModel, examples: readonly EncodedExample[], settings: DraftingSettings, onDone: (count: number) => void,
): Promise<(Speculated & Timing)[]> {
  const { maxLength, sharedVocabulary } = settings;
  const options = { ...settings, sampling: samplingToDraft(settings) };
  const writer = await SpeculativeWriter.open(teacher, student, { vocabulary: sharedVocabulary, maxLength });
  try {
    return await timed(examples, settings, (prompt, maxNewTokens) => writer.write([prompt], { ...options, maxNewTokens }), onDone);
  } finally {
    await writer.release();
  }
}

/** The teacher alone, as fast as it writes one text at a time. */
export async function answerAlone(
  { executor, decoder, weights }: WritingModel, examples: readonly EncodedExample[], settings: DraftingSettings, onDone: (count: number) => void,
): Promise<Timing[]> {
  const { maxLength, sharedVocabulary } = settings;
  const options = { ...settings, sampling: samplingToDraft(settings) };
  const writer = await new TextPlan(executor, decoder, weights, { vocabulary: sharedVocabulary, maxLength, choice: choiceOf(options.sampling) }).open();
  try {
    return await timed(examples, settings, (prompt, maxNewTokens) => writer.write([prompt], { ...options, maxNewTokens }), onDone);
  } finally {
    await writer.release();
  }
}

function samplingToDraft({ decode, seed }: DraftingSettings): TokenSampling {
  const sampling = samplingOf(decode, seed, 'evaluation');
  if (sampling.strategy === 'beam') throw new Error('beams cannot be drafted');
  return sampling;
}

/** Tokens written before the clock runs: a session's first runs are slower than all others. */
const WARM_UP = 8;

async function timed<Text extends object>(
  examples: readonly EncodedExample[], { signal, maxNewTokens }: DraftingSettings, write: (prompt: Prompt, maxNewTokens: number) => Promise<Text[]>, onDone: (count: number) => void,
): Promise<(Text & { ms: number })[]> {
  const texts: (Text & { ms: number })[] = [];
  for (const { index, prompt } of examples) {
    if (texts.length === 0) await write({ id: index, tokens: prompt }, Math.min(WARM_UP, maxNewTokens));
    const start = performance.now();
    const [text] = await write({ id: index, tokens: prompt }, maxNewTokens);
    texts.push({ ...text!, ms: performance.now() - start });
    signal?.throwIfAborted();
    onDone(texts.length);
  }
  return texts;
}
