import { Problem } from '../../contract/problem.ts';

export type MetadataValue = number | string | boolean | readonly MetadataValue[];

/** The keys and values of a GGUF file, read one by one; what nobody has asked for can be refused. */
export class Metadata {
  readonly path: string;
  private readonly values: ReadonlyMap<string, MetadataValue>;
  private readonly asked = new Set<string>();

  constructor(path: string, values: ReadonlyMap<string, MetadataValue>) {
    this.path = path;
    this.values = values;
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  text(key: string): string | undefined {
    return this.read(key, 'a text', (value) => typeof value === 'string');
  }

  /** Whether a key's value is a list. */
  isList(key: string): boolean {
    return Array.isArray(this.values.get(key));
  }

  /** The largest number of a key, of one number or a list, without having asked for it; null where it has none. */
  most(key: string): number | null {
    const numbers = [this.values.get(key) ?? []].flat().filter((value) => typeof value === 'number');
    return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b));
  }

  flags(key: string): readonly boolean[] | undefined {
    return this.read(key, 'a list of true and false', (value): value is readonly boolean[] => Array.isArray(value) && value.every((item) => typeof item === 'boolean'));
  }

  flag(key: string): boolean | undefined {
    return this.read(key, 'true or false', (value) => typeof value === 'boolean');
  }

  /** A number; one stored as float32 comes as the shortest decimal that rounds to it (1e-5, not 9.99999974e-6). */
  number(key: string): number | undefined {
    const value = this.read(key, 'a number', (found) => typeof found === 'number');
    return value === undefined ? undefined : shortest(value);
  }

  /** A whole number from 0. */
  count(key: string): number | undefined {
    return this.read(key, 'a whole number from 0', (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0);
  }

  texts(key: string): readonly string[] | undefined {
    return this.read(key, 'a list of texts', (value): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === 'string'));
  }

  numbers(key: string): readonly number[] | undefined {
    return this.read(key, 'a list of numbers', (value): value is readonly number[] => Array.isArray(value) && value.every((item) => typeof item === 'number'));
  }

  required<T>(key: string, value: T | undefined): T {
    if (value === undefined) throw new Problem(`${this.path} lacks ${key}`, { hint: 'Convert the model again with a current llama.cpp.' });
    return value;
  }

  /** Marks a key that is known to mean nothing here. */
  ignore(key: string): void {
    this.asked.add(key);
  }

  keys(prefix: string): string[] {
    return [...this.values.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Refuses keys with this prefix that nobody has asked for, unless their value (0, false, empty) says that they are not in use. */
  refuseRest(prefix: string): void {
    for (const key of this.keys(prefix)) {
      const value = this.values.get(key);
      if (!this.asked.has(key) && value !== 0 && value !== false && value !== '') throw this.unsupported(key);
    }
  }

  unsupported(key: string, hint = 'This variant of the architecture cannot be imported.'): Problem {
    return new Problem(`${this.path}: ${key} is ${show(this.values.get(key))}, which Retort does not support`, { hint });
  }

  private read<T extends MetadataValue>(key: string, expected: string, is: (value: MetadataValue) => value is T): T | undefined {
    this.asked.add(key);
    const value = this.values.get(key);
    if (value === undefined || is(value)) return value;
    throw new Problem(`${this.path}: ${key} is ${show(value)}, expected ${expected}`);
  }
}

function show(value: MetadataValue | undefined): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The shortest decimal that rounds to a number stored as float32. */
export function shortest(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
