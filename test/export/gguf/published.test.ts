import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeTokenizer } from '../../../src-main/export/gguf/tokenizer/describe-tokenizer.ts';
import { TYPE } from '../../../src-main/export/gguf/tokenizer/tokens.ts';
import { findLlama } from '../../../src-main/export/llama/find-llama.ts';
import { OpenedLlama } from '../../../src-main/export/llama/opened-llama.ts';
import { GgufFile } from '../../../src-main/model/gguf/gguf-file.ts';
import type { MetadataValue } from '../../../src-main/model/gguf/metadata.ts';
import { PRE_TOKENIZERS } from '../../../src-main/model/gguf/pre-tokenizers.ts';
import { openWholeModel, readWeights, type Model } from '../../../src-main/model/load-model.ts';
import { endOfTurn } from '../../../src-main/text/chat/chat-end.ts';
import { hasChatTemplate, loadChatTemplate } from '../../../src-main/text/chat/chat-template.ts';
import { TrainedModel } from '../../../src-main/service/export/trained.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';
import { requires } from '../../support/requires.ts';
import { convertPublished, metadataOf, PUBLISHED, QUESTIONS, whyNot } from './published.ts';
import { closeness, NEAR_TIE } from './near-tie.ts';
import { written } from './written.ts';

/** Names of a file, and what llama.cpp writes for its own bookkeeping. */
const NAMES = /^general\.(name|size_label|basename|finetune|version|organization|type|license|tags|languages|base_model.*|alignment|author|url|source.*|sampling.*)$/;

const NEW_TOKENS = 24;
const { signal } = new AbortController();
/** A folder that keeps what the converter made for the next time. */
const KEPT = process.env['PUBLISHED_FOLDER'];
const temporary = temporaryFolder();

requires('converter', 'tokenizers')('a small model with a published tokenizer', () => {
  const wanted = process.env['PUBLISHED'] ? process.env['PUBLISHED'].split(',') : Object.keys(PUBLISHED);
  let to = '';
  beforeAll(async () => {
    to = KEPT ?? await mkdtemp(join(tmpdir(), 'retort-published-'));
    await convertPublished(to, wanted);
  }, 1_200_000);
  afterAll(async () => { if (KEPT === undefined) await rm(to, { recursive: true }); });

  describe.each(wanted)('%s', (name) => {
    beforeAll(() => written(join(to, name), ours(), 'f16'));
    const [ours, theirs] = [() => temporary.path(`${name}.gguf`), () => join(to, `${name}.gguf`)];

    it('has the tensors that llama.cpp\'s converter makes', async () => {
      expect(await whyNot(to, name)).toBeNull();
      const [one, other] = [await GgufFile.open(ours()), await GgufFile.open(theirs())];
      expect([...one.tensorNames].sort()).toEqual([...other.tensorNames].sort());
      for (const tensor of other.tensorNames) {
        expect([tensor, one.shape(tensor), one.type(tensor)]).toEqual([tensor, other.shape(tensor), other.type(tensor)]);
        expect(Buffer.compare(await bytesOf(one, tensor), await bytesOf(other, tensor)), tensor).toBe(0);
      }
    });

    it('says what the converter\'s says', async () => {
      const [one, other] = [await metadataOf(ours()), await metadataOf(theirs())];
      const unknown = other.get('tokenizer.ggml.unknown_token_id');
      const types = one.get('tokenizer.ggml.token_type') as readonly number[];
      const differing = [...other].filter(([key]) => !NAMES.test(key)).flatMap(([key, value]) => differences(key, one.get(key), value))
        // A control token for one of the converter's two ways to read such a tokenizer, and unknown for the other.
        .filter(([key, at]) => key !== 'tokenizer.ggml.token_type' || at !== unknown)
        // What is never joined has a score that no reader looks at; a half of a character is spelt anew there.
        .filter(([key, at, , theirs]) => (key !== 'tokenizer.ggml.scores' || types[at as number] === TYPE.normal) && !(key === 'tokenizer.ggml.tokens' && String(theirs).includes('\ufffd')));
      expect(differing.slice(0, 20)).toEqual([]);
    });

    it('reads, writes and ends in llama.cpp as in Retort', async ({ skip, annotate }) => {
      const found = await findLlama(process.env['RETORT_PEERS'] ?? null);
      if (!found) return skip('needs node-llama-cpp, beside Retort or in RETORT_PEERS');
      const model = await openWholeModel(join(to, name));
      const trained = new TrainedModel(model, await readWeights(model));
      const { template, stops } = await describeTokenizer(model.tokenizer, model.folder.companions, model.folder.config.vocabSize);
      const texts = await textsOf(model);
      const greedy = await trained.write(texts.map(({ tokens }, id) => ({ id, tokens })), NEW_TOKENS, { strategy: 'greedy' }, signal);
      const opened = await OpenedLlama.open(found, ours(), Math.max(...texts.map(({ tokens }) => tokens.length)) + NEW_TOKENS + 1);
      try {
        for (const { text, plain } of texts) expect([text, opened.tokenize(text)]).toEqual([text, plain]);
        expect(stops.filter((id) => !opened.ends(id))).toEqual([]);
        if (template) expect(stops).toContain(endOfTurn(template, model.tokenizer) ?? stops[0]);
        const partings: number[] = [];
        for (const [at, { tokens }] of texts.entries()) {
          const all = [...greedy[at]!.tokens];
          const end = all.findIndex((id) => stops.includes(id));
          const expected = end < 0 ? all : all.slice(0, end + 1);
          const { tokens: told } = await opened.write(tokens, expected.length, new Set(stops), signal);
          const parting = expected.findIndex((id, position) => told[position] !== id);
          if (parting >= 0) partings.push(await closeness(trained, tokens, Int32Array.from(expected.slice(0, parting + 1)), told[parting]!));
        }
        await annotate(`${texts.length - partings.length} of ${texts.length} texts the same, the others part by ${partings.map((gap) => gap.toFixed(4)).join(', ') || 'nothing'} of a deviation`);
        // llama.cpp multiplies in float16: what is all but a tie may fall to the other side, and little may be so.
        expect(partings.filter((gap) => gap > NEAR_TIE)).toEqual([]);
        expect(partings.length).toBeLessThanOrEqual(6);
      } finally {
        await opened.release();
        await trained.release();
      }
    });
  });
});

