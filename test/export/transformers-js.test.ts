import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, env, type Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import type { Precision } from '../../src-main/export/precision.ts';
import { exportModel } from '../../src-main/service/export-model.ts';
import { generateText } from '../../src-main/service/generate-text.ts';
import { resource } from '../../src-main/service/resources.ts';

const model = resource('sample', 'student');
const quiet = (): void => undefined;
let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-export-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Greedy text of an exported folder, by transformers.js alone. */
async function byTransformersJs(path: string, dtype: 'fp32' | 'fp16' | 'q8' | 'q4', prompts: string[]): Promise<string[]> {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(path);
  const tokenizer = await AutoTokenizer.from_pretrained(basename(path));
  const loaded = await AutoModelForCausalLM.from_pretrained(basename(path), { dtype, device: 'cpu' });
  const texts: string[] = [];
  for (const prompt of prompts) {
    const inputs = tokenizer(prompt) as { input_ids: Tensor };
    const output = await loaded.generate({ ...inputs, max_new_tokens: 60, do_sample: false }) as Tensor;
    texts.push(tokenizer.batch_decode(output, { skip_special_tokens: true })[0]!.slice(prompt.length));
  }
  await loaded.dispose();
  return texts;
}

const prompts = Array.from({ length: 4 }, (_, at) => exercise(3, at).question);

describe('an exported folder', () => {
  it.each([['fp32', 'fp32'], ['fp16', 'fp16'], ['int8', 'q8'], ['int4', 'q4']] as const)('in %s opens and writes in transformers.js', async (precision: Precision, dtype) => {
    const to = join(folder, precision);
    const parity = await exportModel({ model, to, precision }, quiet);
    expect(parity.maxLogitDifference).toBeLessThan({ fp32: 1e-3, fp16: 0.1, int8: 2, int4: 12 }[precision]);
    expect(parity.topAgreement).toBeGreaterThan({ fp32: 0.999, fp16: 0.97, int8: 0.85, int4: 0.4 }[precision]);
    const texts = await byTransformersJs(to, dtype, prompts);
    if (precision === 'fp32') {
      const own = await Promise.all(prompts.map(async (prompt) => (await generateText({
        model, device: 'cpu', prompt, chat: false, system: null, maxNewTokens: 60, decode: decodeSchema.parse({}), seed: 0,
      }, new AbortController().signal, quiet)).text));
      expect(texts).toEqual(own);
    }
    for (const text of texts) expect(text).toMatch(/^\d/);
  });

  it('says in its card how near it is, and is never written over', async () => {
    const to = join(folder, 'card');
    const { topAgreement } = await exportModel({ model, to, precision: 'fp32' }, quiet);
    expect(await readFile(join(to, 'README.md'), 'utf8')).toContain(`${(100 * topAgreement).toFixed(2)}%`);
    await expect(exportModel({ model, to, precision: 'fp32' }, quiet)).rejects.toThrow('exists already');
  });
});
