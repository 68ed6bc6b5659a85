import { Problem } from '../contract/problem.ts';
import type { DataSettings } from '../contract/recipe.ts';
import type { ChatMessage } from '../text/chat/conversation.ts';
import { encodeTexts } from '../text/encode.ts';
import type { EncodedExample } from '../text/encoded-example.ts';
import { inMemory, subset, type ExampleSet } from '../text/example-set.ts';
import { makeExamples, type ExampleFields } from '../text/examples.ts';
import { chooseSubset, splitValidation } from '../data/order.ts';
import { readRows, rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';
import { behindShots, readShots } from '../text/shots.ts';
import { loadChatTemplate } from '../text/chat/chat-template.ts';
import { breather } from './breathe.ts';
import { endOfTurn } from '../text/chat/chat-end.ts';
import type { Model } from '../model/load-model.ts';
import { checkShotsFit } from './shots-room.ts';

export interface ExampleSettings extends ExampleFields, Pick<DataSettings, 'maxPromptTokens' | 'maxCompletionTokens'> {
  /** Whether a row without a completion is an error. */
  needsCompletions: boolean;
}

/** Reads a data file and encodes its rows for a model. @throws Problem that names file, row and column. */
export async function readExamples(path: string, settings: ExampleSettings, model: Model, signal?: AbortSignal): Promise<ExampleSet> {
  return inMemory(await encodeRows(await readRows(path, signal), path, settings, model, signal));
}

/** A seeded share of examples. */
export function takeShare(examples: ExampleSet, fraction: number, seed: number): ExampleSet {
  return subset(examples, chooseSubset(examples.count, fraction, seed));
}

/** Holds a seeded share of examples out for evaluation. */
export function holdOut(examples: ExampleSet, share: number, seed: number): { train: ExampleSet; validation: ExampleSet } {
  const { train, validation } = splitValidation(examples.count, share, seed);
  return { train: subset(examples, train), validation: subset(examples, validation) };
}

export async function encodeRows(
  rows: readonly Row[], path: string, settings: ExampleSettings, { tokenizer, folder }: Model, signal?: AbortSignal,
): Promise<EncodedExample[]> {
  const shots = settings.shots && await readShots(settings.shots, settings);
  const shotTokens = shots ? tokenizer.encode(shots.text, { special: false }).length : 0;
  const examples = makeExamples(rows, path, settings);
  const template = examples.some(({ prompt }) => typeof prompt !== 'string') ? await loadChatTemplate(folder.path) : null;
  const turn = template && endOfTurn(template, tokenizer);
  const chatEnd = turn !== null && tokenizer.eosIds.includes(turn) ? turn : tokenizer.eosIds[0]!;
  const breathe = breather(signal);
  const encodedExamples: EncodedExample[] = [];
  for (const { index, prompt, completion } of examples) {
    await breathe();
    const where = rowName(path, index);
    if (completion === null && settings.needsCompletions) {
      throw new Problem(`${where} has no completion to learn from.`, { hint: 'Give data.completion, or let the student write everything (lambda 1).' });
    }
    // The chat template has put the special tokens in already.
    const isRendered = typeof prompt !== 'string';
    const promptText = textOf(prompt);
    const inputText = shots ? textOf(behindShots(prompt, shots)) : promptText;
    const encoded = encodeTexts({ prompt: inputText, completion }, {
      encodePrompt: (text) => tokenizer.encode(text, { special: !isRendered }),
      encodeCompletion: (text) => tokenizer.encode(text, { special: false }),
      bosId: tokenizer.bosId,
      eosId: isRendered ? chatEnd : tokenizer.eosIds[0]!,
    }, settings);
    if (encoded.prompt.length === 0) throw new Problem(`${where}: the prompt is empty.`, { hint: 'Every example needs at least one token to begin with.' });
    encodedExamples.push({ index, row: rows[index]!, promptText, inputText, shotTokens, completionText: completion, turns: isRendered ? [...prompt] : null, ...encoded });
  }
  checkShotsFit(path, encodedExamples, {
    tokens: settings.maxPromptTokens, name: 'data.maxPromptTokens', hint: (longest) => `The shots would lose their beginning: raise it to ${longest}, or give fewer or shorter shots.`,
  });
  return encodedExamples;

  function textOf(prompt: string | readonly ChatMessage[]): string {
    return typeof prompt === 'string' ? prompt : template!.render(prompt, { addGenerationPrompt: true });
  }
}
