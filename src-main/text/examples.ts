import { Problem } from '../contract/problem.ts';
import type { ChatTurn } from '../contract/chat-turn.ts';
import type { DataSettings } from '../contract/recipe.ts';
import { Template } from '../contract/template.ts';
import { unknownColumn } from '../contract/unknown-column.ts';
import { readMessages, readTools, type Conversation } from './chat/conversation.ts';
import { rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';

/** What is given and what is to be said, as plain text. */
export interface PlainPair { prompt: string; completion: string | null }

/** A row before any tokenizer: a conversation is still to be written by the model's chat template. */
export type Example = { /** The row's place in its file. */ index: number } & (PlainPair | Conversation);

export const isConversation = <Of extends PlainPair | Conversation>(example: Of): example is Of & Conversation => 'messages' in example;

export type ExampleFields = Pick<DataSettings, 'prompt' | 'completion' | 'messages' | 'chat' | 'system' | 'shots'>
  & Partial<Pick<DataSettings, 'tools' | 'template' | 'learn'>>;
type RowReader = (row: Row, where: string) => PlainPair | Conversation;

/** The examples in rows of a file. @param first  the place of the first of them in the file. @throws Problem that names file, row and column. */
export function makeExamples(rows: readonly Row[], path: string, fields: ExampleFields, first = 0): Example[] {
  const read = fields.messages === undefined ? templateReader(fields) : messagesReader(fields.messages, fields);
  return rows.map((row, at) => ({ index: first + at, ...read(row, rowName(path, first + at)) }));
}

function messagesReader(column: string, { system, tools }: ExampleFields): RowReader {
  return (row, where) => ({
    messages: withSystem(readMessages(valueOf(row, column, where), where), systemOf(row) ?? system),
    tools: toolsOf(row, tools ?? (isToolList(row['tools']) ? 'tools' : undefined), where),
  });
}

function templateReader({ prompt: source, completion, chat, system, tools }: ExampleFields): RowReader {
  if (source === undefined) {
    throw new Problem('The recipe says neither data.prompt nor data.messages.', {
      hint: 'Give a template such as "{{question}}", or the column of chat messages.',
    });
  }
  const prompts = new Template(source);
  const completions = completion === undefined ? null : completionTemplate(completion, chat);
  return (row, where) => {
    const prompt = prompts.render(row, where);
    const answer = completions && completions.render(row, where);
    if (!chat) return { prompt, completion: answer };
    const said = answer === null ? [] : [{ role: 'assistant', content: answer.replace(SEPARATOR, '') }];
    return { messages: withSystem([{ role: 'user', content: prompt }, ...said], system), tools: toolsOf(row, tools, where) };
  };
}

/**
 * The blank that separates an answer from a plain prompt, in the template or in data that were written so, separates
 * nothing in a turn of its own. What else an answer of the data begins with, such as an indentation, belongs to it.
 */
const SEPARATOR = /^ (?=\S)/;

/** The template of the answers, in a chat without the white space that it begins with itself. */
export function completionTemplate(source: string, isChat: boolean): Template {
  return new Template(isChat ? source.trimStart() : source);
}

/** Beside messages a list in a column named `tools` is that, also where the recipe names none. */
function toolsOf(row: Row, column: string | undefined, where: string): Conversation['tools'] {
  return readTools(column === undefined ? undefined : valueOf(row, column, where), where);
}

function valueOf(row: Row, column: string, where: string): unknown {
  if (!Object.hasOwn(row, column)) throw unknownColumn(column, Object.keys(row), where);
  return row[column];
}

/** A list of objects, also as JSON text. */
const isToolList = (value: unknown): boolean => (typeof value === 'string' ? value.trimStart().startsWith('[{') : Array.isArray(value) && typeof value[0] === 'object');

/** Beside messages a text in a column named `system` is the row's system message, as ShareGPT's files have it. */
const systemOf = ({ system }: Row): string | undefined => (typeof system === 'string' && system.trim() !== '' ? system : undefined);

/** A conversation's own system message goes before any other. */
function withSystem(turns: readonly ChatTurn[], system: string | undefined): readonly ChatTurn[] {
  return system === undefined || turns[0]?.role === 'system' || turns[0]?.role === 'developer' ? turns : [{ role: 'system', content: system }, ...turns];
}
