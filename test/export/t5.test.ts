import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModelForSeq2SeqLM, AutoTokenizer, env, type Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import { loadTokenizer } from '../../src-main/model/tokenizer.ts';
import { exportModel } from '../../src-main/service/export-model.ts';
import { generateText } from '../../src-main/service/generate-text.ts';
import { python, requires } from '../support/requires.ts';
import { t5Model } from '../support/t5-model.ts';

const PROMPTS = ['the house is small', 'das Haus', 'translate English to German: a man walks over the bridge'];
const NEW_TOKENS = 12;
const quiet = (): void => undefined;
let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-export-t5-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

async function own(model: string): Promise<{ text: string; tokens: number[] }[]> {
  return Promise.all(PROMPTS.map((prompt) => generateText({
    model, device: 'cpu', prompt, chat: false, system: null, maxNewTokens: NEW_TOKENS, decode: decodeSchema.parse({}), seed: 0,
  }, new AbortController().signal, quiet)));
}

// Few bits keep what a model has learned, not the chance choices of random weights.
describe.each([['t5', ['fp32', 'fp16']], ['flan', ['fp32', 'fp16']], ['trained', ['fp32', 'fp16', 'int8', 'int4']]] as const)('an exported %s', (name, precisions) => {
  it.each([['fp32', 'fp32', ''], ['fp16', 'fp16', '_fp16'], ['int8', 'q8', '_quantized'], ['int4', 'q4', '_q4']] as const)(
    'in %s opens and writes in transformers.js', async (precision, dtype, suffix) => {
      const model = await t5Model(name, join(folder, name));
      const to = join(folder, `${name}-${precision}`);
      const parity = await exportModel({ model, to, precision }, quiet);
      expect((await readdir(join(to, 'onnx'))).sort()).toEqual([`decoder_model_merged${suffix}.onnx`, `encoder_model${suffix}.onnx`]);
      if ((precisions as readonly string[]).includes(precision)) {
        expect(parity.maxLogitDifference).toBeLessThan({ fp32: 1e-4, fp16: 0.1, int8: 2, int4: 12 }[precision]);
        expect(parity.topAgreement).toBeGreaterThan({ fp32: 0.999, fp16: 0.95, int8: 0.9, int4: 0.6 }[precision]);
      }
      env.allowRemoteModels = false;
      env.localModelPath = dirname(to);
      const tokenizer = await AutoTokenizer.from_pretrained(basename(to));
      const loaded = await AutoModelForSeq2SeqLM.from_pretrained(basename(to), { dtype, device: 'cpu' });
      const texts: string[] = [];
      for (const prompt of PROMPTS) {
        const inputs = tokenizer(prompt) as { input_ids: Tensor };
        const output = await loaded.generate({ ...inputs, max_new_tokens: NEW_TOKENS, do_sample: false }) as Tensor;
        texts.push(tokenizer.batch_decode(output, { skip_special_tokens: true })[0]!);
      }
      await loaded.dispose();
      if (precision === 'fp32') expect(texts).toEqual((await own(model)).map(({ text }) => text));
    });
});

requires('python', 'onnxruntime')('an exported T5 in Python\'s onnxruntime', () => {
  it('writes what Retort writes, token for token', async () => {
    const model = await t5Model('flan', join(folder, 'for-python'));
    const to = join(folder, 'python');
    await exportModel({ model, to, precision: 'fp32' }, quiet);
    const tokenizer = await loadTokenizer(model);
    const { stdout, stderr } = spawnSync(python()!, ['test/export/onnxruntime_greedy.py', join(to, 'onnx', 'decoder_model_merged.onnx'), join(to, 'onnx', 'encoder_model.onnx')], {
      encoding: 'utf8',
      input: JSON.stringify({ prompts: PROMPTS.map((prompt) => tokenizer.encode(prompt, { special: true })), newTokens: NEW_TOKENS, eos: 1, start: 0 }),
    });
    expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual((await own(model)).map(({ tokens }) => tokens));
  });
});
