import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shotsSchema } from '../../src-main/contract/shots.ts';
import { previewFile } from '../../src-main/data/preview.ts';
import { makeReward } from '../../src-main/distill/rewards/make-reward.ts';
import type { RewardedText } from '../../src-main/distill/rewards/reward.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { readRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { readCheckpointState, writeCheckpointState } from '../../src-main/run-folder/checkpoint-state.ts';
import { changesOf, readInputs } from '../../src-main/service/run/record/inputs.ts';
import { runIdIn } from '../../src-main/service/run/record/known-as.ts';
import { readTold, Told } from '../../src-main/service/run/record/told.ts';
import { readStudy } from '../../src-main/service/study/read-study.ts';
import { hasChatTemplate, loadChatTemplate } from '../../src-main/text/chat/chat-template.ts';
import { readShots } from '../../src-main/text/shots.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { fixture, temporaryFolder } from '../model/model-fixtures.ts';
import { evaluation, stepMetrics } from '../store/fixtures.ts';
import { COUNT, holds, SEED } from './holds.ts';
import { mutations } from './mutate.ts';

const TEXT_KINDS: readonly string[] = ['exact', 'numeric', 'regex', 'rouge'];
const temporary = temporaryFolder();

async function useModel(folder: string): Promise<void> {
  await describeModel(folder);
  const tokenizer = await loadTokenizer(folder);
  tokenizer.decode(tokenizer.encode('Hello wörld 12 <s>', { special: true }), { skipSpecial: true });
  if (await hasChatTemplate(folder)) (await loadChatTemplate(folder)).render([{ role: 'user', content: 'a' }], { addGenerationPrompt: true });
}

describe.each(['llama', 'gpt2', 'qwen2'] as const)('a damaged file of the model %s', (name) => {
  it.each(readdirSync(fixture(name)).filter((file) => file.endsWith('.json')))('%s', async (file) => {
    const folder = temporary.path(`${name}-${file}`);
    await cp(fixture(name), folder, { recursive: true });
    await holds(join(folder, file), await readFile(join(folder, file), 'latin1'), () => useModel(folder));
  });

  it('the header of its weights', async () => {
    const folder = temporary.path(`${name}-weights`);
    await cp(fixture(name), folder, { recursive: true });
    const path = join(folder, readdirSync(folder).find((file) => file.endsWith('.safetensors'))!);
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE());
    await holds(path, bytes.toString('latin1', 8, 8 + length), () => describeModel(folder), (text) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([size, Buffer.from(text, 'latin1'), bytes.subarray(8 + length)]);
    });
  });
});

const TEMPLATE = `{%- set ns = namespace(last=none) -%}
{%- macro part(text, open='<|', close='|>') -%}{{ open ~ text|trim ~ close }}{%- endmacro -%}
{% for m in messages if m.role != 'tool' %}
  {{- part(m['role']) + '\\n' + m.content.split('</think>')[-1].lstrip('\\n') }}
  {%- if loop.last and add_generation_prompt %}{% set ns.last = loop.index0 %}{% generation %}{{ m | tojson(indent=2) }}{% endgeneration %}{% endif %}
{% endfor %}{{ ns.last is not none and ns.last > 0 }}`;

