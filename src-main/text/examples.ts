import { Problem } from '../contract/problem.ts';
import type { DataSettings } from '../contract/recipe.ts';
import { Template } from '../contract/template.ts';
import { unknownColumn } from '../contract/unknown-column.ts';
import { splitConversation, type ChatMessage } from './chat/conversation.ts';
import { rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';

/** What is given and what is to be said, before any tokenizer. */
export interface Example {
  /** The row's place in its file. */
  index: number;
  /** A conversation is still to be rendered by the model's chat template. */
  prompt: string | readonly ChatMessage[];
  completion: string | null;
}

export type ExampleFields = Pick<DataSettings, 'prompt' | 'completion' | 'messages' | 'chat' | 'system' | 'shots'>;
type RowReader = (row: Row, where: string) => Pick<Example, 'prompt' | 'completion'>;

/** The examples in the rows of a file. @throws Problem that names file, row and column. */
export function makeExamples(rows: readonly Row[], path: string, fields: ExampleFields): Example[] {
  const read = fields.messages === undefined ? templateReader(fields) : messagesReader(fields.messages, fields.system);
  return rows.map((row, index) => ({ index, ...read(row, rowName(path, index)) }));
}

function messagesReader(column: string, system: string | undefined): RowReader {
  return (row, where) => {
    if (!Object.hasOwn(row, column)) throw unknownColumn(column, Object.keys(row), where);
    const { prompt, completion } = splitConversation(row[column], where);
    return { prompt: withSystem(prompt, system), completion };
  };
}

function templateReader({ prompt: source, completion, chat, system }: ExampleFields): RowReader {
  if (source === undefined) {
    throw new Problem('The recipe says neither data.prompt nor data.messages.', {
      hint: 'Give a template such as "{{question}}", or the column of chat messages.',
    });
  }
  const prompts = new Template(source);
  const completions = completion === undefined ? null : new Template(completion);
  return (row, where) => {
    const text = prompts.render(row, where);
    return {
      prompt: chat ? withSystem([{ role: 'user', content: text }], system) : text,
      completion: completions && completions.render(row, where),
    };
  };
}

/** A conversation's own system message goes before the recipe's. */
function withSystem(turns: readonly ChatMessage[], system: string | undefined): readonly ChatMessage[] {
  return system === undefined || turns[0]?.role === 'system' ? turns : [{ role: 'system', content: system }, ...turns];
}
