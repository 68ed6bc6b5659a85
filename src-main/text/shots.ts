import { basename } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { isShotText, shotsSchema, type ShotSettings } from '../contract/shots.ts';
import { Template } from '../contract/template.ts';
import type { Conversation } from './chat/conversation.ts';
import { readTextFile } from '../data/data-file.ts';
import { isConversation, type ExampleFields, type PlainPair } from './examples.ts';
import { peekRows, readRows, rowName } from '../data/read.ts';
import type { Row } from '../data/row.ts';

/** What stands before every prompt, and the rows it was made of; a text file has none. */
export interface Shots { text: string; rows: readonly Row[] }

/** Reads the shots of a data set. @throws Problem that names file, row and column. */
export async function readShots(settings: ShotSettings, fields: Pick<ExampleFields, 'prompt' | 'completion' | 'messages'>): Promise<Shots> {
  if (fields.messages !== undefined) {
    throw new Problem('Shots are given for chat messages, which are conversations already.', { hint: 'Put the shots into the messages as turns, or give the prompt as a template.' });
  }
  if (isShotText(settings.file)) return { text: await wholeText(settings), rows: [] };
  const { file, count, separator } = settings;
  const shot = new Template(settings.template ?? templateOf(fields));
  const rows = count === undefined ? await readRows(file) : await peekRows(file, count);
  if (count !== undefined && rows.length < count) {
    throw new Problem(`${basename(file)} has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}, and ${count} shots are asked for.`, { hint: 'Add rows or ask for fewer shots.' });
  }
  return { text: rows.map((row, at) => `${shot.render(row, rowName(file, at))}${separator}`).join(''), rows };
}

/** An example with the shots before its prompt; in a conversation they begin the turn that is to be answered. */
export function behindShots<Of extends PlainPair | Conversation>(example: Of, { text }: Shots): Of {
  if (!isConversation(example)) return { ...example, prompt: `${text}${(example as PlainPair).prompt}` };
  const asked = example.messages.findLastIndex(({ role }) => role === 'user');
  return { ...example, messages: example.messages.map((turn, at) => (at === asked ? { ...turn, content: `${text}${turn.content ?? ''}` } : turn)) };
}

function templateOf({ prompt, completion }: Pick<ExampleFields, 'prompt' | 'completion'>): string {
  if (prompt !== undefined && completion !== undefined) return `${prompt}${completion}`;
  throw new Problem(`Shots are given, and there is no template of the ${prompt === undefined ? 'prompt' : 'answer'} to write them by.`, {
    hint: 'Give one, or a template of the shots of their own, such as "Q: {{question}} A: {{answer}}".',
  });
}

async function wholeText({ file, count, template, separator }: ShotSettings): Promise<string> {
  const unused = count !== undefined ? 'number' : template !== undefined ? 'template' : separator !== shotsSchema.parse({ file }).separator ? 'separator' : null;
  if (unused !== null) {
    throw new Problem(`${basename(file)} is put before the prompts as it is, and a ${unused} of shots is given.`, { hint: 'Leave it out, or keep the shots as rows, for example of a .jsonl file.' });
  }
  const text = await readTextFile(file);
  if (text.trim() === '') throw new Problem(`${basename(file)} has no shots: it is empty.`, { hint: 'Choose another file.' });
  return text;
}
