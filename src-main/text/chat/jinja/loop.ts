import type { Budget } from './budget.ts';
import { raise, refuse } from './fault.ts';
import { isEqual, sizeOf } from './truth.ts';
import { Callable, Lazy, Undefined, type Arguments, type LoopState, type Value } from './values.ts';

/** Jinja's variable `loop`: looks ahead only as far as it is asked to. */
export class LoopContext implements LoopState {
  private readonly over: Value;
  private iterator: Iterator<Value>;
  private readonly budget: Budget;
  private readonly recurse: ((over: Value, depth: number) => Value) | null;
  private readonly depth: number;
  private index = -1;
  private known: number | null = null;
  private after: Value | undefined;
  private now: Value | undefined;
  private before: Value | undefined;
  private lastChanged: readonly Value[] | null = null;

  /** `items`: what is gone over, of `over`. */
  constructor(over: Value, items: Iterable<Value>, depth: number, budget: Budget, recurse: LoopContext['recurse']) {
    this.over = over;
    this.iterator = items[Symbol.iterator]();
    this.depth = depth;
    this.budget = budget;
    this.recurse = recurse;
  }

  next(): Value | undefined {
    this.budget.step();
    const value = this.after === undefined ? this.take() : this.after;
    if (value === undefined) return undefined;
    this.after = undefined;
    this.index += 1;
    this.before = this.now;
    this.now = value;
    return value;
  }

  get length(): number {
    if (this.known !== null) return this.known;
    const size = this.over instanceof Lazy ? null : sizeOf(this.over);
    if (size !== null && typeof this.over !== 'string') return this.known = size;
    const rest: Value[] = [];
    for (let one = this.take(); one !== undefined; one = this.take()) {
      this.budget.step();
      rest.push(one);
    }
    this.iterator = rest[Symbol.iterator]();
    return this.known = rest.length + this.index + 1 + (this.after === undefined ? 0 : 1);
  }

  attribute(name: string): Value | undefined {
    switch (name) {
      case 'index': return this.index + 1;
      case 'index0': return this.index;
      case 'revindex': return this.length - this.index;
      case 'revindex0': return this.length - this.index - 1;
      case 'first': return this.index === 0;
      case 'last': return this.peek() === undefined;
      case 'length': return this.length;
      case 'depth': return this.depth + 1;
      case 'depth0': return this.depth;
      case 'previtem': return given(this.before, 'there is no previous item');
      case 'nextitem': return given(this.peek(), 'there is no next item');
      case 'cycle': return new Callable(name, ({ args }) => args.length === 0 ? raise('no items for cycling given') : args[this.index % args.length]!);
      case 'changed': return new Callable(name, ({ args }) => this.changed(args));
      default: return undefined;
    }
  }

  readonly call = ({ args }: Arguments): Value => {
    if (this.recurse === null) return raise("The loop must have the 'recursive' marker to be called recursively.");
    return args.length === 1 ? this.recurse(args[0]!, this.depth + 1) : refuse('loop() with other than one argument');
  };

  private changed(args: readonly Value[]): boolean {
    if (this.lastChanged !== null && isEqual(this.lastChanged, args, this.budget)) return false;
    this.lastChanged = args;
    return true;
  }

  private peek(): Value | undefined {
    if (this.after === undefined) this.after = this.take();
    return this.after;
  }

  private take(): Value | undefined {
    const result = this.iterator.next();
    return result.done === true ? undefined : result.value;
  }
}

const given = (value: Value | undefined, otherwise: string): Value => value === undefined ? new Undefined(otherwise) : value;
