import { int } from './numbers.ts';
import { parseArguments, NO_ARGUMENTS } from './parse-arguments.ts';
import type { Expression, Target } from './nodes.ts';
import type { TokenStream } from './token-stream.ts';
import { Float, type Value } from './values.ts';

const COMPARISONS = ['==', '!=', '>', '>=', '<', '<='];

export interface TupleOptions { simple?: boolean; withCondition?: boolean; end?: string; inParentheses?: boolean }

/** Jinja's grammar of expressions, one method a level, the loosest first. */
export class ExpressionParser {
  readonly stream: TokenStream;
  constructor(stream: TokenStream) { this.stream = stream; }

  /** Several expressions with commas between them make a tuple. */
  tuple({ simple = false, withCondition = true, end, inParentheses = false }: TupleOptions = {}): Expression {
    const items: Expression[] = [];
    let isTuple = false;
    while (true) {
      if (items.length > 0) this.stream.expect(',');
      if (['variable_end', 'block_end', ')'].includes(this.stream.current.type) || (end !== undefined && this.stream.isName(end))) break;
      items.push(simple ? this.primary() : this.expression(withCondition));
      if (!this.stream.is(',')) break;
      isTuple = true;
    }
    if (isTuple) return { type: 'tuple', items };
    if (items.length > 0) return items[0]!;
    return inParentheses ? { type: 'tuple', items } : this.stream.fail(`Expected an expression, got ${this.stream.describe()}`);
  }

  expression(withCondition = true): Expression {
    return this.stream.nested(() => withCondition ? this.condition() : this.or());
  }

  /** A namespace's member may be assigned to only where `withMembers`. */
  target({ end, withMembers = false }: { end?: string; withMembers?: boolean } = {}): Target {
    const items: Target[] = [];
    let isTuple = false;
    while (true) {
      if (items.length > 0) this.stream.expect(',');
      if (['variable_end', 'block_end', ')'].includes(this.stream.current.type) || (end !== undefined && this.stream.isName(end))) break;
      items.push(this.oneTarget(withMembers));
      if (!this.stream.is(',')) break;
      isTuple = true;
    }
    if (isTuple) return { type: 'targets', items };
    return items[0] ?? this.stream.fail(`Expected an expression, got ${this.stream.describe()}`);
  }

  private oneTarget(withMembers: boolean): Target {
    if (this.stream.skipIf('(')) {
      const target = this.stream.nested(() => this.target());
      this.stream.expect(')');
      return target;
    }
    const name = this.targetName();
    if (withMembers && this.stream.skipIf('.')) return { type: 'member', name, attribute: this.stream.expect('name').value };
    return { type: 'name', name };
  }

  targetName(): string {
    const { value } = this.stream.expect('name');
    return ['true', 'false', 'none', 'True', 'False', 'None'].includes(value) ? this.stream.fail(`can't assign to '${value}'`) : value;
  }

  private condition(): Expression {
    let value = this.or();
    while (this.stream.skipName('if')) {
      const test = this.or();
      value = { type: 'condition', test, yes: value, no: this.stream.skipName('else') ? this.stream.nested(() => this.condition()) : null };
    }
    return value;
  }

