import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { genaiConfig } from '../../src-main/export/genai-config.ts';
import { writeGreedily } from '../../src-main/export/greedy.ts';
import { writeOnnxFiles } from '../../src-main/export/onnx-file.ts';
import { openExported } from '../../src-main/export/opened.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { Weights } from '../../src-main/runtime/weights.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';
import { resource } from '../../src-main/service/resources.ts';
import { useLines } from '../../src-renderer/screens/export/use-lines.ts';
import { exported } from '../support/exported.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { genaiPython, requires } from '../support/requires.ts';

const NEW_TOKENS = 12;
const PROMPTS = [[5, 17, 33, 8], [40, 41, 7, 19, 12, 3, 36], [9]];
const executor = ortExecutor('cpu', 1);
const temporary = temporaryFolder();
const MODELS = ['families', 'models'].flatMap((folder) => readdirSync(`test/fixtures/engine/${folder}`).map((name) => `${folder}/${name}`))
  // What Qwen3.5 remembers has no place there.
  .filter((name) => !name.includes('qwen3-5'))
  // Wrappers of a text that is there by itself.
  .filter((name) => !name.endsWith('-wrapped') && name !== 'models/llama-sharded');

interface Asked { folder: string; prompts: readonly (readonly number[])[]; newTokens: number }
interface Answer { tokens?: number[][]; error?: string }

function inGenai(asked: readonly Asked[]): Answer[] {
  const { stdout, stderr } = spawnSync(genaiPython()!, ['test/export/genai_greedy.py'], { encoding: 'utf8', input: JSON.stringify(asked), maxBuffer: 2 ** 26 });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answer[];
}

async function byWriter(config: ModelConfig, weights: Weights): Promise<number[][]> {
  const writer = await new TextPlan(executor, buildDecoder(config), weights, { vocabulary: config.vocabSize, maxLength: 48, choice: 'greedy' }).open();
  const texts = await writer.write(PROMPTS.map((tokens, id) => ({ id, tokens: Int32Array.from(tokens) })), { maxNewTokens: NEW_TOKENS, eos: new Set(), sampling: { strategy: 'greedy' } });
  await writer.release();
  return texts.map(({ tokens }) => [...tokens]);
}

async function byFile(path: string, config: ModelConfig): Promise<number[][]> {
  const opened = await openExported([path], buildDecoder(config));
  const texts: number[][] = [];
  for (const prompt of PROMPTS) texts.push((await writeGreedily(opened, Int32Array.from(prompt), { width: config.vocabSize, vocabulary: config.vocabSize, newTokens: NEW_TOKENS, eos: new Set() })).tokens);
  await opened.release();
  return texts;
}

requires('genai')('in ONNX Runtime GenAI', () => {
  describe('every family writes what it writes here, token for token', () => {
    const expected = new Map<string, number[][]>();
    const found = new Map<string, Answer>();
    beforeAll(async () => {
      const asked: (Asked & { name: string })[] = [];
      for (const name of MODELS) {
        const { config, weights } = await loadFixture(`test/fixtures/engine/${name}`);
        const folder = temporary.path(name.replace('/', '-'));
        await mkdir(join(folder, 'onnx'), { recursive: true });
        const [written] = await writeOnnxFiles(join(folder, 'onnx'), config, 'fp32', (key) => [weights[key]!.data as Float32Array]);
        // A file chooses between long and short rotary factors by the text so far, and the writer here by the longest text that it is made for.
        const texts = await (name.endsWith('-long') ? byFile(written!.path, config) : byWriter(config, weights));
        // An id that it does not write: nothing is to end early.
        const unwritten = Array.from({ length: config.vocabSize }, (_, id) => id).find((id) => !texts.flat().includes(id))!;
        const described = genaiConfig({ config, file: 'onnx/model.onnx', bosId: 1, eosIds: [unwritten], padId: 0 });
        if (described === null) continue;
        await writeFile(join(folder, 'genai_config.json'), JSON.stringify(described));
        expected.set(name, texts);
        asked.push({ name, folder, prompts: PROMPTS, newTokens: NEW_TOKENS });
      }
      inGenai(asked).forEach((answer, at) => found.set(asked[at]!.name, answer));
    });

    it.each(MODELS)('%s', (name) => {
      expect(found.get(name)).toEqual({ tokens: expected.get(name) });
    });
  });

  it('writes what the trained model writes when what the export page shows is pasted', async () => {
    const report = await exported(resource('sample', 'student'), temporary.path('pasted'), ['fp32'], {});
    const { text } = useLines(report).find(({ runtime }) => runtime === 'ONNX Runtime GenAI')!;
    const { stdout, stderr } = spawnSync(genaiPython()!, ['-c', text], { encoding: 'utf8' });
    expect([stdout.trim(), stderr]).toEqual([`${report.prompt!.text}${report.samples[0]!.trained}`, '']);
  });
});
