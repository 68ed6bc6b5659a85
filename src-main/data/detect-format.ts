import type { DataFormat } from '../contract/data-view.ts';
import { Problem } from '../contract/problem.ts';
import { rowsIn } from './document-rows.ts';

const EXTENSIONS: Readonly<Record<string, DataFormat>> = {
  jsonl: 'jsonl', ndjson: 'jsonl', json: 'json', csv: 'csv', tsv: 'tsv', parquet: 'parquet',
};
const HINT = 'Use JSON Lines (.jsonl), JSON, CSV, TSV or Parquet; each may be gzipped.';

/**
 * The format of a data file by its first bytes (unpacked) and its name. Content goes before the name where it is sure:
 * many a file called .json holds JSON Lines.
 * @throws Problem where neither tells.
 */
export function detectFormat(path: string, head: Buffer): DataFormat {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const named = EXTENSIONS[/\.([a-z]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? ''];
  if (named === 'parquet') throw new Problem(`Data file ${path} is not a Parquet file.`, { hint: 'Fetch or write it again.' });
  if (isUtf16(head)) throw new Problem(`Data file ${path} is UTF-16 text, not UTF-8.`, { hint: 'Save it with the encoding UTF-8.' });
  const text = head.toString('utf8').replace(/^\ufeff?\s*/, '');
  if (text === '') throw new Problem(`Data file ${path} is empty.`, { hint: 'Choose another file.' });
  // Where the name tells the format, reading names the line of such a byte.
  if (!named && text.includes('\0')) throw new Problem(`Data file ${path} is neither UTF-8 text nor Parquet.`, { hint: HINT });
  if (named === 'csv' || named === 'tsv') return named;
  if (text.startsWith('[')) return firstOf(text).isFollowed ? 'jsonl' : 'json';
  if (text.startsWith('{')) return named === 'jsonl' ? named : objectFormat(text);
  const format = named ?? tableFormat(text);
  if (format) return format;
  throw new Problem(`Data file ${path} is of no format that Retort reads.`, { hint: HINT });
}

/** By its byte order mark, or because every other byte of its beginning is zero. */
function isUtf16(head: Buffer): boolean {
  const mark = head.subarray(0, 2).toString('latin1');
  if (mark === '\xff\xfe' || mark === '\xfe\xff') return true;
  const [even, odd] = [0, 1].map((first) => head.subarray(0, 64).filter((byte, at) => at % 2 === first && byte === 0).length) as [number, number];
  return Math.max(even, odd) > 0.4 * Math.min(head.length, 64) && Math.min(even, odd) === 0;
}

/** The value of the first line, undefined where the line is no whole one, and whether another line stands behind it. */
function firstOf(text: string): { value: unknown; isFollowed: boolean } {
  const [line, rest] = text.split(/\n(.*)/s, 2) as [string, string?];
  try {
    return { value: JSON.parse(line), isFollowed: (rest ?? '').trim() !== '' };
  } catch {
    return { value: undefined, isFollowed: false };
  }
}

/** JSON Lines where the first line is a whole object, unless that holds all rows and is all there is. */
function objectFormat(text: string): DataFormat {
  const { value, isFollowed } = firstOf(text);
  return value === undefined || (!isFollowed && rowsIn(value) !== null) ? 'json' : 'jsonl';
}

function tableFormat(text: string): DataFormat | undefined {
  const header = text.split(/[\n\r]/, 1)[0]!;
  if (header.includes('\t')) return 'tsv';
  return /[,;]/.test(header) ? 'csv' : undefined;
}