  private or(): Expression {
    let left = this.and();
    while (this.stream.skipName('or')) left = { type: 'or', operator: 'or', left, right: this.and() };
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.stream.skipName('and')) left = { type: 'and', operator: 'and', left, right: this.not() };
    return left;
  }

  private not(): Expression {
    return this.stream.skipName('not') ? { type: 'unary', operator: 'not', value: this.stream.nested(() => this.not()) } : this.comparison();
  }

  private comparison(): Expression {
    const first = this.sum();
    const rest: (readonly [string, Expression])[] = [];
    while (true) {
      const { type } = this.stream.current;
      if (COMPARISONS.includes(type)) {
        this.stream.next();
        rest.push([type, this.sum()]);
      } else if (this.stream.skipName('in')) rest.push(['in', this.sum()]);
      else if (this.stream.isName('not') && this.stream.look().type === 'name' && this.stream.look().value === 'in') {
        this.stream.next();
        this.stream.next();
        rest.push(['not in', this.sum()]);
      } else break;
    }
    return rest.length === 0 ? first : { type: 'compare', first, rest };
  }

  private binary(operators: readonly string[], next: () => Expression): Expression {
    let left = next();
    while (operators.includes(this.stream.current.type)) left = { type: 'binary', operator: this.stream.next().type, left, right: next() };
    return left;
  }

  private sum(): Expression { return this.binary(['+', '-'], () => this.concat()); }

  private concat(): Expression {
    const items = [this.product()];
    while (this.stream.skipIf('~')) items.push(this.product());
    return items.length === 1 ? items[0]! : { type: 'concat', items };
  }

  private product(): Expression { return this.binary(['*', '/', '//', '%'], () => this.binary(['**'], () => this.unary())); }

  private unary(withFilter = true): Expression {
    const { type } = this.stream.current;
    let value: Expression;
    if (type === '-' || type === '+') {
      this.stream.next();
      value = { type: 'unary', operator: type, value: this.stream.nested(() => this.unary(false)) };
    } else value = this.primary();
    value = this.postfix(value);
    return withFilter ? this.filters(value) : value;
  }

  private primary(): Expression {
    const { type, value } = this.stream.current;
    if (type === 'name') {
      this.stream.next();
      if (value === 'true' || value === 'True' || value === 'false' || value === 'False') return constant(value.toLowerCase() === 'true');
      if (value === 'none' || value === 'None') return constant(null);
      this.stream.names.push(value);
      return { type: 'name', name: value };
    }
    if (type === 'string') {
      let text = this.stream.next().value;
      while (this.stream.is('string')) text += this.stream.next().value;
      return constant(text);
    }
    if (type === 'integer' || type === 'float') {
      this.stream.next();
      return constant(type === 'float' ? new Float(Number(value)) : int(BigInt(value)));
    }
    if (type === '(') {
      this.stream.next();
      const inner = this.stream.nested(() => this.tuple({ inParentheses: true }));
      this.stream.expect(')');
      return inner;
    }
    if (type === '[') return { type: 'list', items: this.listed('[', ']', () => this.expression()) };
    if (type === '{') {
      return { type: 'dict', items: this.listed('{', '}', () => {
        const key = this.expression();
        this.stream.expect(':');
        return [key, this.expression()] as const;
      }) };
    }
    return this.stream.fail(`unexpected ${this.stream.describe()}`);
  }

  private listed<T>(open: string, close: string, one: () => T): T[] {
    this.stream.expect(open);
    const items: T[] = [];
    while (!this.stream.is(close)) {
      if (items.length > 0) this.stream.expect(',');
      if (this.stream.is(close)) break;
      items.push(one());
    }
    this.stream.expect(close);
    return items;
  }

  private postfix(value: Expression): Expression {
    let result = value;
    while (true) {
      if (this.stream.is('.') || this.stream.is('[')) result = this.subscript(result);
      else if (this.stream.is('(')) result = { type: 'call', value: result, given: parseArguments(this) };
      else return result;
    }
  }

  private filters(value: Expression): Expression {
    let result = value;
    while (true) {
      if (this.stream.is('|')) result = this.filter(result);
      else if (this.stream.isName('is')) result = this.test(result);
      else if (this.stream.is('(')) result = { type: 'call', value: result, given: parseArguments(this) };
      else return result;
    }
  }

  /** @param isBare  whether the first filter stands without a bar before it. */
  filterChain(isBare: boolean): Expression | null {
    let value: Expression | null = null;
    if (isBare) value = this.oneFilter(null);
    while (this.stream.skipIf('|')) value = this.oneFilter(value);
    return value;
  }

  private filter(value: Expression): Expression {
    this.stream.next();
    return this.oneFilter(value);
  }

  private oneFilter(value: Expression | null): Expression {
    const name = this.dottedName();
    return { type: 'filter', value, name, given: this.stream.is('(') ? parseArguments(this) : NO_ARGUMENTS };
  }

  private test(value: Expression): Expression {
    this.stream.next();
    const isNegated = this.stream.skipName('not');
    const name = this.dottedName();
    let given = NO_ARGUMENTS;
    if (this.stream.is('(')) given = parseArguments(this);
    else if (['name', 'string', 'integer', 'float', '[', '{'].includes(this.stream.current.type) && !this.stream.isName('else', 'or', 'and')) {
      if (this.stream.isName('is')) this.stream.fail('You cannot chain multiple tests with is');
      given = { ...NO_ARGUMENTS, args: [this.postfix(this.primary())] };
    }
    const test: Expression = { type: 'test', value, name, given };
    return isNegated ? { type: 'unary', operator: 'not', value: test } : test;
  }

  private dottedName(): string {
    let name = this.stream.expect('name').value;
    while (this.stream.skipIf('.')) name += `.${this.stream.expect('name').value}`;
    return name;
  }

  private subscript(value: Expression): Expression {
    if (this.stream.skipIf('.')) {
      if (this.stream.is('integer')) return { type: 'item', value, key: constant(Number(this.stream.next().value)) };
      return { type: 'attribute', value, name: this.stream.is('name') ? this.stream.next().value : this.stream.fail('expected name or number') };
    }
    this.stream.next();
    const keys: Expression[] = [];
    while (!this.stream.is(']')) {
      if (keys.length > 0) this.stream.expect(',');
      keys.push(this.subscribed());
    }
    this.stream.expect(']');
    return { type: 'item', value, key: keys.length === 1 ? keys[0]! : { type: 'tuple', items: keys } };
  }

  private subscribed(): Expression {
    const start = this.stream.is(':') ? null : this.expression();
    if (!this.stream.skipIf(':')) return start!;
    const ends = (): boolean => this.stream.is(']') || this.stream.is(',');
    const stop = this.stream.is(':') || ends() ? null : this.expression();
    const step = this.stream.skipIf(':') && !ends() ? this.expression() : null;
    return { type: 'slice', start, stop, step };
  }
}

const constant = (value: Value): Expression => ({ type: 'constant', value });
