import { Problem } from '../contract/problem.ts';
import type { RepositoryFile } from './repository-files.ts';

const DATA = /\.(jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?$/i;
/** JSON that tells of data and is none. */
const ABOUT = /(^|\/)(dataset_infos?|dataset_dict|state|croissant|package(-lock)?)\.json$/i;

/** The files of a data set that Retort reads, by their paths; never its code. */
export function dataFiles(all: readonly RepositoryFile[]): RepositoryFile[] {
  return all.filter(({ path }) => DATA.test(path) && !ABOUT.test(path) && !path.split('/').some((part) => part.startsWith('.')))
    .sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/**
 * Those that a person named, by path or by a pattern in which `*` stands for anything; all where there is only one.
 * Null where one has to be chosen. @throws Problem where there is none, or none of that name
 */
export function chooseDataFiles(id: string, all: readonly RepositoryFile[], wanted: readonly string[]): RepositoryFile[] | null {
  const files = dataFiles(all);
  if (files.length === 0) {
    throw new Problem(`${id} has no data file that Retort reads (JSON Lines, JSON, CSV, TSV, Parquet).`, { hint: 'The hub may have made Parquet files of it: add @refs/convert/parquet to its name.' });
  }
  if (wanted.length === 0) return files.length === 1 ? files : null;
  const found = wanted.flatMap((pattern) => {
    const matching = files.filter(({ path }) => matches(pattern, path));
    if (matching.length === 0) throw new Problem(`${id} has no data file ${pattern}.`, { hint: `It has ${some(files.map(({ path }) => path))}.` });
    return matching;
  });
  return [...new Set(found)];
}

function matches(pattern: string, path: string): boolean {
  const expression = pattern.split('*').map((part) => part.replaceAll(/[^\w/]/g, '\\$&')).join('.*');
  return new RegExp(`^${expression}$`, 's').test(path);
}

const SHOWN = 12;
const some = (names: readonly string[]): string => names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');
