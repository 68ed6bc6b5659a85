import { expect, it, test } from 'vitest';
import { readQuestions } from '../../src-main/data/choices.ts';

const read = (row: Record<string, unknown>, choices: string | undefined, answer: string | null = '{{answer}}') =>
  readQuestions([{ index: 0, row, promptText: typeof row['prompt'] === 'string' ? row['prompt'] : '', completionText: 'b' }], 'test.jsonl', { choices, answer: answer ?? undefined })[0]!;

test.each<[unknown, number | null]>([
  [1, 1], ['1', 1], ['B', 1], ['b', 1], ['(B)', 1], ['B.', 1], [' B ', 1], ['Paris', 0], ['Rome ', 2], [0, 0], ['none', null], [3, null], ['D', null], [-1, null], [1.5, null],
])('the answer %j is choice %s', (answer, place) => {
  const row = { answer, choices: ['Paris', 'London', 'Rome'] };
  if (place === null) expect(() => read(row, '{{choices}}')).toThrow('is none of its choices');
  else expect(read(row, '{{choices}}')).toEqual({ choices: row.choices, answer: place });
});

it('takes a number for a place and its text for a choice', () => {
  expect(read({ answer: 1, choices: ['1', '2'] }, '{{choices}}').answer).toBe(1);
  expect(read({ answer: '1', choices: ['1', '2'] }, '{{choices}}').answer).toBe(0);
  expect(read({ answer: 'A', choices: ['B', 'A'] }, '{{choices}}').answer).toBe(1);
});

it('reads choices however they are written', () => {
  expect(read({ answer: 'No' }, 'Yes|No')).toEqual({ choices: ['Yes', 'No'], answer: 1 });
  expect(read({ answer: 3, a: 'x' }, 'A | B | C | D')).toEqual({ choices: ['A', 'B', 'C', 'D'], answer: 3 });
  expect(read({ answer: '1', choices: '["a, b", "c"]' }, '{{choices}}').choices).toEqual(['a, b', 'c']);
  expect(read({ answer: 'C', choices: { text: ['x', 'y'], label: ['A', 'C'] } }, '{{choices}}')).toEqual({ choices: ['x', 'y'], answer: 1 });
  expect(read({ answer: '2', choices: { text: ['x', 'y'], label: ['1', '2'] } }, '{{choices}}').answer).toBe(1);
  expect(read({ answer: '(C)', prompt: '(A) z\n(B) z\n(A) one\n(B) two\n (C) three' }, undefined)).toEqual({ choices: ['(A)', '(B)', '(C)'], answer: 2 });
  expect(read({}, 'a|b', null).answer).toBe(1);
  expect(() => read({ answer: 0 }, 'one')).toThrow('there are no choices');
});
