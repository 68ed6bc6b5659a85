import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { basename } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { Row } from './row.ts';

type Format = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet';
const EXTENSIONS: Readonly<Record<string, Format>> = {
  jsonl: 'jsonl', ndjson: 'jsonl', json: 'json', csv: 'csv', tsv: 'tsv', parquet: 'parquet',
};

/**
 * All rows of a data file: JSON Lines, JSON, CSV, TSV or Parquet, also gzipped.
 * @throws Problem that names the file and the line.
 */
export async function readRows(path: string): Promise<Row[]> {
  const stored = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Problem(`Data file ${path} ${cause.code === 'ENOENT' ? 'does not exist' : 'cannot be read'}.`, { hint: 'Check the path.', cause });
  });
  const bytes = await inflate(path, stored);
  const rows = await parse(path, formatOf(path), bytes);
  if (rows.length === 0) throw new Problem(`Data file ${path} has no rows.`, { hint: 'Choose another file.' });
  return rows;
}

/** What a row is called in messages. Lines of text are counted from 1. */
export function rowName(path: string, index: number): string {
  const isLines = formatOf(path) === 'jsonl';
  return `${basename(path)} ${isLines ? 'line' : 'row'} ${index + 1}`;
}

function formatOf(path: string): Format {
  const extension = /\.([a-z]+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  const format = extension === undefined ? undefined : EXTENSIONS[extension];
  if (!format) {
    throw new Problem(`Data file ${path} is of no format that Retort reads.`, { hint: 'Use .jsonl, .json, .csv, .tsv or .parquet; each may be gzipped.' });
  }
  return format;
}

async function inflate(path: string, bytes: Buffer): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return promisify(gunzip)(bytes).catch((cause: unknown) => {
    throw new Problem(`Data file ${path} is a damaged gzip file.`, { hint: 'Fetch it again.', cause });
  });
}

async function parse(path: string, format: Format, bytes: Buffer): Promise<Row[]> {
  switch (format) {
    case 'jsonl': return jsonLines(path, bytes.toString('utf8'));
    case 'json': return json(path, bytes.toString('utf8'));
    case 'csv': return table(path, bytes, ',');
    case 'tsv': return table(path, bytes, '\t');
    case 'parquet': return parquet(path, bytes);
  }
}

function jsonLines(path: string, text: string): Row[] {
  return stripMark(text).split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      return [asRow(JSON.parse(line))];
    } catch (cause) {
      throw new Problem(`${basename(path)} line ${at + 1}: ${(cause as Error).message}`, { hint: 'Each line must be one JSON object.', cause });
    }
  });
}

function json(path: string, text: string): Row[] {
  try {
    const parsed: unknown = JSON.parse(stripMark(text));
    const rows = Array.isArray(parsed) ? parsed : (parsed as { data?: unknown } | null)?.data;
    if (!Array.isArray(rows)) throw new Error('not a list of objects');
    return rows.map(asRow);
  } catch (cause) {
    throw new Problem(`${basename(path)}: ${(cause as Error).message}`, { hint: 'The file must be a list of objects, or {"data": [...]}.', cause });
  }
}

function table(path: string, bytes: Buffer, delimiter: string): Row[] {
  try {
    return parseCsv<Row>(bytes, { columns: true, bom: true, delimiter, skip_empty_lines: true });
  } catch (cause) {
    throw new Problem(`${basename(path)}: ${(cause as Error).message}`, { hint: 'The first line names the columns; quote fields that hold the delimiter.', cause });
  }
}

async function parquet(path: string, bytes: Buffer): Promise<Row[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const rows = await parquetReadObjects({ file, compressors });
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])));
  } catch (cause) {
    throw new Problem(`${basename(path)} is not a Parquet file that can be read: ${(cause as Error).message}`, { hint: 'Fetch or write it again.', cause });
  }
}

/** Parquet's whole numbers are bigints, which neither templates nor JSON know. */
function plain(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

function asRow(value: unknown): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return value as Row;
}

function stripMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
