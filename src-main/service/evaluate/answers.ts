import type { Prediction } from '../../contract/events.ts';
import type { DecodeSettings } from '../../contract/recipe.ts';
import { calculator } from '../../decode/calculator/calculator.ts';
import { choiceOf } from '../../decode/choose.ts';
import { samplingOf } from '../../decode/sampling.ts';
import type { WritingModel } from '../../decode/speculative-writer.ts';
import { TextPlan } from '../../decode/text-writer.ts';
import type { OwnText } from '../../distill/cannot-write.ts';
import type { Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import { spellingOf } from '../../checks/calculator.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';

/** How answers are written to be judged. */
export interface AnswerSettings {
  seed: number;
  decode: DecodeSettings;
  maxNewTokens: number;
  /** The longest prompt and completion together. */
  maxLength: number;
  /** Tokens that end a text. */
  eos: ReadonlySet<number>;
  /** Ids below this may be written. */
  sharedVocabulary: number;
  /** Whether the sums in calculator annotations are done for the model. */
  calculator: boolean;
  signal?: AbortSignal;
}

/** A model's answer to every example, in order. `onDone` tells how many are written, `onTexts` the tokens of all. */
export async function writeAnswers(
  { executor, decoder, weights }: WritingModel, tokenizer: Tokenizer, examples: readonly EncodedExample[],
  settings: AnswerSettings, onDone: (count: number) => void = () => undefined, onTexts: (texts: OwnText[]) => void = () => undefined,
): Promise<Prediction[]> {
  const { maxLength, sharedVocabulary } = settings;
  const sampling = samplingOf(settings.decode, settings.seed, 'evaluation');
  const writer = await new TextPlan(executor, decoder, weights, { vocabulary: sharedVocabulary, maxLength, choice: choiceOf(sampling) }).open();
  try {
    const prompts = examples.map(({ index, prompt }) => ({ id: index, tokens: prompt }));
    const guide = settings.calculator ? calculator(spellingOf(tokenizer)) : undefined;
    const completions = await writer.write(prompts, { ...settings, sampling, guide }, onDone);
    settings.signal?.throwIfAborted();
    const texts = completions.map(({ tokens, ended }) => ({ tokens, ended, text: tokenizer.decode([...tokens], { skipSpecial: true }) }));
    onTexts(texts);
    return examples.map(({ promptText, completionText }, at) => ({ prompt: promptText, prediction: texts[at]!.text, reference: completionText }));
  } finally {
    await writer.release();
  }
}
