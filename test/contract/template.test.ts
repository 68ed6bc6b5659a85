import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Template } from '../../src-main/contract/template.ts';

const WHERE = 'train.jsonl row 17';

function render(source: string, row: Record<string, unknown>): string {
  return new Template(source).render(row, WHERE);
}

describe('a template', () => {
  const row = {
    question: 'Why?', n: 3, share: 0.5, good: true, tags: ['x', 'y'], answer: { text: 'So.', choices: [{ label: 'A' }] },
    'a.b': 'dotted', 'with space': 'spaced',
  };

  test.each([
    ['{{question}}', 'Why?'],
    ['Q: {{ question }}\nA:', 'Q: Why?\nA:'],
    ['{{n}} {{share}} {{good}}', '3 0.5 true'],
    ['{{tags}}{{tags.1}}', '["x","y"]y'],
    ['{{answer.text}} {{answer.choices.0.label}}', 'So. A'],
    ['{{a.b}}, {{with space}}', 'dotted, spaced'],
    ['\\boxed{{{n}}} {x} } {', '\\boxed{3} {x} } {'],
    ['no columns', 'no columns'],
  ])('%j gives %j', (source, expected) => {
    expect(render(source, row)).toBe(expected);
  });

  test('keeps text and values exactly, whatever they hold', () => {
    const literal = fc.string({ unit: 'binary' }).filter((text) => !/[{}]/.test(text));
    fc.assert(fc.property(literal, literal, fc.string({ unit: 'binary' }), (before, after, value) => {
      expect(render(`${before}{{x}}${after}`, { x: value })).toBe(before + value + after);
    }));
  });

  test('lists its columns once', () => {
    expect(new Template('{{a}} {{b.c}} {{ a }}').columns).toEqual(['a', 'b.c']);
  });

  test.each(['{{a', 'a}}', '{{a}', '{{}}', '{{ }}', '{{a}} {{'])('refuses %j', (source) => {
    expect(() => new Template(source)).toThrow(JSON.stringify(source));
  });
});

describe('a column that is not there', () => {
  test('is refused with the columns there are and the closest', () => {
    expect(() => render('{{Quesion}}', { question: 'a', answer: 'b' })).toThrow(expect.objectContaining({
      kind: 'input', message: 'train.jsonl row 17: there is no column "Quesion".', hint: 'Did you mean "question"? The columns are question, answer.',
    }));
    expect(() => render('{{email}}', { question: 'a' })).toThrow(expect.objectContaining({ hint: 'The columns are question.' }));
    expect(() => render('{{emial}}', { subject: 'a', email: 'b' })).toThrow(expect.objectContaining({ hint: expect.stringContaining('"email"') }));
  });

  test('is found before any row is read', () => {
    const template = new Template('{{question}} {{answer.text}}');
    expect(() => template.check(['question', 'answer'], 'train.jsonl')).not.toThrow();
    expect(() => template.check(['question', 'anwser'], 'train.jsonl')).toThrow('train.jsonl: there is no column "answer.text".');
  });

  test('is not what every object inherits', () => {
    expect(() => render('{{constructor}}', { a: 1 })).toThrow('there is no column "constructor"');
    expect(() => render('{{a.constructor}}', { a: {} })).toThrow('the column "a.constructor" has no value');
  });
});

test.each([
  ['{{a}}', { a: null }], ['{{a}}', { a: undefined }], ['{{a.b}}', { a: { c: 1 } }], ['{{a.b}}', { a: 'text' }], ['{{a.2}}', { a: [1, 2] }],
])('%s of %j has no value, and the row is named', (source, row) => {
  expect(() => render(source, row)).toThrow(/^train\.jsonl row 17: the column "a(\.\w)?" has no value\.$/);
});