/** Where a value of a key, or an item of its list, is another one, and both. */
function differences(key: string, ours: MetadataValue | undefined, theirs: MetadataValue): unknown[][] {
  if (key === 'tokenizer.ggml.pre') return splits(ours) === splits(theirs) ? [] : [[key, ours, theirs]];
  // What llama.cpp takes for granted, and templates by other names than the usual one.
  if ((key === 'tokenizer.ggml.add_sep_token' || key === 'tokenizer.ggml.add_space_prefix') && theirs === false && ours === undefined) return [];
  if (/^tokenizer\.chat_template(s$|\.)/.test(key)) return [];
  // Without a tokenizer.model the converter has one score for all pieces, by which none would be joined first.
  if (key === 'tokenizer.ggml.scores' && Array.isArray(theirs) && theirs.every((score) => score === -1000)) return [];
  if (!Array.isArray(theirs) || !Array.isArray(ours) || ours.length !== theirs.length) return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [[key, ours, theirs]];
  return theirs.flatMap((value: MetadataValue, at) => (ours[at] === value ? [] : [[key, at, ours[at], value]]));
}

/** llama.cpp has several names for some ways to split a text. */
const splits = (name: MetadataValue | undefined): string => JSON.stringify(PRE_TOKENIZERS[name === 'joyai-llm' ? 'deepseek-v3' : String(name)]?.patterns ?? name);

async function bytesOf(file: GgufFile, tensor: string): Promise<Buffer> {
  const values = await file.read(tensor);
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** Chats where the model is for them, and plain texts: as text, as tokens of that text, and as tokens that the model is given. */
async function textsOf({ folder: { companions }, tokenizer }: Model): Promise<{ text: string; plain: number[]; tokens: Int32Array }[]> {
  const template = await hasChatTemplate(companions) ? await loadChatTemplate(companions) : null;
  const plain = (text: string): number[] => tokenizer.encode(text, { special: false });
  const chats = template ? QUESTIONS.map((content) => template.render([{ role: 'user', content }], { addGenerationPrompt: true })) : QUESTIONS.map((text) => `${text} ${text}`);
  return [
    ...chats.map((text) => ({ text, plain: plain(text), tokens: Int32Array.from(template ? plain(text) : tokenizer.encode(text, { special: true })) })),
    ...QUESTIONS.map((text) => ({ text, plain: plain(text), tokens: Int32Array.from(tokenizer.encode(text, { special: true })) })),
  ];
}
