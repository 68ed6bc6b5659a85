import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModelForSeq2SeqLM, AutoTokenizer, env, type Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPORT_PRECISIONS, PRECISION_FACTS, type ExportPrecision } from '../../src-main/contract/export-report.ts';
import { dataViewSchema, decodeSchema } from '../../src-main/contract/recipe.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { generateText } from '../../src-main/service/writing/generate-text.ts';
import { exported } from '../support/exported.ts';
import { python, requires } from '../support/requires.ts';
import { t5Model } from '../support/t5-model.ts';

const PROMPTS = ['the house is small', 'das Haus', 'translate English to German: a man walks over the bridge'];
const NEW_TOKENS = 12;
const quiet = (): void => undefined;
let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-export-t5-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writtenBy(model: string): Promise<{ text: string; tokens: number[] }[]> {
  return Promise.all(PROMPTS.map((prompt) => generateText({
    model, device: 'cpu', prompt, chat: false, system: null, messages: null, maxNewTokens: NEW_TOKENS, decode: decodeSchema.parse({}), seed: 0,
  }, new AbortController().signal, quiet)));
}

const DTYPES = { fp32: 'fp32', fp16: 'fp16', int8: 'q8', int4: 'q4', q4f16: 'q4f16' } as const;

/** Greedy texts of an exported folder, by transformers.js alone. */
async function byTransformersJs(path: string, dtype: (typeof DTYPES)[ExportPrecision]): Promise<string[]> {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(path);
  const tokenizer = await AutoTokenizer.from_pretrained(basename(path));
  const loaded = await AutoModelForSeq2SeqLM.from_pretrained(basename(path), { dtype, device: 'cpu' });
  const texts: string[] = [];
  for (const prompt of PROMPTS) {
    const inputs = tokenizer(prompt) as { input_ids: Tensor };
    const output = await loaded.generate({ ...inputs, max_new_tokens: NEW_TOKENS, do_sample: false }) as Tensor;
    texts.push(tokenizer.batch_decode(output, { skip_special_tokens: true })[0]!);
  }
  await loaded.dispose();
  return texts;
}

// Few bits keep what a model has learned, not the chance choices of random weights.
describe.each([['t5', ['fp32']], ['flan', ['fp32']], ['trained', ['fp32', 'fp16', 'int8', 'int4', 'q4f16']]] as const)('an exported %s', (name, keeping) => {
  it('opens and writes in transformers.js in every precision', async () => {
    const model = await t5Model(name, join(folder, name));
    const to = join(folder, `${name}-onnx`);
    const { precisions, genai, trainedPerplexity } = await exported(model, to, EXPORT_PRECISIONS, name === 'trained' ? {
      texts: { data: await sentences(), view: dataViewSchema.parse({ prompt: '{{english}}', completion: '{{german}}' }), holdOut: null },
    } : {});
    expect((await readdir(join(to, 'onnx'))).sort()).toEqual(['', '_fp16', '_q4', '_q4f16', '_quantized'].flatMap((suffix) => [`decoder_model_merged${suffix}.onnx`, `encoder_model${suffix}.onnx`]).sort());
    expect(genai).toBeNull();
    const own = (await writtenBy(model)).map(({ text }) => text);
    for (const { precision, maxLogitDifference, topAgreement, keeps, perplexity } of precisions) {
      if ((keeping as readonly string[]).includes(precision)) {
        expect(maxLogitDifference).toBeLessThan({ fp32: 1e-4, fp16: 0.1, int8: 3, int4: 15, q4f16: 15 }[precision]);
        expect(topAgreement).toBeGreaterThan({ fp32: 0.999, fp16: 0.95, int8: 0.9, int4: 0.7, q4f16: 0.7 }[precision]);
        expect(perplexity / trainedPerplexity!).toBeLessThan({ fp32: 1.0001, fp16: 1.01, int8: 1.2, int4: 3, q4f16: 3 }[precision]);
      }
      expect(keeps).toBe(topAgreement >= PRECISION_FACTS[precision].agreement);
      const texts = await byTransformersJs(to, DTYPES[precision]);
      if (precision === 'fp32') expect(texts).toEqual(own);
    }
  });
});

/** Sentences as the trained model has learned to translate them. */
async function sentences(): Promise<string> {
  const pairs = [['the house is small', 'das Haus ist klein'], ['the old bridge is over the street', 'das alt Brücke ist über das Straße'], ['small and old', 'klein und alt'], ['the street is old and small', 'das Straße ist alt und klein']];
  const file = join(folder, 'sentences.jsonl');
  await writeFile(file, pairs.map(([english, german]) => JSON.stringify({ english, german })).join('\n'));
  return file;
}

requires('python', 'onnxruntime')('an exported T5 in Python\'s onnxruntime', () => {
  it('writes what Retort writes, token for token', async () => {
    const model = await t5Model('flan', join(folder, 'for-python'));
    const to = join(folder, 'python');
    await exported(model, to, ['fp32']);
    const tokenizer = await loadTokenizer(model);
    const { stdout, stderr } = spawnSync(python()!, ['test/export/onnxruntime_greedy.py', join(to, 'onnx', 'decoder_model_merged.onnx'), join(to, 'onnx', 'encoder_model.onnx')], {
      encoding: 'utf8',
      input: JSON.stringify({ prompts: PROMPTS.map((prompt) => tokenizer.encode(prompt, { special: true })), newTokens: NEW_TOKENS, eos: 1, start: 0 }),
    });
    expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual((await writtenBy(model)).map(({ tokens }) => tokens));
  });
});
