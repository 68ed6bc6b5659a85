import { Readable, pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Problem } from '../contract/problem.ts';
import { LONGEST_ROW, MOST_COLUMNS } from './limits.ts';
import type { Row } from './row.ts';
import { isQuoted } from './tsv-quoting.ts';

/**
 * The rows of CSV or TSV, whose first line names the columns; every value is text.
 * @param text  begins the text anew at each call
 * @throws Problem that names the line.
 */
export async function* tableRows(name: string, format: 'csv' | 'tsv', text: () => AsyncGenerator<string>): AsyncGenerator<Row> {
  const pieces = text();
  const beginning = (await pieces.next()).value as string | undefined ?? '';
  const parser = parse({
    delimiter: format === 'tsv' ? '\t' : delimiterOf(beginning),
    // TSV is often written without any.
    quote: format === 'csv' || await isQuoted(name, text()) ? '"' : null,
    max_record_size: LONGEST_ROW,
    record_delimiter: lineEnds(beginning),
    skip_empty_lines: true,
  });
  pipeline(Readable.from(joined(beginning, pieces)), parser, () => undefined);
  let columns: string[] | null = null;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (columns) yield rowOf(columns, cells);
      else columns = checkHeader(name, cells);
    }
  } catch (cause) {
    throw cause instanceof CsvError ? await explain(name, cause, text) : cause;
  }
}

function rowOf(columns: readonly string[], cells: readonly string[]): Row {
  const row: Row = {};
  for (let at = 0; at < columns.length; at++) {
    // An assignment would change the row's prototype.
    if (columns[at] === '__proto__') Object.defineProperty(row, '__proto__', { value: cells[at], enumerable: true, configurable: true, writable: true });
    else row[columns[at]!] = cells[at];
  }
  return row;
}

/**
 * What ends a row. A file may have been put together of others, with line ends of two kinds; a carriage return alone is
 * one only where the first line ends so.
 */
function lineEnds(text: string): string[] {
  const [first] = /\r\n|\n|\r(?!$)/.exec(unquoted(text)) ?? [];
  return ['\r\n', '\n', ...(first === '\r' ? ['\r'] : [])];
}

const unquoted = (text: string): string => text.replaceAll(/"[^"]*"/g, '');

/** The most frequent candidate in the header: where commas are decimal marks, spreadsheets write semicolons. */
function delimiterOf(text: string): string {
  const header = unquoted(text).split(/[\n\r]/, 1)[0]!;
  const count = (delimiter: string): number => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
}

function checkHeader(name: string, header: readonly string[]): string[] {
  if (header.length > MOST_COLUMNS) {
    throw new Problem(`${name} line 1 names ${header.length} columns, and no more than ${MOST_COLUMNS} can be read.`, { hint: 'Keep the columns that the prompts and answers are made of.' });
  }
  const columns = header.map((column) => column.trim());
  const known = new Set<string>();
  for (const column of columns) {
    if (known.has(column)) throw new Problem(`${name} has two columns named "${column}".`, { hint: 'Give each column its own name in the first line.' });
    known.add(column);
  }
  return columns;
}

async function explain(name: string, cause: CsvError, text: () => AsyncGenerator<string>): Promise<Problem> {
  const facts = cause as unknown as { lines?: number; record?: readonly string[] };
  const line = `${name} line ${facts.lines ?? 1}`;
  const hint = 'The first line names the columns; a field that holds the delimiter, a quotation mark or a line break is put in quotation marks, and those inside it are doubled.';
  switch (cause.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const found = facts.record?.length ?? 0;
      // The rows before it may not have been handed out yet, the first line among them.
      const columns = /expect (\d+)/.exec(cause.message)?.[1];
      return new Problem(`${line} has ${found} ${found === 1 ? 'field' : 'fields'}, and the first line names ${columns} columns.`, { hint, cause });
    }
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE': {
      const opened = await lineOfOpenQuote(text(), facts.lines ?? Infinity);
      if (opened === null) return new Problem(`${line}: the row has more than 64 MB.`, { hint: 'Shorten or divide texts of that size.', cause });
      return new Problem(`${name} line ${opened}: the quotation mark that opens a field is ${cause.code === 'CSV_QUOTE_NOT_CLOSED' ? 'never closed' : 'not closed within 64 MB'}.`, { hint, cause });
    }
    case 'INVALID_OPENING_QUOTE': return new Problem(`${line}: a quotation mark stands inside a field that does not begin with one.`, { hint, cause });
    case 'CSV_INVALID_CLOSING_QUOTE': return new Problem(`${line}: something follows the quotation mark that closes a field.`, { hint, cause });
    default: return new Problem(`${name}: ${cause.message}.`, { hint, cause });
  }
}

/** The line where the field was opened that is open at the end of line `last`: every quotation mark opens or closes one. */
async function lineOfOpenQuote(text: AsyncIterable<string>, last: number): Promise<number | null> {
  let opened: number | null = null;
  let number = 1;
  for await (const piece of text) {
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === QUOTE) opened = opened === null ? number : null;
      else if (code === LINE_FEED && ++number > last) return opened;
    }
  }
  return opened;
}

const [QUOTE, LINE_FEED] = [0x22, 0x0a];

async function* joined(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
