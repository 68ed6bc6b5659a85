import { TemplateFault } from './fault.ts';
import type { Token } from './lexer.ts';

/** Nested tags and brackets; Python's own recursion ends sooner. */
const DEPTH = 150;

export class TokenStream {
  private readonly tokens: readonly Token[];
  private place = 0;
  private depth = 0;
  /** Every name that was read so far, in order: a macro asks which of its special names are used. */
  readonly names: string[] = [];
  constructor(tokens: readonly Token[]) { this.tokens = tokens; }

  get current(): Token { return this.tokens[this.place]!; }
  look(): Token { return this.tokens[Math.min(this.place + 1, this.tokens.length - 1)]!; }
  next(): Token {
    const token = this.current;
    if (token.type !== 'eof') this.place += 1;
    return token;
  }
  is(type: string): boolean { return this.current.type === type; }
  isName(...names: readonly string[]): boolean { return this.current.type === 'name' && names.includes(this.current.value); }
  skipIf(type: string): boolean {
    if (!this.is(type)) return false;
    this.next();
    return true;
  }
  skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.next();
    return true;
  }
  expect(type: string): Token { return this.is(type) ? this.next() : this.fail(`expected ${type}, got ${this.describe()}`); }
  expectName(name: string): void { if (!this.skipName(name)) this.fail(`expected ${name}, got ${this.describe()}`); }
  describe(): string {
    const { type, value } = this.current;
    return type === 'eof' ? 'the end of the template' : value === '' ? type : `'${value}'`;
  }
  fail(message: string): never { throw new TemplateFault('syntax', message, this.current.line); }

  nested<T>(parse: () => T): T {
    if (++this.depth > DEPTH) throw new TemplateFault('bound', `it nests more than ${DEPTH} tags or brackets`, this.current.line);
    const result = parse();
    this.depth -= 1;
    return result;
  }
}
