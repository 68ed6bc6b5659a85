import { Problem } from '../contract/problem.ts';
import { isHolder, isListOfHolders, rowsIn } from './document-rows.ts';
import { parseExactly, TooDeep } from './exact-json.ts';
import { linesOf } from './lines.ts';
import type { Row } from './row.ts';

/** The rows of JSON Lines; blank lines are passed over. @throws Problem that names the line. */
export async function* jsonLines(name: string, text: AsyncIterable<string>): AsyncGenerator<Row> {
  let number = 0;
  for await (const line of linesOf(name, text)) {
    number++;
    if (line.trim() === '') continue;
    yield asRow(parse(line, name, number, 'Each line must be one JSON object.'), `${name} line ${number}`);
  }
}

/** The rows of a JSON document. @throws Problem that names the line or row. */
export function jsonDocument(name: string, text: string): Row[] {
  const hint = 'The file must be a list of objects, or an object with one such list, as {"data": [...]}.';
  const rows = rowsIn(parse(text, name, 1, hint));
  if (rows === null) throw new Problem(`${name} holds no list of rows.`, { hint });
  return rows.map((row, at) => asRow(row, `${name} row ${at + 1}`));
}

/** @param first  the number of the text's first line in the file */
function parse(text: string, name: string, first: number, hint: string): unknown {
  try {
    return parseExactly(text);
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof TooDeep) {
      throw new Problem(`${name} line ${first} is ${message}.`, { hint: 'Rows hold texts, numbers, and lists and objects of a few levels.', cause });
    }
    const position = /end of JSON input/.test(message) ? text.length : /at position (\d+)/.exec(message)?.[1];
    const before = position === undefined ? [] : text.slice(0, Number(position)).split('\n');
    const line = ` line ${first + Math.max(before.length, 1) - 1}`;
    const column = before.length === 0 ? '' : ` column ${before.at(-1)!.length + 1}`;
    throw new Problem(`${name}${line}${column}: ${message.replace(/( in JSON)? at position .*/, '')}.`, { hint, cause });
  }
}

/** A row that is a list is a conversation: it becomes a row with the column "messages". */
function asRow(value: unknown, where: string): Row {
  if (isListOfHolders(value)) return { messages: value };
  if (isHolder(value) && !Array.isArray(value)) return value as Row;
  const kind = Array.isArray(value) ? 'a list' : JSON.stringify(value);
  throw new Problem(`${where} is ${kind}, not an object.`, { hint: 'Each row must be an object such as {"question": "...", "answer": "..."}, or a list of messages.' });
}
