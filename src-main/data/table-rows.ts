import { Readable, pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Problem } from '../contract/problem.ts';
import type { Row } from './row.ts';

/** The rows of CSV or TSV, whose first line names the columns; every value is text. @throws Problem that names the line. */
export async function* tableRows(name: string, format: 'csv' | 'tsv', text: AsyncGenerator<string>): AsyncGenerator<Row> {
  const beginning = (await text.next()).value as string | undefined ?? '';
  const parser = parse({
    columns: (header: string[]) => checkHeader(name, header),
    delimiter: format === 'tsv' ? '\t' : delimiterOf(beginning),
    // TSV is often written without any quoting.
    relax_quotes: format === 'tsv',
    skip_empty_lines: true,
  });
  pipeline(Readable.from(joined(beginning, text)), parser, () => undefined);
  try {
    yield* parser as AsyncIterable<Row>;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new Problem(`${name}: ${cause.message}.`, {
      hint: 'The first line names the columns; a field that holds the delimiter, a quote or a line break is put in quotes.', cause,
    });
  }
}

/** The most frequent candidate in the header: where commas are decimal marks, spreadsheets write semicolons. */
function delimiterOf(text: string): string {
  const header = text.split('\n', 1)[0]!.replaceAll(/"[^"]*"/g, '');
  const count = (delimiter: string): number => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
}

function checkHeader(name: string, header: readonly string[]): string[] {
  const columns = header.map((column) => column.trim());
  const twice = columns.find((column, at) => columns.indexOf(column) < at);
  if (twice !== undefined) throw new Problem(`${name} has two columns named "${twice}".`, { hint: 'Give each column its own name in the first line.' });
  return columns;
}

async function* joined(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
