import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { calculate, showResult } from '../../src-main/decode/calculator/arithmetic.ts';

/** An expression with what JavaScript makes of it. */
interface Sum { text: string; value: number }

const numbers = fc.oneof(
  fc.nat(10 ** 7).map((value): Sum => ({ text: String(value), value })),
  fc.nat(10 ** 7).map((value): Sum => ({ text: value.toLocaleString('en-US'), value })),
  fc.tuple(fc.nat(9999), fc.nat(99)).map(([whole, part]): Sum => ({ text: `${whole}.${part}`, value: Number(`${whole}.${part}`) })),
  fc.nat(99).map((part): Sum => ({ text: `.${part}`, value: Number(`.${part}`) })),
  fc.nat(200).map((value): Sum => ({ text: `${value}%`, value: value / 100 })),
);
const OPERATIONS: Record<string, (a: number, b: number) => number> = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? NaN : a / b) };
const spaces = fc.constantFrom('', ' ');
const { sum: sums } = fc.letrec<{ sum: Sum }>((tie) => ({
  sum: fc.oneof({ maxDepth: 5, withCrossShrink: true },
    numbers,
    tie('sum').map(({ text, value }): Sum => ({ text: `(${text})`, value })),
    tie('sum').map(({ text, value }): Sum => ({ text: `-(${text})`, value: -value })),
    fc.tuple(tie('sum'), fc.constantFrom(...Object.keys(OPERATIONS)), tie('sum'), spaces).map(([a, operator, b, space]): Sum => (
      { text: `(${a.text}${space})${space}${operator}${space}(${b.text})`, value: OPERATIONS[operator]!(a.value, b.value) }))),
}));
/** Without parentheses, JavaScript's own precedence and grouping. */
const flat = fc.array(fc.tuple(fc.constantFrom(...Object.keys(OPERATIONS)), fc.integer({ min: 1, max: 99 })), { minLength: 1, maxLength: 6 })
  .map((steps) => `7${steps.map(([operator, number]) => `${operator}${number}`).join('')}`);

describe('an expression', () => {
  it('comes to what JavaScript makes of it', () => {
    fc.assert(fc.property(sums, ({ text, value }) => {
      expect(calculate(text)).toBe(Number.isFinite(value) ? value : null);
    }), { numRuns: 500 });
  });

  it('has the precedence of school', () => {
    fc.assert(fc.property(flat, (text) => {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- digits and operators of this test only
      expect(calculate(text)).toBe(new Function(`return ${text}`)());
    }));
  });

  test.each([
    ['48/2', 24], ['48 / 2', 24], ['1,000*2', 2000], ['1,234,567.5+.5', 1234568], ['50%*200', 100], ['(10-4)*-2', -12], ['+5', 5], ['2--3', 5],
    ['5.', 5], ['20*.01*50', 10], ['(((7)))', 7],
  ])('%j is %d', (text, value) => { expect(calculate(text)).toBe(value); });

  test.each([
    '', ' ', '+', '2+', '*2', '2**3', '(2', '2)', '()', '2 3', '1,00', '1000,000', '1,000,00', '1.2.3', '1. 5', '$5*2', 'x+1', '2x3', '1e3', '2^3', '%', '5 % 2',
    '1/0', '1/(1/0)', '5/(2-2)', '0/0', 'alert(1)', '2;3', `${'9'.repeat(400)}*2`,
  ])('%j is none', (text) => { expect(calculate(text)).toBeNull(); });
});

describe('a result', () => {
  test.each([
    [24, '24'], [-3, '-3'], [0.1 + 0.2, '0.3'], [2.8 * 700, '1960'], [70 * 0.01 * 90, '63'], [12.5, '12.5'], [0.2, '0.2'], [1 / 3, '0.333333333333'], [-0, '0'],
    [1_000_000, '1000000'], [123456789012, '123456789012'],
  ])('%d is written %s', (value, text) => { expect(showResult(value)).toBe(text); });
  test('that needs an exponent is not written', () => {
    expect(showResult(1e30)).toBeNull();
    expect(showResult(1e-9)).toBeNull();
  });
});