describe('a damaged file', () => {
  it('with a chat template', async () => {
    const folder = temporary.path('template');
    await cp(fixture('gpt2'), folder, { recursive: true });
    await holds(join(folder, 'chat_template.jinja'), TEMPLATE, async () => (await loadChatTemplate(folder)).render([{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }], { addGenerationPrompt: true }));
  });

  it('of GGUF', async () => {
    const bytes = await readFile(resolve('test/fixtures/model-gguf/gpt2.gguf'), 'latin1');
    const head = Math.min(bytes.length, 40_000);
    const path = temporary.path('model.gguf');
    let made = 0;
    await holds(path, bytes.slice(0, head), () => importGguf(path, temporary.path(`imported-${made++}`), { precision: 'fp32' }), (text) => Buffer.from(text + bytes.slice(head), 'latin1'));
  });

  it('with a recipe', async () => {
    const path = temporary.path('recipe.json');
    await holds(path, JSON.stringify({
      name: 'a', teacher: { model: 'teacher' }, student: { model: 'student' }, data: { train: 'train.jsonl', prompt: '{{question}}', completion: '{{solution}}', shots: { file: 'dev.jsonl', count: 2 } },
      method: { preset: 'rl-gkd', reward: { kind: 'numeric', numberPattern: '\\d+', tolerance: 0.1 } }, train: { steps: 5 },
    }), () => readRecipe(path));
  });

  it.each([
    ['exact', {}], ['numeric', { numberPattern: '#### (-?[\\d,.]+)', tolerance: 0.1 }], ['regex', { pattern: '^a(b|c)*$', ignoreCase: true }], ['rouge', { variant: 'rougeL' }],
    ['entailment', { model: 'nli', label: 'yes', premise: '{{document}}', hypothesis: '{{completion}}' }],
    ['command', { command: ['python3', 'judge.py'], directory: 'here', timeoutSeconds: 5 }], ['http', { url: 'http://localhost:8000/reward', allowRemote: false, timeoutSeconds: 5 }],
  ])('with a recipe whose reward is of the kind "%s"', async (kind, settings) => {
    const path = temporary.path('rewarded.json');
    const text: RewardedText = { prompt: 'p', completion: 'abcabc #### 12', reference: '12', row: { document: 'd' } };
    await holds(path, JSON.stringify({
      name: 'a', teacher: { model: 'teacher' }, student: { model: 'student' }, data: { train: 'train.jsonl', prompt: '{{question}}', completion: '{{solution}}' },
      method: { preset: 'rl-gkd', reward: { kind, ...settings } }, train: { steps: 5 },
    }), async () => {
      const { method: { reward } } = await readRecipe(path);
      // The others start or reach something: here it is not there.
      if (reward && TEXT_KINDS.includes(reward.kind)) await (await makeReward(reward, 1)).score([text]);
    });
  });

  it.each([
    ['jsonl', '{"q":"1+1","a":"2"}\n{"q":"2+2","a":4.0}\n{"q":"x","a":{"b":null}}\n'], ['json', '[{"q":"1","a":"2"},{"q":"3","a":"4"}]'],
    ['csv', 'q,a\n1+1,"2"\n"2\n+2",4\n'], ['txt', 'Q: 1+1\nA: 2\n\nQ: {{q}}\nA: {% if %}\n\n'],
  ])('of shots: %s', async (ending, text) => {
    const path = temporary.path(`shots.${ending}`);
    await holds(path, text, () => readShots(shotsSchema.parse({ file: path }), { prompt: 'Q: {{q}}\nA:', completion: ' {{a}}' }));
  });

  it('of a checkpoint: its state', async () => {
    const folder = temporary.path('step-8');
    await mkdir(folder, { recursive: true });
    await writeCheckpointState(folder, {
      step: 8, totalTokens: 12345, microBatchSize: 4, threads: 2, textVersion: 2, rewardBaseline: { mean: 0.25, weight: 3 }, best: { step: 4, value: 0.5 }, evaluationsSinceBest: 1, files: { 'told.json': 'ab' },
    });
    const path = join(folder, 'state.json');
    await holds(path, await readFile(path, 'latin1'), () => readCheckpointState(folder));
    // As older versions wrote it, without a checksum.
    await holds(path, '{"step":8,"totalTokens":12345,"microBatchSize":4,"rewardBaseline":{"mean":0.25,"weight":3}}', () => readCheckpointState(folder));
  });

  it('of a run: what it can go on without', async () => {
    const folder = temporary.path('run');
    await mkdir(folder, { recursive: true });
    const told = new Told();
    told.step(stepMetrics(3));
    told.evaluation(evaluation(3));
    await told.write(folder);
    const path = join(folder, 'told.json');
    for (const text of mutations(await readFile(path, 'latin1'), COUNT, SEED)) {
      await writeFile(path, Buffer.from(text, 'latin1'));
      expect(Object.keys(await readTold(folder))).toEqual(['steps', 'evaluations']);
      await runIdIn(folder);
    }
    const inputs = join(folder, 'inputs.json');
    for (const text of mutations('[{"field":"data.train","path":"/a","bytes":3,"sha256":"ab"}]', COUNT, SEED)) {
      await writeFile(inputs, Buffer.from(text, 'latin1'));
      const read = await readInputs(folder);
      if (read !== null) expect(changesOf(read, [])).toHaveLength(new Set(read.map(({ field, path: place }) => `${field} ${place}`)).size);
    }
  });

  it('with a study', async () => {
    const path = temporary.path('study.json');
    await holds(path, JSON.stringify({
      name: 's', recipe: { student: { model: 'student' }, teacher: { model: 'teacher' }, data: { train: 'train.jsonl' }, train: { steps: 2 } },
      arms: [{ name: 'SFT', recipe: { method: { preset: 'sft' }, teacher: null } }], grid: { 'train.batchSize': [1, 2] }, seeds: [1, 2], chart: { y: 'accuracy' },
    }), () => readStudy(path));
  });

  it.each([
    ['jsonl', '{"a":"x","b":1.5}\n{"a":"y","b":[1,{"c":null}]}\n'], ['json', '[{"a":"x","b":1},{"a":"y","b":2}]'],
    ['csv', 'a,b\n"x ""q""",2\ny,"line\nbreak"\n'], ['tsv', 'a\tb\nx\t"2\ny\t3\n'],
  ])('of data: %s', async (ending, text) => {
    const path = temporary.path(`data.${ending}`);
    await holds(path, text, () => previewFile(path, { offset: 0, limit: 5 }));
  });

  it('of data: Parquet', async () => {
    const path = temporary.path('data.parquet');
    const file = readdirSync('test/fixtures/data-files').find((name) => name.endsWith('.parquet'))!;
    await holds(path, await readFile(join('test/fixtures/data-files', file), 'latin1'), () => previewFile(path, { offset: 0, limit: 5 }));
  });
});
