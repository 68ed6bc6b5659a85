import { basename } from 'node:path';
import { tellReading } from '../bounds/reading.ts';
import { Problem } from '../contract/problem.ts';
import { openDataFile, readText, type DataFile } from './data-file.ts';
import { jsonDocument, jsonLines } from './json-rows.ts';
import { LONGEST_DOCUMENT } from './limits.ts';
import { parquetRows } from './parquet-rows.ts';
import { sizeOf, type Row } from './row.ts';
import { tableRows } from './table-rows.ts';

/** Rows that are held at a time where a whole file is gone through, and about their characters. */
const PART_ROWS = 1024;
const PART_SIZE = 2 ** 24;

/**
 * All rows of a data file: JSON Lines, JSON, CSV, TSV or Parquet, also gzipped.
 * @throws Problem that names the file and the line; the reason of `signal` once that is aborted.
 */
export async function readRows(path: string, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of readParts(path, Infinity, signal)) rows.push(...part);
  return rows;
}

/** As `readRows`, some rows at a time, and no more than `most` in all. */
export async function* readParts(path: string, most: number, signal?: AbortSignal): AsyncGenerator<Row[]> {
  let part: Row[] = [];
  let [count, size] = [0, 0];
  for await (const row of streamRows(await openDataFile(path), most)) {
    signal?.throwIfAborted();
    part.push(row);
    size += sizeOf(row);
    if (++count >= most) break;
    if (part.length < PART_ROWS && size < PART_SIZE) continue;
    tellReading(count);
    yield part;
    [part, size] = [[], 0];
  }
  if (count === 0) throw new Problem(`Data file ${path} has no rows.`, { hint: 'Choose another file.' });
  if (part.length > 0) yield part;
}

/**
 * The first rows of a data file, of which no more is read than they need; only JSON documents are read whole.
 * @throws Problem that names the file and the line.
 */
export async function peekRows(path: string, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  if (limit <= 0) return rows;
  for await (const row of streamRows(await openDataFile(path), limit)) {
    if (rows.push(row) === limit) break;
  }
  return rows;
}

/** What a row is called in messages, by its place among the file's rows. */
export function rowName(path: string, index: number): string {
  return `${basename(path)} row ${index + 1}`;
}

/**
 * The rows of a data file one after the other; only JSON documents are held in memory as a whole.
 * @param limit  how many rows will be taken at most, for formats that decode many at once
 */
export function streamRows(file: DataFile, limit?: number): AsyncGenerator<Row> {
  const name = basename(file.path);
  switch (file.format) {
    case 'jsonl': return jsonLines(name, readText(file));
    case 'json': return documentRows(name, file);
    case 'csv':
    case 'tsv': return tableRows(name, file.format, () => readText(file));
    case 'parquet': return parquetRows(name, file, limit);
  }
}

async function* documentRows(name: string, file: DataFile): AsyncGenerator<Row> {
  let text = '';
  for await (const piece of readText(file)) {
    if (text.length + piece.length > LONGEST_DOCUMENT) {
      throw new Problem(`${name} is too large to be read as one JSON document: it has more than 256 MB.`, { hint: 'Convert it to JSON Lines, one object a line.' });
    }
    text += piece;
  }
  yield* jsonDocument(name, text);
}
