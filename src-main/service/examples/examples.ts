import { Problem } from '../../contract/problem.ts';
import type { DataSettings } from '../../contract/recipe.ts';
import { encodeText } from '../../text/encode.ts';
import { refuseHalves } from '../../text/half-characters.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import { ExampleCollector } from '../../text/example-collector.ts';
import { subset, type ExampleSet } from '../../text/example-set.ts';
import { isConversation, makeExamples, type ExampleFields } from '../../text/examples.ts';
import { chooseSubset, splitValidation } from '../../data/order.ts';
import { readParts, rowName } from '../../data/read.ts';
import type { Row } from '../../data/row.ts';
import { behindShots, readShots } from '../../text/shots.ts';
import { loadChatTemplate } from '../../text/chat/chat-template.ts';
import { writeConversation, writePair } from '../../text/chat/write-example.ts';
import { thisDay } from './this-day.ts';
import { breather } from './breathe.ts';
import { refuseUnembedded, type Model } from '../../model/load-model.ts';
import { encoderOf } from './text-encoder.ts';
import { ShotsFit } from './shots-room.ts';

export interface ExampleSettings extends ExampleFields, Pick<DataSettings, 'maxPromptTokens' | 'maxCompletionTokens'> {
  /** Whether a row without a completion is an error. */
  needsCompletions: boolean;
  /** How many rows are read, from the first on; all where it is null or left out. */
  most?: number | null;
  /** The day that chat templates are told; today where it is left out. */
  today?: Date | undefined;
}

/** Reads a data file and encodes its rows for a model, some at a time. @throws Problem that names file, row and column. */
export async function readExamples(path: string, settings: ExampleSettings, model: Model, signal?: AbortSignal): Promise<ExampleSet> {
  const examples = new ExampleCollector();
  let first = 0;
  for await (const rows of readParts(path, settings.most ?? Infinity, signal)) {
    for (const example of await encodeRows(rows, path, settings, model, signal, first)) examples.add(example);
    first += rows.length;
  }
  return examples.set();
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

/** @param first  the place of the first row in its file */
export async function encodeRows(
  rows: readonly Row[], path: string, settings: ExampleSettings, model: Model, signal?: AbortSignal, first = 0,
): Promise<EncodedExample[]> {
  const { tokenizer, folder } = model;
  const shots = settings.shots && await readShots(settings.shots, settings);
  const shotTokens = shots ? tokenizer.encode(shots.text, { special: false }).length : 0;
  const examples = makeExamples(rows, path, settings, first);
  const template = examples.some(isConversation) ? await loadChatTemplate(folder.companions) : null;
  const written = { ...settings, today: settings.today ?? thisDay() };
  const [plain, chat] = [encoderOf(model, false), encoderOf(model, true)];
  const breathe = breather(signal);
  const encodedExamples: EncodedExample[] = [];
  for (const example of examples) {
    await breathe();
    const { index } = example;
    const where = rowName(path, index);
    const isChat = isConversation(example);
    const { marked, ...told } = isChat ? writeConversation(template!, example, written, tokenizer) : writePair(example);
    const input = shots ? (isChat ? writeConversation(template!, behindShots(example, shots), written, tokenizer) : writePair(behindShots(example, shots))).marked : marked;
    if (marked.spans.length === 0 && settings.needsCompletions) {
      throw new Problem(`${where} has no completion to learn from.`, { hint: 'Give data.completion, or let the student write everything (lambda 1).' });
    }
    for (const part of new Set([input.prompt, input.text])) refuseHalves(part, where);
    const encoded = encodeText(input, isChat ? chat : plain, settings);
    refuseUnembedded(where, [...encoded.prompt, ...encoded.context, ...encoded.completion], model);
    if (encoded.prompt.length === 0) throw new Problem(`${where}: the prompt is empty.`, { hint: 'Every example needs at least one token to begin with.' });
    encodedExamples.push({
      index, row: rows[index - first]!, promptText: marked.prompt, inputText: input.prompt, shotTokens, ...told, ...encoded,
      completionText: isChat || told.completionText === null ? told.completionText : withoutEnd(told.completionText, model),
      notes: { isMoved: encoded.isMoved, opening: marked.opening, ignored: told.ignored, missed: tokenizer.missed(input.text) },
    });
  }
  const fit = new ShotsFit({
    tokens: settings.maxPromptTokens, name: 'data.maxPromptTokens', hint: (longest) => `The shots would lose their beginning: raise it to ${longest}, or give fewer or shorter shots.`,
  });
  fit.add(encodedExamples);
  fit.check(path);
  return encodedExamples;
}

/** An answer that brings its own end token is compared without it. */
function withoutEnd(text: string, { tokenizer }: Model): string {
  const end = tokenizer.eosIds.map((id) => tokenizer.tokenOf(id)).find((token) => token !== undefined && token !== '' && text.endsWith(token));
  return end === undefined ? text : text.slice(0, -end.length);
}
