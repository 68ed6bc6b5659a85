import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, env, type Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { EXPORT_PRECISIONS, PRECISION_FACTS, type ExportReport } from '../../src-main/contract/export-report.ts';
import { dataViewSchema, decodeSchema } from '../../src-main/contract/recipe.ts';
import { generateText } from '../../src-main/service/writing/generate-text.ts';
import { openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { useLines } from '../../src-renderer/screens/export/use-lines.ts';
import { resource } from '../../src-main/service/resources.ts';
import { exported } from '../support/exported.ts';

const model = resource('sample', 'student');
const quiet = (): void => undefined;
const DTYPES = { fp32: 'fp32', fp16: 'fp16', int8: 'q8', int4: 'q4', q4f16: 'q4f16' } as const;
const prompts = Array.from({ length: 4 }, (_, at) => exercise(3, at).question);
let folder: string;
let to: string;
let report: ExportReport;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-export-'));
  to = join(folder, 'all');
  const view = dataViewSchema.parse({ prompt: '{{question}}', completion: '{{solution}}' });
  report = await exported(model, to, EXPORT_PRECISIONS, { parts: [{ format: 'onnx', types: [...EXPORT_PRECISIONS] }, { format: 'safetensors' }], texts: { data: resource('sample', 'train.jsonl'), view, holdOut: { share: 0.05, seed: 0 } } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Greedy text of an exported folder, by transformers.js alone. */
async function byTransformersJs(path: string, dtype: (typeof DTYPES)[keyof typeof DTYPES]): Promise<string[]> {
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

it.each(EXPORT_PRECISIONS)('opens and writes in %s in transformers.js', async (precision) => {
  const { maxLogitDifference, topAgreement, perplexity, keeps } = report.precisions.find((each) => each.precision === precision)!;
  expect(maxLogitDifference).toBeLessThan({ fp32: 1e-3, fp16: 0.1, int8: 2, int4: 12, q4f16: 12 }[precision]);
  expect(topAgreement).toBeGreaterThan({ fp32: 0.999, fp16: 0.99, int8: 0.95, int4: 0.7, q4f16: 0.7 }[precision]);
  expect(Math.abs(Math.log(perplexity / report.trainedPerplexity!))).toBeLessThan({ fp32: 1e-4, fp16: 1e-2, int8: 0.1, int4: 1, q4f16: 1 }[precision]);
  expect(keeps).toBe(topAgreement >= PRECISION_FACTS[precision].agreement);
  const texts = await byTransformersJs(to, DTYPES[precision]);
  if (precision === 'fp32') {
    const own = await Promise.all(prompts.map(async (prompt) => (await generateText({
      model, device: 'cpu', prompt, chat: false, system: null, messages: null, maxNewTokens: 60, decode: decodeSchema.parse({}), seed: 0,
    }, new AbortController().signal, quiet)).text));
    expect(texts).toEqual(own);
  }
  for (const text of texts) expect(text).toMatch(/^\d/);
});

it('writes there what the trained model writes when what the export page shows is pasted', () => {
  const { text } = useLines(report).find(({ runtime }) => runtime === 'transformers.js')!;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });
  expect([stdout.includes(report.samples[0]!.trained), stderr]).toEqual([true, '']);
});

it('measures on the texts it is given, and shows what both write', () => {
  expect(report.measuredOn).toMatchObject({ kind: 'data', texts: 16 });
  expect(report.samples).toHaveLength(3);
  for (const { trained, exported: texts } of report.samples) {
    expect(texts.fp32).toBe(trained);
    expect(Object.keys(texts)).toEqual([...EXPORT_PRECISIONS]);
  }
  const [exact, ...others] = report.precisions.map(({ greedy }) => greedy!);
  expect(exact).toEqual({ prompts: 16, length: 64, agreeing: 1, sameTexts: 16 });
  for (const { agreeing, sameTexts } of others) expect(agreeing === 1).toBe(sameTexts === 16);
  // 16 bits hardly change a text, 4 bits do.
  expect(others[0]!.agreeing).toBeGreaterThan(0.95);
  expect(others.at(-1)!.agreeing).toBeLessThan(0.95);
  for (const { tokenMs, bytes, files } of report.precisions) {
    expect(tokenMs).toBeGreaterThan(0);
    expect(bytes).toBe(files.reduce((sum, file) => sum + file.bytes, 0));
  }
  const sizes = report.precisions.map(({ bytes }) => bytes);
  expect(sizes).toEqual([...sizes].sort((left, right) => right - left));
});

it('takes the trained weights along to the bit', async () => {
  const [before, after] = await Promise.all([model, to].map(async (path) => readWeights(await openWholeModel(path))));
  expect(after).toEqual(before);
});

it('says in its card how near it is, what it does not keep, and that its licence is not known', async () => {
  const card = await readFile(join(to, 'README.md'), 'utf8');
  const [yaml, ...rest] = card.split('---\n').slice(1);
  // No model that it comes of names one.
  expect(yaml).toMatch(/^license: unknown$/m);
  for (const { precision, topAgreement, keeps } of report.precisions) {
    expect(rest.join('')).toContain(`| ${precision} |`);
    expect(card).toContain(`${(100 * topAgreement).toFixed(2)}%`);
    expect(card.includes(`${precision} does not keep`)).toBe(!keeps);
  }
});
