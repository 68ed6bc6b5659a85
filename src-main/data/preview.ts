import { openDataFile, type DataFile } from './data-file.ts';
import { streamRows } from './read.ts';
import type { Row } from './row.ts';

export type ValueKind = 'text' | 'number' | 'boolean' | 'list' | 'object' | 'messages' | 'empty';

export interface Preview extends DataFile {
  /** Rows of the whole file, all of which have been read. */
  count: number;
  /** The first rows. */
  rows: Row[];
  /** The columns of the first rows in order of appearance, with the kinds of values found in them. */
  columns: { name: string; kinds: ValueKind[] }[];
}

/** Reads a data file once, to show its beginning and what is in it. @throws Problem where any row is damaged. */
export async function previewFile(path: string, limit: number): Promise<Preview> {
  const file = await openDataFile(path);
  const rows: Row[] = [];
  let count = 0;
  for await (const row of streamRows(file)) {
    if (count++ < limit) rows.push(row);
  }
  return { ...file, count, rows, columns: columnsOf(rows) };
}

function columnsOf(rows: readonly Row[]): Preview['columns'] {
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
  if (Array.isArray(value)) return value.length > 0 && value.every(isMessage) ? 'messages' : 'list';
  if (typeof value === 'object') return 'object';
  return typeof value === 'number' || typeof value === 'boolean' ? typeof value as 'number' | 'boolean' : 'text';
}

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'role' in value && 'content' in value;
}
