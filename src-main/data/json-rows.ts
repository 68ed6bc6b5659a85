import { Problem } from '../contract/problem.ts';
import type { Row } from './row.ts';

/** The rows of JSON Lines; blank lines are passed over. @throws Problem that names the line. */
export async function* jsonLines(name: string, text: AsyncIterable<string>): AsyncGenerator<Row> {
  let number = 0;
  for await (const line of lines(text)) {
    number++;
    if (line.trim() === '') continue;
    yield asRow(parse(line, name, number, 'Each line must be one JSON object.'), `${name} line ${number}`);
  }
}

/** The rows of a JSON document: a list of objects, also as `{"data": [...]}`. @throws Problem that names the line or row. */
export function jsonDocument(name: string, text: string): Row[] {
  const hint = 'The file must be a list of objects, or {"data": [...]}.';
  const parsed = parse(text, name, 1, hint);
  const rows = Array.isArray(parsed) ? parsed as unknown[] : (parsed as { data?: unknown } | null)?.data;
  if (!Array.isArray(rows)) throw new Problem(`${name} holds no list of rows.`, { hint });
  return rows.map((row, at) => asRow(row, `${name} row ${at + 1}`));
}

async function* lines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of text) {
    const pieces = chunk.split('\n');
    pieces[0] = rest + pieces[0]!;
    rest = pieces.pop()!;
    yield* pieces;
  }
  yield rest;
}

/** @param first  the number of the text's first line in the file */
function parse(text: string, name: string, first: number, hint: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const position = /end of JSON input/.test(message) ? text.length : /at position (\d+)/.exec(message)?.[1];
    const before = position === undefined ? [] : text.slice(0, Number(position)).split('\n');
    const line = ` line ${first + Math.max(before.length, 1) - 1}`;
    const column = before.length === 0 ? '' : ` column ${before.at(-1)!.length + 1}`;
    throw new Problem(`${name}${line}${column}: ${message.replace(/( in JSON)? at position .*/, '')}.`, { hint, cause });
  }
}

function asRow(value: unknown, where: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  const kind = Array.isArray(value) ? 'a list' : JSON.stringify(value);
  throw new Problem(`${where} is ${kind}, not an object.`, { hint: 'Each row must be an object such as {"question": "...", "answer": "..."}.' });
}
