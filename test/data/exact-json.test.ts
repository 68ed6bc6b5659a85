import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber, toJson } from '../../src-main/contract/exact-number.ts';
import { Template } from '../../src-main/contract/template.ts';
import { readQuestions } from '../../src-main/data/choices.ts';
import { parseExactly, TooDeep } from '../../src-main/data/exact-json.ts';

const NUMBERS = ['12345678901234567890', '9007199254740993', '-9007199254740993', '1.0', '0.10', '-0', '-0.0', '-0.5', '1e400', '-1E+2', '1e5', '0', '100', '0.1', '1.5e-7', '0.1234567890123456789'];

test.each(NUMBERS)('a template inserts %s as it stands', (number) => {
  const row = parseExactly(`{"a": ${number}, "in": {"b": [${number}, "${number}"]}}`) as Record<string, unknown>;
  expect(new Template('{{a}}|{{in.b.0}}|{{in}}').render(row, 'row 1')).toBe(`${number}|${number}|{"b":[${number},"${number}"]}`);
});

test('all else is as JSON.parse has it', () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), fc.nat(2), (value, space) => {
    const text = JSON.stringify(value, null, space);
    expect(JSON.parse(JSON.stringify(parseExactly(text)))).toEqual(JSON.parse(text));
    expect(toJson(parseExactly(JSON.stringify(value)))).toBe(JSON.stringify(value));
  }), { numRuns: 300 });
});

test('numbers keep their text between any strings', () => {
  const number = fc.constantFrom(...NUMBERS);
  const text = fc.oneof(fc.string(), fc.constantFrom('\\', '\\\\', '"', ', 1.0', '": 1.0', '[1.0]', '\u0000'));
  fc.assert(fc.property(fc.array(fc.tuple(text, number)), (cells) => {
    const json = `{${cells.map(([key, cell], at) => `${JSON.stringify(`${at} ${key}`)}:${cell}`).join(',')}}`;
    expect(toJson(parseExactly(json))).toBe(json);
  }));
});

test('plain numbers stay plain, and others can be counted with', () => {
  const [plain, exact] = parseExactly('[0.5, 1.0]') as [number, ExactNumber];
  expect(plain).toBe(0.5);
  expect(exact).toBeInstanceOf(ExactNumber);
  expect(Number(exact) + 1).toBe(2);
  expect(JSON.stringify([exact])).toBe('[1]');
});

test('a key of the prototype is a key as any other', () => {
  const row = parseExactly('{"__proto__": 1.0, "constructor": {"x": 2.0}}') as object;
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  expect(toJson(row)).toBe('{"__proto__":1.0,"constructor":{"x":2.0}}');
});

test('keys that are whole numbers stay where they stand', () => {
  const json = '{"z":1,"10":{"b":"2","7":[{"y":0,"0":1.0}],"6":"\\"3\\": "},"2":{"a":1},"007":4,"98765432101":5}';
  const row = parseExactly(json) as Record<string, unknown>;
  expect(toJson(row)).toBe(json);
  expect(new Template('{{10}}|{{10.7.0.0}}|{{2.a}}').render(row, 'row 1')).toBe('{"b":"2","7":[{"y":0,"0":1.0}],"6":"\\"3\\": "}|1.0|1');
  expect(toJson(parseExactly(toJson(row)))).toBe(json);
  expect(toJson(parseExactly('{"1":0,"a":1,"1":2}'))).toBe('{"1":2,"a":1}');
});

test('any keys stay in order', () => {
  const key = fc.oneof(fc.nat(20).map(String), fc.string(), fc.constantFrom('"', '\\', '"1": ', '__proto__'));
  fc.assert(fc.property(fc.uniqueArray(key), fc.nat(2), (keys, space) => {
    const json = `{${keys.map((name, at) => `${JSON.stringify(name)}${' '.repeat(space)}:${at}`).join(',')}}`;
    expect(toJson(parseExactly(json))).toBe(`{${keys.map((name, at) => `${JSON.stringify(name)}:${at}`).join(',')}}`);
  }));
});

test('choices in a cell of a table keep their numbers', () => {
  const [question] = readQuestions([{ index: 0, row: { choices: '[1.0, 12345678901234567890]', answer: '12345678901234567890' }, promptText: '', completionText: null }], 'x.csv', { choices: '{{choices}}', answer: '{{answer}}' });
  expect(question).toEqual({ choices: ['1.0', '12345678901234567890'], answer: 1 });
});

test('a choice by its place may be written with a point', () => {
  const [question] = readQuestions([{ index: 0, row: parseExactly('{"answer": 1, "choices": [1.0, 2.50]}') as Record<string, unknown>, promptText: '', completionText: null }], 'x.jsonl', { choices: '{{choices}}', answer: '{{answer}}' });
  expect(question).toEqual({ choices: ['1.0', '2.50'], answer: 1 });
});

describe('what is nested too deeply', () => {
  test.each(['[', '{"a":'])('%s', (open) => {
    const nested = (depth: number): string => open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth);
    expect(() => parseExactly(nested(100_000))).toThrow(TooDeep);
    expect(toJson(parseExactly(nested(500)))).toBe(nested(500));
  });
});
