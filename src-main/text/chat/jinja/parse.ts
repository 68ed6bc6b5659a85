import { TemplateFault } from './fault.ts';
import { tokenize } from './lexer.ts';
import type { Expression, Signature, Statement, Target } from './nodes.ts';
import { ExpressionParser } from './parse-expression.ts';
import { TokenStream } from './token-stream.ts';

/** @throws TemplateFault where the template is no Jinja. */
export function parse(template: string): Statement[] {
  return new StatementParser(new TokenStream(tokenize(template))).body(null);
}

class StatementParser {
  private readonly stream: TokenStream;
  private readonly expressions: ExpressionParser;
  constructor(stream: TokenStream) {
    this.stream = stream;
    this.expressions = new ExpressionParser(stream);
  }

  /** Up to a tag of one of the names in `ends`, which stays the current token; null for the whole template. */
  body(ends: readonly string[] | null): Statement[] {
    const statements: Statement[] = [];
    while (!this.stream.is('eof')) {
      const { type, value } = this.stream.next();
      if (type === 'data') statements.push({ type: 'text', text: value });
      else if (type === 'variable_begin') {
        statements.push({ type: 'print', value: this.expressions.tuple() });
        this.stream.expect('variable_end');
      } else {
        if (ends !== null && this.stream.isName(...ends)) return statements;
        statements.push(...this.stream.nested(() => this.statement()));
        this.stream.expect('block_end');
      }
    }
    if (ends !== null) this.stream.fail(`Unexpected end of template. Jinja was looking for ${ends.join(' or ')}`);
    return statements;
  }

  /** The body of a tag, from the end of its opening one. */
  private inside(...ends: readonly string[]): Statement[] {
    this.stream.skipIf(':');
    this.stream.expect('block_end');
    return this.body(ends);
  }

  private closed(end: string): Statement[] {
    const body = this.inside(end);
    this.stream.next();
    return body;
  }

  private statement(): Statement[] {
    const { value, line } = this.stream.expect('name');
    switch (value) {
      case 'for': return [this.loop()];
      case 'if': return [this.condition()];
      case 'set': return [this.set()];
      case 'macro': return [this.macro()];
      case 'call': return [this.call()];
      case 'filter': return [{ type: 'filterBlock', filter: this.expressions.filterChain(true)!, body: this.closed('endfilter') }];
      case 'with': return [this.with()];
      case 'print': return this.print();
      case 'generation': return [{ type: 'generation', body: this.closed('endgeneration') }];
      case 'break': case 'continue': return [{ type: value }];
      case 'block': case 'extends': case 'include': case 'import': case 'from': case 'autoescape':
        throw new TemplateFault('refused', `Retort does not know the tag ${value}`, line);
      default: return this.stream.fail(`Encountered unknown tag '${value}'`);
    }
  }

  private loop(): Statement {
    const target = this.expressions.target({ end: 'in' });
    this.stream.expectName('in');
    const over = this.expressions.tuple({ withCondition: false, end: 'recursive' });
    const test = this.stream.skipName('if') ? this.expressions.expression() : null;
    const isRecursive = this.stream.skipName('recursive');
    const body = this.inside('endfor', 'else');
    const otherwise = this.stream.next().value === 'else' ? this.closed('endfor') : [];
    return { type: 'for', target, over, test, isRecursive, body, otherwise };
  }

  private condition(): Statement {
    const branches: { test: Expression | null; body: Statement[] }[] = [];
    while (true) {
      const test = this.expressions.tuple({ withCondition: false });
      branches.push({ test, body: this.inside('elif', 'else', 'endif') });
      const { value } = this.stream.next();
      if (value === 'elif') continue;
      if (value === 'else') branches.push({ test: null, body: this.closed('endif') });
      return { type: 'if', branches };
    }
  }

  private set(): Statement {
    const target = this.expressions.target({ withMembers: true });
    if (this.stream.skipIf('=')) return { type: 'set', target, value: this.expressions.tuple() };
    const filter = this.expressions.filterChain(false);
    return { type: 'setBlock', target, filter, body: this.closed('endset') };
  }

  private macro(): Statement {
    const name = this.expressions.targetName();
    const from = this.stream.names.length;
    const parameters = this.parameters();
    const body = this.closed('endmacro');
    return { type: 'macro', name, signature: { parameters, specials: this.specials(from) }, body };
  }

  private call(): Statement {
    const parameters = this.stream.is('(') ? this.parameters() : [];
    const call = this.expressions.expression();
    if (call.type !== 'call') return this.stream.fail('expected call');
    const from = this.stream.names.length;
    const body = this.closed('endcall');
    return { type: 'call', call, signature: { parameters, specials: this.specials(from) }, body };
  }

  /** The names with a meaning of their own that a macro's body reads. */
  private specials(from: number): ReadonlySet<string> {
    return new Set(this.stream.names.slice(from).filter((name) => name === 'caller' || name === 'kwargs' || name === 'varargs'));
  }

  private parameters(): Signature['parameters'] {
    const all: { name: string; otherwise: Expression | null }[] = [];
    this.stream.expect('(');
    while (!this.stream.is(')')) {
      if (all.length > 0) this.stream.expect(',');
      const name = this.expressions.targetName();
      const otherwise = this.stream.skipIf('=') ? this.expressions.expression() : null;
      if (otherwise === null && all.at(-1)?.otherwise) this.stream.fail('non-default argument follows default argument');
      all.push({ name, otherwise });
    }
    this.stream.next();
    return all;
  }

  private with(): Statement {
    const values: (readonly [Target, Expression])[] = [];
    while (!this.stream.is('block_end')) {
      if (values.length > 0) this.stream.expect(',');
      const target = this.expressions.target();
      this.stream.expect('=');
      values.push([target, this.expressions.expression()]);
    }
    return { type: 'with', values, body: this.closed('endwith') };
  }

  private print(): Statement[] {
    const all: Statement[] = [];
    while (!this.stream.is('block_end')) {
      if (all.length > 0) this.stream.expect(',');
      all.push({ type: 'print', value: this.expressions.expression() });
    }
    return all;
  }
}
