import { Problem } from '../../contract/problem.ts';
import { isJsonObject, type JsonObject } from '../../files/json-object.ts';

/**
 * Reads a configuration field by field. A field that is there but null counts as absent. What no reader asked for is
 * found by `refuseRest`, so that nothing which might change the model is passed over in silence.
 */
export class Fields {
  private readonly where: string;
  private readonly values: JsonObject;
  private readonly asked = new Set<string>();

  /** `where` names the file (and the object in it) in messages. */
  constructor(where: string, values: JsonObject) {
    this.where = where;
    this.values = values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Whether the field is there and null, where that is an answer of its own. */
  isNull(name: string): boolean {
    this.asked.add(name);
    return this.values[name] === null;
  }

  /** A whole number from 1. Without a fallback the field must be there. */
  count(name: string, fallback?: number): number {
    return this.read(name, 'a whole number from 1', fallback, (value) => isCount(value));
  }

  /** As `count`, but an explicit null is an answer of its own. */
  countOrNull(name: string, fallback: number): number | null {
    return this.values[name] === null ? null : this.count(name, fallback);
  }

  /** A whole number from 0, such as an id. */
  index(name: string, fallback?: number): number {
    return this.read(name, 'a whole number from 0', fallback, (value) => value === 0 || isCount(value));
  }

  number(name: string, fallback?: number): number {
    return this.read(name, 'a number', fallback, (value) => typeof value === 'number');
  }

  flag(name: string, fallback: boolean): boolean {
    return this.read(name, 'true or false', fallback, (value) => typeof value === 'boolean');
  }

  text(name: string, fallback?: string): string {
    return this.read(name, 'a text', fallback, (value) => typeof value === 'string');
  }

  list<T>(name: string, each: string, isItem: (value: unknown) => value is T): readonly T[] {
    return this.read<readonly T[]>(name, `a list of ${each}`, undefined, (value): value is readonly T[] => Array.isArray(value) && value.every(isItem));
  }

  object(name: string): JsonObject | null {
    return this.has(name) ? this.read(name, 'an object', undefined, isJsonObject) : null;
  }

  /** One of the texts that `choices` maps to a meaning. */
  choice<T>(name: string, choices: Readonly<Record<string, T>>, fallback?: string): T {
    const text = this.text(name, fallback);
    const chosen = choices[text];
    if (chosen === undefined || !Object.hasOwn(choices, text)) throw this.unsupported(name, `Retort knows ${Object.keys(choices).join(', ')}.`);
    return chosen;
  }

  /** Refuses the field unless it is absent or has this value. */
  only(name: string, value: number | boolean): void {
    const found = this.get(name);
    if (found !== undefined && found !== value) throw this.unsupported(name, `Retort supports only ${value}.`);
  }

  /** Marks fields that do not change what the model computes. */
  ignore(names: Iterable<string>): void {
    for (const name of names) this.asked.add(name);
  }

  /** Refuses what nobody has asked for, unless its value (null, false, empty) says that it is not in use. */
  refuseRest(): void {
    for (const [name, value] of Object.entries(this.values)) {
      if (this.asked.has(name) || name.startsWith('_') || isUnused(value)) continue;
      throw this.unsupported(name, `If it does not change what the model computes, remove it from ${this.where}.`);
    }
  }

  unsupported(name: string, hint: string): Problem {
    return new Problem(`${this.where}: ${name} is ${JSON.stringify(this.values[name])}, which Retort does not support`, { hint });
  }

  wrong(name: string, why: string, value: unknown = this.values[name]): Problem {
    return new Problem(`${this.where}: ${name} is ${JSON.stringify(value)}, ${why}`);
  }

  private get(name: string): unknown {
    this.asked.add(name);
    return this.values[name] ?? undefined;
  }

  private read<T>(name: string, expected: string, fallback: T | undefined, is: (value: unknown) => value is T): T {
    const value = this.get(name) ?? fallback;
    if (value === undefined) throw new Problem(`${this.where} lacks ${name}`, { hint: `Expected ${expected}.` });
    if (!is(value)) throw this.wrong(name, `expected ${expected}`, value);
    return value;
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

function isUnused(value: unknown): boolean {
  return value === null || value === false || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}
