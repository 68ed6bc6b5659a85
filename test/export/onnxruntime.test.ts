import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { generateText } from '../../src-main/service/writing/generate-text.ts';
import { resource } from '../../src-main/service/resources.ts';
import { exported } from '../support/exported.ts';
import { python, requires } from '../support/requires.ts';

const model = resource('sample', 'student');
const NEW_TOKENS = 40;

requires('python', 'onnxruntime')('an exported folder in Python\'s onnxruntime', () => {
  it('writes what Retort writes, token for token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'retort-export-'));
    try {
      const to = join(folder, 'fp32');
      await exported(model, to, ['fp32']);
      const tokenizer = await loadTokenizer(model);
      const prompts = Array.from({ length: 5 }, (_, at) => exercise(3, at).question);
      const { stdout, stderr } = spawnSync(python()!, ['test/export/onnxruntime_greedy.py', join(to, 'onnx', 'model.onnx')], {
        encoding: 'utf8',
        input: JSON.stringify({ prompts: prompts.map((prompt) => [...tokenizer.encode(prompt, { special: true })]), newTokens: NEW_TOKENS, eos: tokenizer.eosIds[0] }),
      });
      const own = await Promise.all(prompts.map(async (prompt) => (await generateText({
        model, device: 'cpu', prompt, chat: false, system: null, messages: null, maxNewTokens: NEW_TOKENS, decode: decodeSchema.parse({}), seed: 0,
      }, new AbortController().signal, () => undefined)).tokens));
      expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual(own);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
