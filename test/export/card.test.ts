import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ExportOrigin } from '../../src-main/contract/export-report.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { licenceFields, licenceSentences } from '../../src-main/export/card/licences.ts';
import { lineageOf } from '../../src-main/service/export/lineage.ts';
import { writeSource } from '../../src-main/service/hub/source-file.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { makeStudent } from '../../src-main/model/make-student.ts';
import { exported } from '../support/exported.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';

const temporary = temporaryFolder();
const HUB = 'https://huggingface.co';
let folder: string;
beforeAll(async () => {
  folder = temporary.path('lineage');
  await mkdir(folder);
  for (const name of ['student', 'teacher']) await cp(`resources/sample/${name}`, join(folder, name), { recursive: true });
  await mkdir(join(folder, 'data'));
  await cp('resources/sample/dev.jsonl', join(folder, 'data', 'dev.jsonl'));
});

const origin = (more: Partial<ExportOrigin> = {}): ExportOrigin => ({
  run: 'sums | by <hand>', runId: 'a', runDir: join(folder, 'nowhere'), step: 0, engine: null, remarks: [],
  recipe: recipeSchema.parse({
    name: 'sums', teacher: { model: join(folder, 'teacher') }, student: { model: join(folder, 'student') }, train: { steps: 1 },
    data: { train: join(folder, 'data', 'dev.jsonl'), prompt: '/no_think {{question}}', completion: '{{solution}}' },
  }),
  evaluation: { step: 0, examples: 8, metrics: { accuracy: { value: 0.5, low: 0.25, high: 0.75 } } }, ...more,
});
const card = async (name: string, parts: Parameters<typeof exported>[3]): Promise<{ text: string; fields: Record<string, unknown> }> => {
  const to = temporary.path(name);
  await exported('resources/sample/student', to, [], { ...parts, peers: temporary.path('no peers') });
  const text = await readFile(join(to, 'README.md'), 'utf8');
  return { text, fields: parse(/^---\n(.*?)\n---\n/s.exec(text)![1]!) as Record<string, unknown> };
};

it('says of models from nowhere that nothing is known of them, and leaves out what a hub would refuse', async () => {
  const { text, fields } = await card('unknown', { origin: origin(), parts: [{ format: 'onnx', types: ['fp32'] }, { format: 'gguf', types: ['q8_0'], imatrix: false }] });
  expect(fields).toEqual({ library_name: 'transformers.js', pipeline_tag: 'text-generation', license: 'unknown', tags: ['distillation', 'gkd', 'retort', 'onnx', 'gguf'] });
  for (const said of [
    '| base model | `student` | unknown |  |', '| teacher | `teacher` | unknown |  |', '| data | `dev.jsonl` | unknown |  |', '**Not known** is the licence of the base model ("student"), of the teacher ("teacher")',
    '| accuracy | 0.5000 | 0.2500 to 0.7500 |', 'Opened in ONNX Runtime 1.', '| q8_0 | `unknown-Q8_0.gguf` |', '"prompt": "/no_think {{question}}"', '`sums | by <hand>`',
  ]) expect(text).toContain(said);
  expect(text).not.toContain(folder);
});

it('takes licences and names from the hub, a model card, a config, and the model that a student was made from', async () => {
  await writeSource(join(folder, 'teacher'), { hub: HUB, id: 'Org/Big', commit: 'c', licence: 'llama3.2' });
  await writeFile(join(folder, 'student', 'README.md'), '---\nlicense: Apache-2.0\nlanguage:\n- en\n---\n# A model\n');
  await writeSource(join(folder, 'data'), { hub: HUB, id: 'openai/gsm8k', commit: 'c', licence: 'mit' });
  const conflict = await card('conflict', { origin: origin(), parts: [{ format: 'safetensors' }] });
  expect(conflict.fields).toMatchObject({ library_name: 'transformers', license: 'other', license_name: 'apache-2.0-and-llama3.2', datasets: ['openai/gsm8k'] });
  for (const said of ['| base model | `student` | `apache-2.0` | its README.md |', '| teacher | `teacher`, Org/Big on the hub | `llama3.2` | its page on huggingface.co |', '**The licences differ**: the base model is under apache-2.0, the teacher is under llama3.2.', 'The data are under mit']) expect(conflict.text).toContain(said);

  await makeStudent(await openModel(join(folder, 'teacher')), [0, 2], join(folder, 'cut'));
  const from = { ...origin(), recipe: { ...origin().recipe, student: { ...origin().recipe.student, model: join(folder, 'cut') } } };
  const own = await card('cut-card', { origin: from, parts: [{ format: 'mlx', types: ['4bit'] }] });
  expect(own.fields).toMatchObject({ library_name: 'mlx', license: 'llama3.2', base_model: ['Org/Big'], base_model_relation: 'finetune' });
  expect(own.text).toContain('teacher, which it was made from: its page on huggingface.co');
});

it('names a licence that a hub has no name for, and a model\'s own words', async () => {
  await writeFile(join(folder, 'student', 'README.md'), '---\nlicense: other\nlicense_name: Qwen Research\n---\n');
  expect(await lineageOf(join(folder, 'student'), null)).toEqual([{ role: 'base model', name: 'student', id: null, licence: 'Qwen Research', saidBy: 'its README.md' }]);
  await writeFile(join(folder, 'student', 'README.md'), 'no front matter');
  await writeFile(join(folder, 'student', 'LICENSE'), '                                 Apache License\n                           Version 2.0, January 2004\n');
  expect(await lineageOf(join(folder, 'student'), null)).toMatchObject([{ licence: 'apache-2.0', saidBy: 'its LICENSE' }]);
  const one = [{ role: 'base model' as const, name: 'a', id: null, licence: 'Qwen Research', saidBy: null }];
  expect(licenceFields(one)).toEqual({ license: 'other', license_name: 'qwen-research' });
  expect(licenceSentences(one)).toEqual(['All of them are under Qwen Research.']);
});
