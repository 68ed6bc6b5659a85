import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Problem } from '../contract/problem.ts';
import { readBytes, type DataFile } from './data-file.ts';
import { PARSERS, storedAs, valuesOf } from './parquet-values.ts';
import type { Row } from './row.ts';

/** Of a row group this much is made into rows at a time, or an eighth of it: its columns are read anew for each part. */
const PART_BYTES = 64 * 2 ** 20;
const MOST_PARTS = 8;

/** The first rows of a Parquet file, or all; a part of a row group is in memory at a time. @throws Problem where it cannot be read. */
export async function* parquetRows(name: string, data: DataFile, limit = Infinity): AsyncGenerator<Row> {
  try {
    const file = data.isGzipped ? await inMemory(data) : await asyncBufferFromFile(data.path);
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata).children.map((column) => [column.element.name, valuesOf(column)] as const);
    const stored = { ...metadata, schema: metadata.schema.map(storedAs) };
    let start = 0;
    for (const { num_rows: rows, total_byte_size: bytes } of metadata.row_groups) {
      const end = Math.min(start + Number(rows), limit);
      const part = Math.ceil(Number(rows) / Math.min(MOST_PARTS, Math.max(1, Math.ceil(Number(bytes) / PART_BYTES))));
      for (; start < end; start += part) {
        const read = { file, metadata: stored, compressors, parsers: PARSERS, utf8: false, rowStart: start, rowEnd: Math.min(start + part, end) };
        for (const row of await parquetReadObjects(read)) yield Object.fromEntries(columns.map(([column, value]) => [column, value(row[column])]));
      }
      start = end;
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem(`${name} is not a Parquet file that can be read: ${(cause as Error).message}`, { hint: 'Fetch or write it again.', cause });
  }
}

/** Parquet is read from its end, so a packed one is unpacked first. */
async function inMemory(data: DataFile): Promise<AsyncBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of readBytes(data)) chunks.push(Uint8Array.from(chunk));
  return new Blob(chunks).arrayBuffer();
}
