import { Problem } from '../contract/problem.ts';
import type { DataSettings } from '../contract/recipe.ts';
import { splitConversation, type ChatMessage } from '../data/chat.ts';
import { encodeTexts, type EncodedTexts } from '../data/encode.ts';
import { chooseSubset } from '../data/order.ts';
import { readRows, rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';
import { Template } from '../data/template.ts';
import { loadChatTemplate } from '../model/chat-template.ts';
import type { Model } from './load-model.ts';

/** A row as text and as tokens. */
export interface EncodedExample extends EncodedTexts {
  /** The row's place in its file. */
  index: number;
  promptText: string;
  completionText: string | null;
}

export interface ExampleSettings extends Pick<DataSettings, 'prompt' | 'completion' | 'messages' | 'chat' | 'system' | 'maxPromptTokens' | 'maxCompletionTokens'> {
  /** Whether a row without a completion is an error. */
  needsCompletions: boolean;
}

/** Reads a data file and encodes its rows for a model. @throws Problem that names file, row and column. */
export async function readExamples(path: string, settings: ExampleSettings, model: Model): Promise<EncodedExample[]> {
  return encodeRows(await readRows(path), path, settings, model);
}

/** A seeded share of examples. */
export function takeShare(examples: readonly EncodedExample[], fraction: number, seed: number): EncodedExample[] {
  return chooseSubset(examples.length, fraction, seed).map((at) => examples[at]!);
}

export async function encodeRows(rows: readonly Row[], path: string, settings: ExampleSettings, model: Model): Promise<EncodedExample[]> {
  const read = await rowReader(settings, model);
  const { tokenizer } = model;
  return rows.map((row, index) => {
    const where = rowName(path, index);
    const { promptText, completionText, isRendered } = read(row, where);
    if (completionText === null && settings.needsCompletions) {
      throw new Problem(`${where} has no completion to learn from.`, { hint: 'Give data.completion, or let the student write everything (lambda 1).' });
    }
    const encoded = encodeTexts({ prompt: promptText, completion: completionText }, {
      encodePrompt: (text) => tokenizer.encode(text, { special: !isRendered }),
      encodeCompletion: (text) => tokenizer.encode(text, { special: false }),
      bosId: tokenizer.bosId,
      eosId: tokenizer.eosIds[0]!,
    }, settings);
    if (encoded.prompt.length === 0) throw new Problem(`${where}: the prompt is empty.`, { hint: 'Every example needs at least one token to begin with.' });
    return { index, promptText, completionText, ...encoded };
  });
}

interface Texts { promptText: string; completionText: string | null; /** Whether the chat template has put the special tokens in already. */ isRendered: boolean }

async function rowReader(settings: ExampleSettings, { folder: { path } }: Model): Promise<(row: Row, where: string) => Texts> {
  const { messages, chat, system } = settings;
  const opening: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  const template = messages !== undefined || chat ? await loadChatTemplate(path) : null;
  const render = (turns: readonly ChatMessage[]): string => template!.render(turns[0]?.role === 'system' ? turns : [...opening, ...turns], { addGenerationPrompt: true });
  if (messages !== undefined) {
    return (row, where) => {
      if (!(messages in row)) {
        throw new Problem(`${where}: there is no column "${messages}".`, { hint: `The columns are ${Object.keys(row).join(', ')}.` });
      }
      const { prompt, completion } = splitConversation(row[messages], where);
      return { promptText: render(prompt), completionText: completion, isRendered: true };
    };
  }
  if (settings.prompt === undefined) {
    throw new Problem('The recipe says neither data.prompt nor data.messages.', { hint: 'Give a template such as "{{question}}", or the column of chat messages.' });
  }
  const prompt = new Template(settings.prompt);
  const completion = settings.completion === undefined ? null : new Template(settings.completion);
  return (row, where) => {
    const text = prompt.render(row, where);
    return {
      promptText: chat ? render([{ role: 'user', content: text }]) : text,
      completionText: completion && completion.render(row, where),
      isRendered: chat,
    };
  };
}
