import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextStream } from '../../src-main/text/tokenizer/text-stream.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { fixture, MODELS } from '../model/model-fixtures.ts';

describe.each(MODELS)('text of %s as it grows', (name) => {
  it.each([true, false])('joins to the text of the whole (special tokens skipped: %s)', async (skipSpecial) => {
    const tokenizer = await loadTokenizer(fixture(name));
    const pieces = fc.constantFrom('The student', ' writes', '  ', '\n', ' 12', 'naïve', '学生', ' 🙂', '👩‍👧', '\ufffd', '</s>', '<|im_end|>', '<|endoftext|>', 'x');
    fc.assert(fc.property(fc.array(pieces), fc.string({ unit: 'binary' }), (words, odd) => {
      const ids = tokenizer.encode(words.join('') + odd, { special: true });
      const stream = new TextStream(tokenizer, { skipSpecial });
      const told = ids.map((id) => stream.push(id));
      expect([...told, stream.end()].join('')).toBe(tokenizer.decode(ids, { skipSpecial }));
      expect(told.filter((text) => text.endsWith('\ufffd'))).toEqual([]);
    }));
  });
});

describe('text as it grows', () => {
  it('waits for whole characters and tells at the end what never became one', async () => {
    const tokenizer = await loadTokenizer(fixture('qwen2'));
    const [first, ...rest] = tokenizer.encode('🙂', { special: false });
    const stream = new TextStream(tokenizer, { skipSpecial: true });
    expect([first!, ...rest].map((id) => stream.push(id))).toEqual([...rest.map(() => ''), '🙂']);
    expect([stream.push(first!), stream.end()]).toEqual(['', '\ufffd']);
  });
});
