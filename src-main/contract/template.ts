import { ExactNumber, toJson } from './exact-number.ts';
import { Problem } from './problem.ts';
import { unknownColumn } from './unknown-column.ts';

type Row = Record<string, unknown>;
type Part = { text: string } | { column: string; path: readonly string[] };

/** Text with {{columns}} in it; `{{a.b}}` reaches a field of a nested value, `{{a.0}}` an element of a list. All else stays as it is. */
export class Template {
  readonly source: string;
  private readonly parts: readonly Part[];

  /** @throws Problem where braces do not match. */
  constructor(source: string) {
    this.source = source;
    this.parts = source.split(/\{\{([^{}]*)\}\}/).flatMap((piece, at): Part[] => {
      const column = piece.trim();
      if (at % 2 === 1 && column !== '') return [{ column, path: column.split('.') }];
      if (at % 2 === 1 || /\{\{|\}\}/.test(piece)) {
        throw new Problem(`Template ${JSON.stringify(source)} has ${at % 2 === 1 ? 'no column between its braces' : 'braces that do not match'}.`, {
          hint: 'Write a column as {{column}}.',
        });
      }
      return piece === '' ? [] : [{ text: piece }];
    });
  }

  /** The columns named, with their paths, each once. */
  get columns(): string[] {
    return [...new Set(this.parts.flatMap((part) => ('column' in part ? [part.column] : [])))];
  }

  /** @param file  names the data in messages. @throws Problem where a column is none of those there are. */
  check(columns: readonly string[], file: string): void {
    for (const part of this.parts) {
      if ('column' in part && !columns.includes(part.column) && !columns.includes(part.path[0]!)) throw unknownColumn(part.column, columns, file);
    }
  }

  /**
   * The template filled in from a row. @param where  names the row in messages: "train.jsonl row 3".
   * @throws Problem where a column is missing or has no value.
   */
  render(row: Row, where: string): string {
    return this.parts.map((part) => ('text' in part ? part.text : show(valueOf(row, part.path, part.column, where)))).join('');
  }

  /**
   * The column's own value where the template is one column and nothing but space around it, else the text filled in.
   * @throws Problem as `render` does
   */
  value(row: Row, where: string): unknown {
    const [part, ...others] = this.parts.filter((candidate) => 'column' in candidate || candidate.text.trim() !== '');
    return part && 'column' in part && others.length === 0 ? valueOf(row, part.path, part.column, where) : this.render(row, where);
  }
}

function valueOf(row: Row, path: readonly string[], column: string, where: string): unknown {
  // A column may have a dot in its own name.
  const value = Object.hasOwn(row, column) ? row[column] : path.reduce<unknown>(enter, row);
  if (value !== undefined && value !== null) return value;
  if (!Object.hasOwn(row, path[0]!) && !Object.hasOwn(row, column)) throw unknownColumn(column, Object.keys(row), where);
  throw new Problem(`${where}: the column "${column}" has no value.`, { hint: 'Fill it in or remove the row.' });
}

function enter(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber) && Object.hasOwn(value, key) ? (value as Row)[key] : undefined;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : toJson(value);
}
