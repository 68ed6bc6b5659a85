import { LONGEST_ROW } from './limits.ts';
import { linesOf } from './lines.ts';

/** A cell that stays open longer than this was never meant to be. */
const LONGEST_CELL = 2 ** 20;
const BEGINS_QUOTED = /(?:^|\t)"/;

/**
 * Whether cells of a TSV file that begin with a quotation mark are quoted: the first row that reads well in only one of
 * both ways decides. Where every row reads well in both, they are, as programs that write TSV by the rules of CSV quote.
 * No more is looked at than a row may be long.
 */
export async function isQuoted(name: string, text: AsyncIterable<string>): Promise<boolean> {
  let width = 0;
  let read = 0;
  let isFound = false;
  let row: OpenRow | null = null;
  for await (const lineWithEnd of linesOf(name, text)) {
    read += lineWithEnd.length;
    if (row === null && read > LONGEST_ROW) break;
    const line = lineWithEnd.replace(/\r$/, '');
    const isWhole = line.split('\t').length === width || width === 0;
    if (row === null && !BEGINS_QUOTED.test(line)) {
      width ||= line.split('\t').length;
      continue;
    }
    row = readOn(row, line, isWhole);
    if (row.isBroken || row.length > LONGEST_CELL) return false;
    if (row.isOpen) continue;
    const fitsQuoted = width === 0 || row.cells === width;
    if (fitsQuoted !== row.fitsPlain) return fitsQuoted;
    // Two lines that have all their cells each are hardly one row with a line break and tabs in a cell.
    if (row.lines > 1 && row.fitsPlain && width > 1) return false;
    width ||= row.cells;
    isFound = true;
    row = null;
  }
  return isFound && row === null;
}

/** What of a row was read by the rules of quoting, and whether each of its lines is a row without them. */
interface OpenRow { cells: number; isOpen: boolean; isBroken: boolean; fitsPlain: boolean; lines: number; length: number }

function readOn(before: OpenRow | null, line: string, isWhole: boolean): OpenRow {
  const row: OpenRow = {
    ...before ?? { cells: 0, isOpen: false, isBroken: false },
    fitsPlain: (before?.fitsPlain ?? true) && isWhole, lines: (before?.lines ?? 0) + 1, length: (before?.length ?? 0) + line.length,
  };
  let at = 0;
  while (at <= line.length) {
    if (!row.isOpen) {
      row.cells++;
      if (line[at] !== '"') {
        const tab = line.indexOf('\t', at);
        at = tab === -1 ? line.length + 1 : tab + 1;
        continue;
      }
      row.isOpen = true;
      at++;
    }
    const quote = line.indexOf('"', at);
    if (quote === -1) break;
    if (line[quote + 1] === '"') {
      at = quote + 2;
      continue;
    }
    row.isOpen = false;
    row.isBroken = quote + 1 < line.length && line[quote + 1] !== '\t';
    if (row.isBroken) break;
    at = quote + 2;
  }
  return row;
}
