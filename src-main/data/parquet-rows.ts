import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Problem } from '../contract/problem.ts';
import { readBytes, type DataFile } from './data-file.ts';
import type { Row } from './row.ts';

/** The first rows of a Parquet file, or all; a row group is in memory at a time. @throws Problem where it cannot be read. */
export async function* parquetRows(name: string, data: DataFile, limit = Infinity): AsyncGenerator<Row> {
  try {
    const file = data.isGzipped ? await inMemory(data) : await asyncBufferFromFile(data.path);
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = Math.min(rowStart + Number(group.num_rows), limit);
      if (rowEnd <= rowStart) continue;
      for (const row of await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd })) yield plain(row) as Row;
      rowStart = rowEnd;
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(`${name} is not a Parquet file that can be read: ${(cause as Error).message}`, { hint: 'Fetch or write it again.', cause });
  }
}

/** Parquet is read from its end, so a packed one is unpacked first. */
async function inMemory(data: DataFile): Promise<AsyncBuffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBytes(data)) chunks.push(chunk);
  return new Blob(chunks).arrayBuffer();
}

/** A value as JSON knows it: Parquet also has bigints, dates and typed arrays. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
