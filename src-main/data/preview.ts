import type { DataPreview, ValueKind } from '../contract/data-view.ts';
import { ExactNumber } from '../contract/exact-number.ts';
import { openDataFile } from './data-file.ts';
import { isHolder } from './document-rows.ts';
import { streamRows } from './read.ts';
import type { Row } from './row.ts';

/** Reads a data file once, to show a page of it and what is in it. @throws Problem where any row is damaged. */
export async function previewFile(path: string, { offset, limit }: { offset: number; limit: number }, signal?: AbortSignal): Promise<DataPreview> {
  const file = await openDataFile(path);
  const rows: Row[] = [];
  let count = 0;
  for await (const row of streamRows(file)) {
    signal?.throwIfAborted();
    if (count >= offset && count < offset + limit) rows.push(row);
    count++;
  }
  return { ...file, count, offset, rows: rows.map(toShow), columns: columnsOf(rows) };
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
