import { basename } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { openDataFile, readText, type DataFile } from './data-file.ts';
import { jsonDocument, jsonLines } from './json-rows.ts';
import { parquetRows } from './parquet-rows.ts';
import type { Row } from './row.ts';
import { tableRows } from './table-rows.ts';

/**
 * All rows of a data file: JSON Lines, JSON, CSV, TSV or Parquet, also gzipped.
 * @throws Problem that names the file and the line.
 */
export async function readRows(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of streamRows(await openDataFile(path))) rows.push(row);
  if (rows.length === 0) throw new Problem(`Data file ${path} has no rows.`, { hint: 'Choose another file.' });
  return rows;
}

/** What a row is called in messages, by its place among the file's rows. */
export function rowName(path: string, index: number): string {
  return `${basename(path)} row ${index + 1}`;
}

/** The rows of a data file one after the other; only JSON documents are held in memory as a whole. */
export function streamRows(file: DataFile): AsyncGenerator<Row> {
  const name = basename(file.path);
  switch (file.format) {
    case 'jsonl': return jsonLines(name, readText(file));
    case 'json': return documentRows(name, file);
    case 'csv':
    case 'tsv': return tableRows(name, file.format, readText(file));
    case 'parquet': return parquetRows(name, file);
  }
}

async function* documentRows(name: string, file: DataFile): AsyncGenerator<Row> {
  let text = '';
  for await (const piece of readText(file)) text += piece;
  yield* jsonDocument(name, text);
}
