import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { initModel } from '../../../src-main/model/init.ts';
import { openWholeModel, readWeights } from '../../../src-main/model/load-model.ts';
import { TrainedModel } from '../../../src-main/service/export/trained.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';
import { python, requires } from '../../support/requires.ts';
import { closeness, NEAR_TIE } from './near-tie.ts';
import { written } from './written.ts';

const temporary = temporaryFolder();
const TOKENIZER = 'test/fixtures/t5-tokenizer';
const NEW_TOKENS = 16;
const WORDS = ['the dog is small', 'a red house', 'the man sees a tree', 'his hat', 'water', 'this is an old book: it is blue', 'Das ist gut.', 'two', 'the sun and the sea', 'a'];
const PROMPTS = [...WORDS, ...WORDS.map((words) => `translate: ${words}.`)];

// node-llama-cpp runs no model with an encoder, so it is llama.cpp's library itself.
requires('libllama', 'llama-cpp-python')('an encoder-decoder', () => {
  it.for(['t5', 'flan', 'mt5', 'umt5'])('reads and writes in llama.cpp as in Retort: %s', async (kind, { annotate }) => {
    const raw = JSON.parse(await readFile(`test/fixtures/engine/t5/${kind}/config.json`, 'utf8')) as object;
    const config = temporary.path(`${kind}.json`);
    // What a GGUF file takes for granted; weights further apart than they begin, so that not all is one token.
    await writeFile(config, JSON.stringify({ ...raw, vocab_size: 101, d_model: 64, d_kv: 16, d_ff: 128, relative_attention_max_distance: 128, relative_attention_num_buckets: 32, initializer_factor: 2 }));
    await initModel({ config, tokenizer: TOKENIZER, to: temporary.path(kind), seed: 3 });
    const model = await openWholeModel(temporary.path(kind));
    const trained = new TrainedModel(model, await readWeights(model));
    const file = temporary.path(`${kind}.gguf`);
    await written(temporary.path(kind), file, 'f16');
    const prompts = PROMPTS.map((text, id) => ({ id, tokens: Int32Array.from(model.tokenizer.encode(text, { special: true })) }));
    const expected = await trained.write(prompts, NEW_TOKENS, { strategy: 'greedy' }, new AbortController().signal);
    const told = JSON.parse(execFileSync(python()!, ['test/export/gguf/write_encoded.py', file, String(NEW_TOKENS), ...PROMPTS], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as { read: number[]; written: number[] }[];
    expect(told.map(({ read }) => read)).toEqual(prompts.map(({ tokens }) => [...tokens]));
    const partings: number[] = [];
    for (const [at, { tokens }] of prompts.entries()) {
      const ours = expected[at]!.tokens;
      const parting = ours.findIndex((id, position) => told[at]!.written[position] !== id);
      if (parting >= 0) partings.push(await closeness(trained, tokens, ours.slice(0, parting + 1), told[at]!.written[parting]!));
      else expect(told[at]!.written).toEqual([...ours]);
    }
    await trained.release();
    await annotate(`${PROMPTS.length - partings.length} of ${PROMPTS.length} texts the same, the others part by ${partings.map((gap) => gap.toFixed(4)).join(', ') || 'nothing'} of a deviation`);
    // llama.cpp multiplies in float16: what is all but a tie may fall to the other side, and little may be so.
    expect(partings.filter((gap) => gap > NEAR_TIE)).toEqual([]);
    expect(partings.length).toBeLessThanOrEqual(6);
    expect(new Set(expected.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(5);
  });
});
