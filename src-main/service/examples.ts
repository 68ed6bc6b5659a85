import { Problem } from '../contract/problem.ts';
import type { DataSettings } from '../contract/recipe.ts';
import { splitConversation, type ChatMessage } from '../data/chat.ts';
import { chooseSubset } from '../data/order.ts';
import { readRows, rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';
import { Template } from '../data/template.ts';
import { loadChatTemplate } from '../model/chat-template.ts';
import type { Model } from './load-model.ts';

/** A row as text and as tokens. */
export interface EncodedExample {
  /** The row's place in its file. */
  index: number;
  promptText: string;
  completionText: string | null;
  prompt: Int32Array;
  /** Empty where the row has none. */
  completion: Int32Array;
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
  return rows.map((row, index) => {
    const where = rowName(path, index);
    const { promptText, completionText, isRendered } = read(row, where);
    if (completionText === null && settings.needsCompletions) {
      throw new Problem(`${where} has no completion to learn from.`, { hint: 'Give data.completion, or let the student write everything (lambda 1).' });
    }
    const prompt = encodePrompt(promptText, isRendered, settings.maxPromptTokens, model);
    if (prompt.length === 0) throw new Problem(`${where}: the prompt is empty.`, { hint: 'Every example needs at least one token to begin with.' });
    return { index, promptText, completionText, prompt, completion: encodeCompletion(completionText, settings.maxCompletionTokens, model) };
  });
}

interface Texts { promptText: string; completionText: string | null; /** Whether the chat template has put the special tokens in already. */ isRendered: boolean }

async function rowReader(settings: ExampleSettings, { folder: { path } }: Model): Promise<(row: Row, where: string) => Texts> {
  const { messages, chat, system } = settings;
  const opening: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  const template = messages !== undefined || chat ? await loadChatTemplate(path) : null;
  const render = (turns: readonly ChatMessage[]): string => template!.render([...opening, ...turns], { addGenerationPrompt: true });
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

/** An over-long prompt loses its beginning, but not the token that begins every text. */
function encodePrompt(text: string, isRendered: boolean, limit: number, { tokenizer }: Model): Int32Array {
  const ids = tokenizer.encode(text, { special: !isRendered });
  if (ids.length <= limit) return Int32Array.from(ids);
  const [first] = ids;
  const keepsFirst = first !== undefined && first === tokenizer.bosId && limit > 1;
  return Int32Array.from(keepsFirst ? [first, ...ids.slice(ids.length - limit + 1)] : ids.slice(ids.length - limit));
}

/** The end token closes a completion, unless its end is cut off. */
function encodeCompletion(text: string | null, limit: number, { tokenizer }: Model): Int32Array {
  if (text === null) return new Int32Array();
  const ids = [...tokenizer.encode(text, { special: false }), tokenizer.eosIds[0]!];
  return Int32Array.from(ids.slice(0, limit));
}
