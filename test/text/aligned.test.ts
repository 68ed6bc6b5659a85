import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Alignment, type AlignedSide } from '../../src-main/text/aligned/alignment.ts';
import { Vocabulary } from '../../src-main/text/aligned/vocabulary.ts';
import { toByteAlphabet } from '../../src-main/text/tokenizer/pipeline/byte-alphabet.ts';
import { loadTokenizer, type Tokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-aligned-')); });
afterAll(() => rm(folder, { recursive: true }));

interface Made { tokens: readonly string[]; merges?: readonly string[]; specials: readonly string[]; end: string }

let count = 0;
async function tokenizerOf(json: object, end: string): Promise<Tokenizer> {
  const to = await mkdtemp(join(folder, `${count++}-`));
  await writeFile(join(to, 'tokenizer.json'), JSON.stringify({ version: '1.0', truncation: null, padding: null, normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...json }));
  await writeFile(join(to, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', eos_token: end }));
  return loadTokenizer(to);
}

const added = (specials: readonly string[], vocab: Record<string, number>): object[] => specials.map((content) => (
  { id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }));
const BPE = { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false };

/** GPT-2's kind: tokens of bytes. */
async function byteLevel({ tokens, merges = [], specials, end }: Made): Promise<AlignedSide> {
  const vocab = Object.fromEntries(tokens.map((token, id) => [specials.includes(token) ? token : toByteAlphabet(token), id]));
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return sideOf(await tokenizerOf({ added_tokens: added(specials, vocab), pre_tokenizer: level, decoder: level, model: { ...BPE, vocab, merges: merges.map((merge) => merge.split(' ').map(toByteAlphabet).join(' ')) } }, end));
}

/** Llama 2's kind: a space before the text and in place of each space a mark, and bytes for what has no token. */
async function sentencePiece({ tokens, merges = [], specials, end }: Made): Promise<AlignedSide> {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const vocab = Object.fromEntries([...specials, ...bytes, ...tokens].map((token, id) => [token, id]));
  return sideOf(await tokenizerOf({
    added_tokens: added(specials, vocab),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    decoder: { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
    model: { ...BPE, unk_token: specials[0], fuse_unk: true, byte_fallback: true, vocab, merges },
  }, end));
}

const sideOf = (tokenizer: Tokenizer): AlignedSide & { tokenizer: Tokenizer } => ({
  tokenizer, vocabulary: new Vocabulary(tokenizer, tokenizer.vocabularySize, tokenizer.eosIds),
  encoder: { decode: (ids) => tokenizer.decode(ids, { skipSpecial: false }), encodePrompt: (text) => tokenizer.encode(text, { special: true }), specialIds: new Set(tokenizer.specialIds()) },
});

const ends = (side: AlignedSide, text: string): Int32Array => Int32Array.of(...side.vocabulary.encodeBehind(text), side.vocabulary.ends[0]!);
/** Where the teacher's next token begins, and where the tokens begin that may reach across, for each of the student's. */
const told = (alignment: Alignment, ids: Int32Array): (string | null)[] => alignment.align(ids).places.map((place) => place && `${place.next ?? '-'}${place.across ? ` across ${place.across.from}` : ''}`);

describe('two vocabularies', () => {
  it('are families of what both have, and of those tokens that begin so', async () => {
    const reference = JSON.parse(await readFile(new URL('../fixtures/other-tokens/loss.json', import.meta.url), 'utf8')) as { student: string[]; teacher: string[]; ofStudent: number[]; ofTeacher: number[]; across: Record<string, object> };
    const student = await byteLevel({ tokens: reference.student, merges: ['c d'], specials: ['<e>', '<x>'], end: '<e>' });
    const teacher = await byteLevel({ tokens: reference.teacher, merges: ['a b', 'ab c', 'a c'], specials: ['<end>', '<y>'], end: '<end>' });
    const { families } = new Alignment(student, teacher);
    expect(families).toMatchObject({ shared: 5, count: 6, sharedOfTeacher: [2, 3, 4, 0, 5] });
    // What is not known of the other side is its own: the ends are matched behind all that is spelled alike.
    expect([...families.student]).toEqual(reference.ofStudent);
    expect([...families.teacher]).toEqual(reference.ofTeacher);
    expect(Object.fromEntries(families.crossings.ofTeacher)).toEqual(reference.across);
    expect([...families.crossings.ofStudent]).toEqual(['4']);
  });

  it('of one tokenizer are themselves, whatever the ids', async () => {
    const tokens = ['<e>', 'a', 'b', 'ab', 'c'];
    const [one, other] = await Promise.all([tokens, [...tokens].reverse()].map((order) => byteLevel({ tokens: order, merges: ['a b'], specials: ['<e>'], end: '<e>' })));
    const { families } = new Alignment(one!, other!);
    expect([...families.student]).toEqual([0, 1, 2, 3, 4]);
    expect([...families.teacher]).toEqual([4, 3, 2, 1, 0]);
    expect(families).toMatchObject({ shared: 5, count: 5 });
    expect(families.crossings.ofTeacher.size + families.crossings.ofStudent.size).toBe(0);
  });
});

describe('a text in two ways', () => {
  it('is compared within a token of the teacher, and behind one that might have been longer', async () => {
    const student = await byteLevel({ tokens: ['<e>', 'a', 'b', 'c'], specials: ['<e>'], end: '<e>' });
    const teacher = await byteLevel({ tokens: ['<end>', 'a', 'b', 'c', 'ab'], merges: ['a b'], specials: ['<end>'], end: '<end>' });
    const alignment = new Alignment(student, teacher);
    // a|b is one token of the teacher; behind the last a it might have been.
    expect(told(alignment, ends(student, 'cabaca'))).toEqual(['0', '1', '- across 1', '2', '3 across 2', '4', '5 across 4']);
    expect([...alignment.align(ends(student, 'cabaca')).tokens]).toEqual([3, 4, 1, 3, 1, 0, 0]);
  });

  it('is left out where the student itself might have written one token', async () => {
    const student = await byteLevel({ tokens: ['<e>', 'a', 'b', 'c', 'ab'], merges: ['a b'], specials: ['<e>'], end: '<e>' });
    const teacher = await byteLevel({ tokens: ['<end>', 'a', 'b', 'c'], specials: ['<end>'], end: '<end>' });
    expect(told(new Alignment(student, teacher), ends(student, 'caba'))).toEqual(['0', '1', '3', null]);
  });

  it('may cut characters in different places, and break off within one', async () => {
    // Tokens of single bytes against whole characters, and bytes where there is none.
    const student = sideOf(await tokenizerOf({
      added_tokens: added(['<e>'], { '<e>': 256 }), pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }, decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      model: { ...BPE, vocab: { ...Object.fromEntries(alphabet().map((each, id) => [each, id])), '<e>': 256 }, merges: [] },
    }, '<e>'));
    const teacher = await sentencePiece({ tokens: ['▁', 'é', 'a', '▁a', '🙂'], merges: ['▁ a'], specials: ['<unk>', '</s>'], end: '</s>' });
    const alignment = new Alignment(student, teacher);
    const whole = alignment.align(ends(student, 'é a漢🙂'));
    // é is two bytes of the student, 漢 three of both. 🙂 is four: behind two of them the teacher would have written two tokens.
    expect(whole.places.map((place) => place !== null)).toEqual([true, true, true, true, true, true, true, true, true, false, false, true]);
    expect(Array.from(whole.tokens, (id) => teacher.vocabulary.bytes[id])).toEqual([...['é', ' a'].map(latin), '\xe6', '\xbc', '\xa2', latin('🙂'), null, null]);
    // A text that breaks off within a character is known as far as it is one.
    const cut = alignment.align(Int32Array.from([...student.vocabulary.encodeBehind('aé')].slice(0, 2)));
    expect(Array.from(cut.tokens, (id) => teacher.vocabulary.bytes[id])).toEqual(['a', null]);
  });

  it('goes on behind a special token that both have, and ends at one that the teacher has not', async () => {
    const student = await byteLevel({ tokens: ['<e>', 'a', 'b', '<both>', '<own>'], specials: ['<e>', '<both>', '<own>'], end: '<e>' });
    const teacher = await byteLevel({ tokens: ['<end>', 'a', 'b', '<both>', '<its>'], specials: ['<end>', '<both>', '<its>'], end: '<end>' });
    const alignment = new Alignment(student, teacher);
    expect([...alignment.align(Int32Array.of(1, 3, 2, 0)).tokens]).toEqual([1, 3, 2, 0, 0]);
    expect(told(alignment, Int32Array.of(1, 3, 2, 0))).toEqual(['0', '1', '2', '3']);
    expect(told(alignment, Int32Array.of(1, 4, 2, 0))).toEqual(['0', '1', null, null]);
  });

  it('comes back from the teacher with the student\'s end, and a prompt goes there with the teacher\'s special tokens', async () => {
    const student = await byteLevel({ tokens: ['<e>', 'a', 'b', ' '], specials: ['<e>'], end: '<e>' });
    const teacher = await sentencePiece({ tokens: ['▁', 'a', 'b', '▁a'], merges: ['▁ a'], specials: ['<unk>', '</s>'], end: '</s>' });
    const alignment = new Alignment(student, teacher);
    expect([...alignment.ofTeacher(Int32Array.of(...teacher.vocabulary.encodeBehind('ab a'), 1))]).toEqual([1, 2, 3, 1, 0]);
    expect([...alignment.ofTeacher(Int32Array.from(teacher.vocabulary.encodeBehind(' b')))]).toEqual([3, 2]);
    expect(teacher.encoder.decode([...alignment.promptOf(Int32Array.of(0, 1, 3, 2))])).toBe('a b');
    alignment.note(Int32Array.of(1, 1), Int32Array.of(7, 8));
    expect([...alignment.promptOf(Int32Array.of(1, 1))]).toEqual([7, 8]);
  });

  it('has the same bytes before each place, whatever the text', async () => {
    const [student, teacher] = [
      await byteLevel({ tokens: ['<e>', 'a', 'b', 'c', ' ', ' a', 'bc', 'abc'], merges: ['b c', 'a bc'], specials: ['<e>'], end: '<e>' }),
      await sentencePiece({ tokens: ['▁', 'a', 'b', 'c', '▁a', 'ab', '▁ab', 'ca'], merges: ['a b', '▁ ab', '▁ a', 'c a'], specials: ['<unk>', '</s>'], end: '</s>' }),
    ];
    const alignment = new Alignment(student, teacher);
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b', 'c', ' '), { minLength: 1, maxLength: 24 }), (letters) => {
      const ids = ends(student, letters.join(''));
      const { tokens, places } = alignment.align(ids);
      const before = (of: AlignedSide, to: number, all: Int32Array): string => Array.from(all.subarray(0, to), (id) => of.vocabulary.bytes[id]!).join('');
      expect(before(teacher, tokens.length - 1, tokens)).toBe(letters.join(''));
      places.forEach((place, at) => {
        if (!place) return;
        const written = before(student, at, ids);
        if (place.next !== null) expect(before(teacher, place.next, tokens)).toBe(written);
        if (place.across) expect(before(teacher, place.across.from, tokens) + teacher.vocabulary.bytes[place.across.whole]!).toBe(written);
      });
    }));
  });
});

const latin = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
/** GPT-2's character of each byte. */
function alphabet(): string[] {
  const visible = (byte: number): boolean => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(visible(byte) ? byte : 256 + hidden++));
}
