import { TemplateFault } from './fault.ts';
import { unescaped } from './string-escapes.ts';
import { SPACE } from './text.ts';

/** An operator is a token of its own type: `type` is what it says. */
export interface Token {
  type: 'data' | 'block_begin' | 'block_end' | 'variable_begin' | 'variable_end' | 'name' | 'string' | 'integer' | 'float' | 'eof' | (string & {});
  value: string;
  line: number;
}

const S = `[${SPACE}]`;
const sticky = (source: string, flags = ''): RegExp => new RegExp(source, `y${flags}`);
const RAW = sticky(`\\{%[-+]?${S}*raw${S}*(?:-%\\}${S}*|%\\})`);
const END_RAW = new RegExp(`\\{%([-+]?)${S}*endraw${S}*(?:\\+%\\}|-%\\}${S}*|%\\}\\n?)`, 'g');
const END_COMMENT = new RegExp(`\\+#\\}|-#\\}${S}*|#\\}\\n?`, 'g');
const END_BLOCK = sticky(`\\+%\\}|-%\\}${S}*|%\\}\\n?`);
const END_VARIABLE = sticky(`-\\}\\}${S}*|\\}\\}`);
const SPACES = sticky(`${S}+`);
const TOKENS: readonly (readonly [Token['type'], RegExp])[] = [
  ['float', sticky('(?<![.])(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?e[+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)', 'i')],
  ['integer', sticky('0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\\da-f])+|[1-9](?:_?\\d)*|0(?:_?0)*', 'i')],
  ['name', sticky('[\\p{L}\\p{N}_]+', 'u')],
  ['string', sticky("'[^'\\\\]*(?:\\\\.[^'\\\\]*)*'|\"[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*\"", 's')],
  ['operator', sticky('//|\\*\\*|==|!=|>=|<=|[-+/*%~[\\](){}<>=.:|,;]')],
];
const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Cuts a template as Jinja does with trim_blocks and lstrip_blocks, and without a last line break. */
export function tokenize(template: string): Token[] {
  return new Lexer(template.replace(/\r\n|\r/g, '\n').replace(/\n$/, '')).run();
}

class Lexer {
  private readonly source: string;
  private readonly tokens: Token[] = [];
  private position = 0;
  private startsLine = true;
  private line = 1;
  private counted = 0;
  constructor(source: string) { this.source = source; }

  run(): Token[] {
    while (this.position < this.source.length) {
      const begin = this.nextTag();
      if (begin < 0) {
        this.push('data', this.source.slice(this.position));
        break;
      }
      this.takeTag(begin);
    }
    this.position = this.source.length;
    this.push('eof', '');
    return this.tokens;
  }

  private nextTag(): number {
    for (let at = this.source.indexOf('{', this.position); at >= 0; at = this.source.indexOf('{', at + 1)) {
      if ('%{#'.includes(this.source[at + 1] ?? ' ')) return at;
    }
    return -1;
  }

  private takeTag(begin: number): void {
    const kind = this.source[begin + 1]!;
    const sign = this.source[begin + 2] === '-' ? '-' : this.source[begin + 2] === '+' ? '+' : '';
    const raw = kind === '%' ? this.match(RAW, begin) : null;
    this.data(this.source.slice(this.position, begin), sign, kind !== '{');
    if (raw !== null) {
      this.moveTo(begin + raw.length);
      this.takeRaw();
    } else if (kind === '#') this.takeComment(begin + 2);
    else {
      this.moveTo(begin);
      this.push(kind === '%' ? 'block_begin' : 'variable_begin', '');
      this.moveTo(begin + 2 + sign.length);
      this.takeInside(kind === '%' ? END_BLOCK : END_VARIABLE, kind === '%' ? 'block_end' : 'variable_end');
    }
  }

  /** Text before a tag: a minus takes white space off its end, lstrip_blocks the blanks of the tag's own line. */
  private data(text: string, sign: string, isBlock: boolean): void {
    let kept = text;
    if (sign === '-') kept = text.replace(new RegExp(`${S}+$`), '');
    else if (sign === '' && isBlock) {
      const lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || this.startsLine) && new RegExp(`^${S}+$`).test(text.slice(lineStart))) kept = text.slice(0, lineStart);
    }
    if (kept !== '') this.push('data', kept);
  }

  private takeComment(from: number): void {
    END_COMMENT.lastIndex = from;
    const end = END_COMMENT.exec(this.source);
    if (end === null) throw this.fault('Missing end of comment tag');
    this.moveTo(end.index + end[0].length);
  }

  private takeRaw(): void {
    END_RAW.lastIndex = this.position;
    const end = END_RAW.exec(this.source);
    if (end === null) throw this.fault('Missing end of raw directive');
    this.data(this.source.slice(this.position, end.index), end[1]!, true);
    this.moveTo(end.index + end[0].length);
  }

  private takeInside(end: RegExp, endType: string): void {
    const open: string[] = [];
    while (true) {
      const closing = open.length === 0 ? this.match(end, this.position) : null;
      if (closing !== null) {
        this.push(endType, '');
        this.moveTo(this.position + closing.length);
        return;
      }
      const space = this.match(SPACES, this.position);
      if (space !== null) this.moveTo(this.position + space.length);
      else this.takeToken(open);
    }
  }

  private takeToken(open: string[]): void {
    for (const [type, pattern] of TOKENS) {
      const text = this.match(pattern, this.position);
      if (text === null) continue;
      if (type === 'name' && /^[^\p{L}\p{Nl}_]/u.test(text)) throw this.fault('Invalid character in identifier');
      if (type === 'operator') this.balance(text, open);
      const value = type === 'string' ? this.string(text.slice(1, -1)) : type === 'integer' || type === 'float' ? text.replaceAll('_', '') : text;
      this.push(type === 'operator' ? text : type, value);
      this.moveTo(this.position + text.length);
      return;
    }
    throw this.position >= this.source.length ? this.fault('a tag is not closed') : this.fault(`unexpected char ${JSON.stringify(this.source[this.position])}`);
  }

  private string(text: string): string {
    try {
      return unescaped(text);
    } catch (cause) {
      throw cause instanceof TemplateFault && cause.kind === 'template' ? this.fault(cause.message) : cause;
    }
  }

  private balance(operator: string, open: string[]): void {
    if ('([{'.includes(operator)) open.push(operator);
    const expected = CLOSING[operator];
    if (expected !== undefined && open.pop() !== expected) throw this.fault(`unexpected '${operator}'`);
  }

  private match(pattern: RegExp, at: number): string | null {
    pattern.lastIndex = at;
    return pattern.exec(this.source)?.[0] ?? null;
  }

  private moveTo(position: number): void {
    this.startsLine = this.source[position - 1] === '\n';
    this.position = position;
  }

  private push(type: string, value: string): void {
    for (; this.counted < this.position; this.counted++) if (this.source.charCodeAt(this.counted) === 10) this.line += 1;
    this.tokens.push({ type, value, line: this.line });
  }

  private fault(message: string): TemplateFault {
    return new TemplateFault('syntax', message, this.source.slice(0, this.position).split('\n').length);
  }
}
