import type { Budget } from './budget.ts';
import { refuse } from './fault.ts';
import { Undefined, type Value } from './values.ts';

/** What a template writes: the whole text, or the text of a macro or a block that is kept. */
export class Output {
  private readonly parts: string[] = [];
  private readonly budget: Budget;
  length = 0;
  constructor(budget: Budget) { this.budget = budget; }

  write(text: string): void {
    if (text === '') return;
    this.length += text.length;
    this.budget.joined(this.length);
    this.parts.push(text);
  }

  text(): string {
    this.budget.text(this.length);
    return this.parts.join('');
  }
}

export interface Span { readonly start: number; readonly end: number }

/** One rendering. */
export interface Run {
  readonly budget: Budget;
  readonly globals: ReadonlyMap<string, Value>;
  /** What `{% generation %}` marked, in places of the whole text; null once a mark stood inside a macro or a kept block. */
  marks: Span[] | null;
  readonly output: Output;
}

/** The variables of a template, of one turn of a loop, of a macro; and where they write to. */
export class Frame {
  private variables: Map<string, Value> | null = null;
  private readonly parent: Frame | null;
  readonly run: Run;
  readonly output: Output;

  constructor(run: Run, output: Output, parent: Frame | null) {
    this.run = run;
    this.output = output;
    this.parent = parent;
  }

  inner(output = this.output): Frame { return new Frame(this.run, output, this); }

  get(name: string): Value {
    let frame: Frame | null = this.parent;
    const own = this.variables?.get(name);
    if (own !== undefined) return own;
    for (; frame !== null; frame = frame.parent) {
      const value = frame.variables?.get(name);
      if (value !== undefined) return value;
    }
    if (name === 'self' || name === 'super') return refuse(`the variable ${name}`);
    const given = this.run.globals.get(name);
    return given === undefined ? new Undefined(`'${name}' is undefined`) : given;
  }

  set(name: string, value: Value): void {
    (this.variables ??= new Map()).set(name, value);
  }
}
