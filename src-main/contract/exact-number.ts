import { orderedEntries } from './key-order.ts';

/**
 * A number of a data file whose text says more than JavaScript's number would print: 1.0, 0.10, 1e400 or
 * 12345678901234567890. All other numbers of a row are plain ones.
 */
export class ExactNumber {
  /** As it stands in the file. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest plain number. */
  valueOf(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }

  /** For what knows only plain numbers; `toJson` writes the text. */
  toJSON(): number | string {
    return Number.isFinite(this.valueOf()) ? this.valueOf() : this.text;
  }
}

/** A number by its text: a plain one where that prints as the same text. */
export function numberOf(text: string): number | ExactNumber {
  const plain = Number(text);
  return String(plain) === text ? plain : new ExactNumber(text);
}

/** A value of a row as JSON, its numbers and the order of its keys as they are in the file; otherwise as `JSON.stringify` writes it. */
export function toJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${orderedEntries(value).filter(([, inner]) => inner !== undefined).map(([key, inner]) => `${JSON.stringify(key)}:${toJson(inner)}`).join(',')}}`;
}
