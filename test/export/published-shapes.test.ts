import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportPrecision } from '../../src-main/contract/export-report.ts';
import { genaiConfig } from '../../src-main/export/genai-config.ts';
import { writeGreedily } from '../../src-main/export/greedy.ts';
import { writeOnnxFiles } from '../../src-main/export/onnx-file.ts';
import { openExported } from '../../src-main/export/opened.ts';
import { openWholeModel, readWeights, type Model } from '../../src-main/model/load-model.ts';
import { piecesInMemory } from '../../src-main/model/whole-weight.ts';
import { genaiPython, requires } from '../support/requires.ts';

/** Models of published shapes, as folders or GGUF files, separated by commas. */
const MODELS = (process.env['PUBLISHED_SHAPES'] ?? '').split(',').filter((path) => path !== '');
const NEW_TOKENS = 24;
const PROMPTS = ['The capital of France is', 'def fib(n):\n    return', '<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n'];

requires('genai')('a model of a published shape', () => {
  if (MODELS.length === 0) it.skip('needs models: name them in PUBLISHED_SHAPES', () => undefined);
  describe.each(MODELS)('%s', (path) => {
    let folder: string;
    let model: Model;
    let prompts: number[][];
    const expected = new Map<ExportPrecision, number[][]>();
    beforeAll(async () => {
      folder = join(await mkdtemp(join(tmpdir(), 'retort-shape-')), 'model');
      await mkdir(join(folder, 'onnx'), { recursive: true });
      model = await openWholeModel(path);
      prompts = PROMPTS.map((text) => [...model.tokenizer.encode(text, { special: true })]);
      const weights = await readWeights(model);
      const shapes = new Map(model.parameters.map((parameter) => [parameter.name, parameter]));
      const outside: Record<string, true> = {};
      for (const precision of ['fp32', 'q4f16'] as const) {
        const [written] = await writeOnnxFiles(join(folder, 'onnx'), model.folder.config, precision, (name) => piecesInMemory(weights, shapes.get(name)!));
        if (written!.hasExternalData) outside[written!.file] = true;
        expected.set(precision, await byFile(written!.path));
      }
      await writeFile(join(folder, 'config.json'), JSON.stringify({ ...model.folder.rawConfig, 'transformers.js_config': { use_external_data_format: outside } }));
    }, 3_600_000);
    afterAll(() => rm(dirname(folder), { recursive: true, force: true }));

    async function byFile(file: string): Promise<number[][]> {
      const { decoder } = model;
      const opened = await openExported([file], decoder);
      const texts: number[][] = [];
      for (const prompt of prompts) texts.push((await writeGreedily(opened, Int32Array.from(prompt), { width: decoder.vocabSize, vocabulary: decoder.vocabSize, newTokens: NEW_TOKENS, eos: new Set(model.tokenizer.eosIds) })).tokens);
      await opened.release();
      return texts;
    }

    it.each([['fp32', 'onnx/model.onnx'], ['q4f16', 'onnx/model_q4f16.onnx']] as const)('writes in GenAI in %s what its file writes here', { timeout: 3_600_000 }, async (precision, file) => {
      const { config } = model.folder;
      await writeFile(join(folder, 'genai_config.json'), JSON.stringify(genaiConfig({ config, file, bosId: model.tokenizer.bosId, eosIds: model.tokenizer.eosIds, padId: model.tokenizer.padId })));
      const { stdout, stderr } = spawnSync(genaiPython()!, ['test/export/genai_greedy.py'], { encoding: 'utf8', input: JSON.stringify([{ folder, prompts, newTokens: NEW_TOKENS }]) });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual([{ tokens: expected.get(precision) }]);
    });

    it('writes in transformers.js in q4f16 what its file writes here', { timeout: 3_600_000 }, async () => {
      env.allowRemoteModels = false;
      env.localModelPath = dirname(folder);
      const loaded = await AutoModelForCausalLM.from_pretrained(basename(folder), { dtype: 'q4f16', device: 'cpu' });
      const texts: number[][] = [];
      for (const prompt of prompts) {
        const ids = (values: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
        const output = await loaded.generate({ input_ids: ids(prompt), attention_mask: ids(prompt.map(() => 1)), max_new_tokens: NEW_TOKENS, do_sample: false, eos_token_id: [...model.tokenizer.eosIds] }) as Tensor;
        texts.push([...output.data as BigInt64Array].map(Number).slice(prompt.length));
      }
      await loaded.dispose();
      expect(texts).toEqual(expected.get('q4f16'));
    });
  });
});
