import type { DataPreview, ValueKind } from '../contract/data-view.ts';
import { tellReading } from '../bounds/reading.ts';
import { ExactNumber } from '../contract/exact-number.ts';
import { openDataFile } from './data-file.ts';
import { isHolder } from './document-rows.ts';
import { streamRows } from './read.ts';
import { sizeOf, type Row } from './row.ts';

/** Rows that are counted, and about their characters: what is longer is not read to its end for a look at its beginning. */
const MOST_ROWS = 250_000;
/** Rows after which it is told how far it is. */
const TOLD = 1000;
const MOST_SIZE = 2 ** 28;

/** Reads a data file once, to show a page of it and what is in it. @throws Problem where any row up to there is damaged. */
export async function previewFile(path: string, { offset, limit }: { offset: number; limit: number }, signal?: AbortSignal): Promise<DataPreview> {
  const file = await openDataFile(path);
  const rows: Row[] = [];
  let [count, size, isCounted] = [0, 0, true];
  for await (const row of streamRows(file)) {
    signal?.throwIfAborted();
    if (count >= offset && count < offset + limit) rows.push(row);
    count++;
    size += sizeOf(row);
    if (count % TOLD === 0) tellReading(count);
    if (count > offset + limit && (count >= MOST_ROWS || size >= MOST_SIZE)) {
      isCounted = false;
      break;
    }
  }
  return { ...file, count, isCounted, offset, rows: rows.map(toShow), columns: columnsOf(rows) };
}

function columnsOf(rows: readonly Row[]): DataPreview['columns'] {
  const kinds = new Map<string, Set<ValueKind>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const known = kinds.get(name) ?? new Set();
      kinds.set(name, known.add(kindOf(value)));
    }
  }
  return [...kinds].map(([name, known]) => ({ name, kinds: [...known] }));
}

function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined || value === '') return 'empty';
  if (value instanceof ExactNumber) return 'number';
  if (Array.isArray(value)) return value.length > 0 && value.every(isMessage) ? 'messages' : 'list';
  if (typeof value === 'object') return 'object';
  return typeof value === 'number' || typeof value === 'boolean' ? typeof value as 'number' | 'boolean' : 'text';
}

function isMessage(value: unknown): boolean {
  return isHolder(value) && (('role' in value && 'content' in value) || ('from' in value && 'value' in value));
}

/** For the interface, to which a number goes as its text where a plain one would print otherwise. */
function toShow<Value>(value: Value): Value;
function toShow(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return value.map((inner: unknown) => toShow(inner));
  return isHolder(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toShow(inner)])) : value;
}
