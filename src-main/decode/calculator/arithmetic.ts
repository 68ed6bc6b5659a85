/**
 * What an expression comes to: numbers with a decimal point, thousands commas or a percent sign, `+ - * /` and
 * parentheses. Null where it is no such expression or has no finite value, as with a division by zero.
 */
export function calculate(expression: string): number | null {
  const tokens = expression.match(TOKEN) ?? [];
  // What is no token and no space makes it another language.
  if (tokens.join('') !== expression.replaceAll(/\s/g, '')) return null;
  // A space within a number would join two.
  if (/[\d.,]\s+[\d.,]/.test(expression)) return null;
  const reader = new Reader(tokens);
  const value = reader.sum();
  return reader.isAtEnd && Number.isFinite(value) ? value : null;
}

/**
 * A result as GSM8K writes it: whole numbers without a point, others with the decimals that are left once the noise of
 * binary fractions is rounded away. Null where only an exponent could say it.
 */
export function showResult(value: number): string | null {
  const rounded = Number(value.toPrecision(SIGNIFICANT));
  const text = String(rounded === 0 ? 0 : rounded);
  return text.includes('e') ? null : text;
}

/** More digits than any answer needs, fewer than where 0.1 + 0.2 shows what it is. */
const SIGNIFICANT = 12;

const TOKEN = /(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d*)?|\.\d+|[-+*/()%]/g;

/** Recursive descent over the tokens. What is malformed comes to NaN, which no operation turns into a number again. */
class Reader {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  sum(): number {
    let value = this.product();
    for (let sign = this.take('+', '-'); sign !== null; sign = this.take('+', '-')) value += sign === '+' ? this.product() : -this.product();
    return value;
  }

  private product(): number {
    let value = this.signed();
    for (let operator = this.take('*', '/'); operator !== null; operator = this.take('*', '/')) {
      const next = this.signed();
      // Not infinity, which could become zero again as a divisor.
      value = operator === '*' ? value * next : next === 0 ? NaN : value / next;
    }
    return value;
  }

  private signed(): number {
    const sign = this.take('+', '-');
    if (sign === null) return this.percentage();
    return sign === '-' ? -this.signed() : this.signed();
  }

  private percentage(): number {
    let value = this.single();
    while (this.take('%') !== null) value /= 100;
    return value;
  }

  private single(): number {
    if (this.take('(') !== null) {
      const value = this.sum();
      return this.take(')') === null ? NaN : value;
    }
    const token = this.tokens[this.at] ?? '';
    if (!/\d/.test(token)) return NaN;
    this.at++;
    return Number(token.replaceAll(',', ''));
  }

  /** Goes past the next token where it is one of these. */
  private take(...wanted: string[]): string | null {
    const token = this.tokens[this.at];
    if (token === undefined || !wanted.includes(token)) return null;
    this.at++;
    return token;
  }
}
