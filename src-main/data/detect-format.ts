import type { DataFormat } from '../contract/data-view.ts';
import { Problem } from '../contract/problem.ts';

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
  const text = head.toString('utf8').replace(/^\ufeff?\s*/, '');
  if (text === '') throw new Problem(`Data file ${path} is empty.`, { hint: 'Choose another file.' });
  if (text.includes('\0')) throw new Problem(`Data file ${path} is neither UTF-8 text nor Parquet.`, { hint: HINT });
  if (named === 'csv' || named === 'tsv') return named;
  if (text.startsWith('[')) return 'json';
  if (text.startsWith('{')) return named === 'jsonl' ? named : jsonFormat(text);
  const format = named ?? tableFormat(text);
  if (format) return format;
  throw new Problem(`Data file ${path} is of no format that Retort reads.`, { hint: HINT });
}

/** JSON Lines where the first line is a whole object, unless that is `{"data": [...]}` and all there is. */
function jsonFormat(text: string): DataFormat {
  const [line, rest] = text.split(/\n(.*)/s, 2) as [string, string?];
  try {
    const first = JSON.parse(line) as { data?: unknown };
    return Array.isArray(first.data) && !rest?.trim() ? 'json' : 'jsonl';
  } catch {
    return 'json';
  }
}

function tableFormat(text: string): DataFormat | undefined {
  const header = text.split('\n', 1)[0]!;
  if (header.includes('\t')) return 'tsv';
  return /[,;]/.test(header) ? 'csv' : undefined;
}
