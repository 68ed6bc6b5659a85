import { readdirSync, existsSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tokenAt } from '../../src-main/text/token-boundary.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';

const MODELS = 'test/fixtures/model-folders';
const folders = readdirSync(MODELS).filter((name) => existsSync(`${MODELS}/${name}/tokenizer.json`));

it.each(folders)('%s: a place in a text is found at the first token that reaches beyond it', async (name) => {
  const tokenizer = await loadTokenizer(`${MODELS}/${name}`);
  const encode = (text: string): number[] => tokenizer.encode(text, { special: false });
  const decode = (ids: readonly number[]): string => tokenizer.decode(ids, { skipSpecial: false });
  const text = fc.array(fc.constantFrom('the', ' cat', ' sat', ':', ' ', '\n', '12', 'é', 'answer'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, text, (before, behind) => {
    const ids = encode(`${before}${behind}`);
    const { at, isInside } = tokenAt(ids, encode(before), decode);
    // Only where decoding gives back the text can it be said from outside where a token stands.
    if (decode(ids) !== `${before}${behind}` || decode(encode(before)) !== before) return;
    expect(before.startsWith(decode(ids.slice(0, at)))).toBe(true);
    if (!isInside) expect(decode(ids.slice(0, at))).toBe(before);
    else expect(decode(ids.slice(0, at + 1)).length).toBeGreaterThan(decode(ids.slice(0, at)).length - 1);
  }), { numRuns: 300, seed: 5 });
});
