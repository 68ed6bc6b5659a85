import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import { NO_NOTES, sumNotes, type ExampleNotes } from '../../src-main/text/notes.ts';
import { textFindings } from '../../src-main/text/text-findings.ts';
import { Pipeline } from '../../src-main/text/tokenizer/pipeline/pipeline.ts';
import { Tokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';

type Json = Record<string, unknown>;

function tokenizerOf(json: Json): Tokenizer {
  return new Tokenizer(new Pipeline(json, 'tokenizer.json'), { texts: {}, eosIds: [], bosId: null, padId: null }, false, [json]);
}

const sample = tokenizerFiles('0123456789+=')['tokenizer.json'] as Json;
const words = (model: Json): Json => ({ added_tokens: [], normalizer: null, pre_tokenizer: { type: 'Whitespace' }, post_processor: null, decoder: null, model });
const ids = (...tokens: string[]): Json => Object.fromEntries(tokens.map((token, id) => [token, id]));
const ALPHABET = Array.from({ length: 256 }, (_, byte) => byte).map((byte, _, all) => (
  String.fromCharCode((byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad) ? byte : 256 + all.slice(0, byte).filter((b) => b <= 0x20 || (b >= 0x7f && b <= 0xa0) || b === 0xad).length)));

describe('what no token writes of a text', () => {
  it.each<[string, Json, string, string | null]>([
    ['a BPE that leaves it out', sample, '12+7=', null],
    ['a BPE that leaves it out', sample, 'Was ist 1+1?', 'W'],
    ['a BPE that leaves a space out', sample, '1 + 1', ' '],
    ['a BPE that leaves it out, around special tokens', sample, '<s>1+1</s>', null],
    ['a byte-level BPE with every byte', { ...sample, added_tokens: [], post_processor: null, model: { ...sample['model'] as Json, vocab: ids(...ALPHABET) } }, 'ñ 🙂 日', null],
    ['a BPE that falls back to bytes', words({ type: 'BPE', vocab: ids('<unk>', 'a', ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)), merges: [], unk_token: '<unk>', byte_fallback: true }), 'aé', null],
    ['a BPE with a token for it', words({ type: 'BPE', vocab: ids('<unk>', 'a'), merges: [], unk_token: '<unk>' }), 'a ab', 'b'],
    ['a Unigram', words({ type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['a', -1], ['b', -2]] }), 'ab abé', 'é'],
    ['a Unigram that has it all', words({ type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['a', -1], ['b', -2]] }), 'ab ba', null],
    ['a WordPiece that knows its characters, but not the word', words({ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: ids('[UNK]', 'a', 'b', '##a') }), 'aa ab', 'ab'],
    ['a WordLevel', words({ type: 'WordLevel', unk_token: '[UNK]', vocab: ids('[UNK]', 'yes', 'no') }), 'yes maybe', 'maybe'],
  ])('%s: %#', (_, json, text, missed) => {
    expect(tokenizerOf(json).missed(text)).toBe(missed);
  });

  it('is counted, and told with the first of it', () => {
    const notes = (missed: string | null): ExampleNotes => ({ isMoved: false, opening: null, ignored: [], missed });
    expect(textFindings(sumNotes([notes(null), notes('ñ'), notes('?')]), 'train.jsonl').map(({ code, message }) => [code, message])).toEqual([
      ['not-written', '2 of 3 examples of train.jsonl have something that the model\'s tokenizer has no token for, first "ñ": the model does not see it, and does not learn it.']]);
    expect(textFindings(NO_NOTES, 'train.jsonl')).toEqual([]);
  });
});
