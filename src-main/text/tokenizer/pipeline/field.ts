import { Problem } from '../../../contract/problem.ts';
import { isJsonObject } from '../../../files/json-object.ts';

/** A value in `tokenizer.json` that knows where it stands, so that whatever is wrong with it can be said in one sentence. */
export class Field {
  readonly value: unknown;
  private readonly file: string;
  private readonly path: string;

  constructor(value: unknown, file: string, path = '') {
    this.value = value;
    this.file = file;
    this.path = path;
  }

  /** Throws the `Problem` of this field: `what` goes on from its name ("is no list"). */
  refuse(what: string): never {
    throw new Problem(`${this.file} is not understood: ${this.path === '' ? 'it' : this.path} ${what}.`);
  }

  /** Refuses a value of another kind than `wanted`, and shows what stands there. */
  refuseKind(wanted: string): never {
    return this.refuse(this.value === undefined ? `is missing; it must be ${wanted}` : `must be ${wanted}, and is ${show(this.value)}`);
  }

  /** Whether the file says nothing here: left out or null. */
  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  at(key: string): Field {
    return new Field(this.object()[key], this.file, this.path === '' ? key : `${this.path}.${key}`);
  }

  object(): Readonly<Record<string, unknown>> {
    return isJsonObject(this.value) ? this.value : this.refuseKind('an object');
  }

  list(): Field[] {
    if (!Array.isArray(this.value)) return this.refuseKind('a list');
    return this.value.map((value: unknown, index) => new Field(value, this.file, `${this.path}[${index}]`));
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.refuseKind('a text');
  }

  /** One character, as many code units as it takes. */
  character(): string {
    const text = this.text();
    return [...text].length === 1 ? text : this.refuseKind('one character');
  }

  /** True or false; `otherwise` where the file says nothing. */
  flag(otherwise?: boolean): boolean {
    if (this.isAbsent && otherwise !== undefined) return otherwise;
    return typeof this.value === 'boolean' ? this.value : this.refuseKind('true or false');
  }

  /** A whole number from 0. */
  count(): number {
    return Number.isSafeInteger(this.value) && (this.value as number) >= 0 ? this.value as number : this.refuseKind('a whole number from 0');
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
