import { Problem } from '../contract/problem.ts';
import type { Row } from './row.ts';

type Part = { text: string } | { column: string; path: readonly string[] };

/** Text with {{columns}} in it; `{{a.b}}` reaches a field of a nested value, `{{a.0}}` an element of a list. */
export class Template {
  readonly source: string;
  private readonly parts: readonly Part[];

  /** @throws Problem where braces do not match. */
  constructor(source: string) {
    this.source = source;
    this.parts = source.split(/\{\{\s*([^{}]*?)\s*\}\}/).flatMap((piece, at): Part[] => {
      if (at % 2 === 1) return [{ column: piece, path: piece.split('.') }];
      if (/\{\{|\}\}/.test(piece)) {
        throw new Problem(`Template ${JSON.stringify(source)} has braces that do not match.`, { hint: 'Write a column as {{column}}.' });
      }
      return piece === '' ? [] : [{ text: piece }];
    });
  }

  get columns(): string[] {
    return [...new Set(this.parts.flatMap((part) => ('column' in part ? [part.column] : [])))];
  }

  /**
   * The template filled in from a row. @param where  names the row in messages: "train.jsonl line 3".
   * @throws Problem where a column is missing or empty of any value.
   */
  render(row: Row, where: string): string {
    return this.parts.map((part) => ('text' in part ? part.text : show(valueOf(row, part.path, part.column, where)))).join('');
  }
}

function valueOf(row: Row, path: readonly string[], column: string, where: string): unknown {
  // A column may have a dot in its own name.
  const value = column in row ? row[column] : path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), row);
  if (value !== undefined && value !== null) return value;
  if (!(path[0]! in row) && !(column in row)) throw unknownColumn(column, Object.keys(row), where);
  throw new Problem(`${where}: the column "${column}" has no value.`, { hint: 'Fill it in or remove the row.' });
}

function unknownColumn(column: string, columns: readonly string[], where: string): Problem {
  const closest = columns.find((candidate) => candidate.toLowerCase() === column.toLowerCase())
    ?? columns.find((candidate) => distance(candidate, column) <= 2);
  return new Problem(`${where}: there is no column "${column}".`, {
    hint: `${closest ? `Did you mean "${closest}"? ` : ''}The columns are ${columns.join(', ')}.`,
  });
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + change));
    }
    previous = current;
  }
  return previous[b.length]!;
}
