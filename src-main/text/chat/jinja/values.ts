import type { Budget } from './budget.ts';
import { raise, refuse, TemplateFault } from './fault.ts';

/**
 * Python's values. An int is a number, or a bigint where a double would lose digits; a str is a string, a list an
 * array, None null. Nothing but a namespace can be changed by a template.
 */
export type Value =
  | null | boolean | number | bigint | string | readonly Value[]
  | Float | Tuple | Dict | Undefined | Callable | Lazy | Range | View | Namespace | Markup | Loop;

export class Float {
  readonly value: number;
  constructor(value: number) { this.value = value; }
}

export class Tuple {
  readonly items: readonly Value[];
  /** Names of the items, for the groups of `groupby`. */
  readonly names: readonly string[];
  constructor(items: readonly Value[], names: readonly string[] = []) { this.items = items; this.names = names; }
}

type Key = string | number | bigint | null;

export class Dict {
  private readonly entries = new Map<Key, readonly [Value, Value]>();
  get size(): number { return this.entries.size; }
  get(key: Value): Value | undefined { return this.entries.get(hash(key))?.[1]; }
  has(key: Value): boolean { return this.entries.has(hash(key)); }
  keys(): Value[] { return Array.from(this.entries.values(), ([key]) => key); }
  values(): Value[] { return Array.from(this.entries.values(), ([, value]) => value); }
  items(): Tuple[] { return Array.from(this.entries.values(), (entry) => new Tuple(entry)); }
  /** Only while it is made. Python keeps the first of several equal keys. */
  set(key: Value, value: Value): this {
    const place = hash(key);
    this.entries.set(place, [this.entries.get(place)?.[0] ?? key, value]);
    return this;
  }
}

function hash(key: Value): Key {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' || key === null) return key;
  if (typeof key === 'boolean') return key ? 1 : 0;
  if (key instanceof Float) return key.value;
  if (key instanceof Markup) return key.text;
  if (Array.isArray(key) || key instanceof Dict) return raise(`unhashable type: '${key instanceof Dict ? 'dict' : 'list'}'`);
  return refuse('a dict with such keys');
}

/** What is not there. Printing it writes nothing; most other uses raise `message`. */
export class Undefined {
  readonly message: string;
  constructor(message: string) { this.message = message; }
  fail(): never { throw new TemplateFault('template', this.message); }
}

export interface Arguments { readonly args: readonly Value[]; readonly kwargs: ReadonlyMap<string, Value> }

export class Callable {
  readonly name: string;
  readonly call: (given: Arguments, budget: Budget) => Value;
  constructor(name: string, call: Callable['call']) { this.name = name; this.call = call; }
}

/** A generator: what it gives can be taken once. */
export class Lazy {
  private readonly source: Iterator<Value>;
  constructor(source: Iterable<Value>) { this.source = source[Symbol.iterator](); }
  /** Does not close the source when a loop ends early, as in Python. */
  [Symbol.iterator](): Iterator<Value> { return { next: () => this.source.next() }; }
}

export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly length: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start; this.stop = stop; this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }
  at(index: number): number { return this.start + index * this.step; }
  toArray(): number[] { return Array.from({ length: this.length }, (_, index) => this.at(index)); }
}

/** What keys(), values() and items() of a dict give. */
export class View {
  readonly kind: 'keys' | 'values' | 'items';
  readonly dict: Dict;
  constructor(kind: View['kind'], dict: Dict) { this.kind = kind; this.dict = dict; }
  toArray(): Value[] { return this.dict[this.kind](); }
}

export class Namespace {
  readonly attributes: Map<string, Value>;
  constructor(attributes: Map<string, Value>) { this.attributes = attributes; }
}

/** A text marked as safe, which Python escapes others beside. */
export class Markup {
  readonly text: string;
  constructor(text: string) { this.text = text; }
}

/** The variable `loop`. */
export interface LoopState {
  attribute(name: string): Value | undefined;
  readonly length: number;
  readonly call: Callable['call'];
}
export class Loop {
  readonly state: LoopState;
  constructor(state: LoopState) { this.state = state; }
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** The text of a str, marked as safe or not; null of all else. */
export function textOf(value: Value): string | null {
  return typeof value === 'string' ? value : value instanceof Markup ? value.text : null;
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'str';
  if (isList(value)) return 'list';
  if (value instanceof Callable) return 'function';
  if (value instanceof Lazy) return 'generator';
  if (value instanceof View) return `dict_${value.kind}`;
  const other = value.constructor.name.toLowerCase();
  return value instanceof Undefined || value instanceof Markup || value instanceof Namespace ? value.constructor.name : other;
}
