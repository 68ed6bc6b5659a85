import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../src-main/checks/check.ts';
import { lookAt } from '../../src-main/checks/look.ts';
import type { Material } from '../../src-main/checks/needs.ts';
import type { Finding } from '../../src-main/contract/finding.ts';
import { mergePatch, type JsonObject } from '../../src-main/contract/merge-patch.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import { makeStudent } from '../../src-main/model/make-student.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { checkRun } from '../../src-main/service/run/look/check.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let chatting: string;
let cut: string;
beforeAll(async () => {
  project = await tinyProject();
  chatting = join(project.folder, 'chatting');
  await cp(project.student, chatting, { recursive: true });
  cut = join(project.folder, 'cut');
  await makeStudent(await openModel(project.teacher), [0], cut);
  const file = join(chatting, 'tokenizer_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, chat_template: '{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}' }));
});
afterAll(() => project.remove());

const found = (recipe: object): Promise<Finding[]> => checkRun(parseRecipe(recipe, 'test'), project.folder, { isStart: false, allowed: [] });
const data = (changes: Partial<RecipeInput['data']>): Partial<RecipeInput> => ({ data: { ...project.recipe().data, ...changes } });

describe('what is worth knowing', () => {
  const cases: [string, () => Partial<RecipeInput>][] = [
    ['cut-prompts', () => data({ maxPromptTokens: 4 })],
    ['cut-completions', () => data({ maxCompletionTokens: 4 })],
    ['held-out', () => ({ data: Object.fromEntries(Object.entries(project.recipe().data).filter(([name]) => name !== 'validation')) as RecipeInput['data'] })],
    ['no-metric', () => ({})],
    ['few-steps', () => ({ train: { ...project.recipe().train, steps: 6 } })],
    ['warm-up', () => ({ train: { ...project.recipe().train, steps: 30, warmupSteps: 30 } })],
    ['single-braces', () => data({ prompt: 'Q: {question} = {{question}} {other}' })],
    ['single-braces', () => data({ completion: '{ solution }' })],
    ['unread-field', () => ({ student: { model: chatting }, ...data({ system: 'Be brief.' }) })],
    ['few-steps', () => ({ train: { epochs: 1, batchSize: 8 } })],
    ['unread-completions', () => ({ method: { preset: 'gkd', lambda: 1 } })],
    ['same-model', () => ({ teacher: { model: project.student } })],
    ['cut-student', () => ({ student: { model: cut }, method: { preset: 'gkd', divergence: 'jsd', lambda: 0.5 }, evaluate: { best: 'divergence' } })],
    ['plain-instruct', () => ({ student: { model: chatting } })],
    ['leading-blank', () => ({ student: { model: chatting }, ...data({ chat: true, completion: ' {{solution}}' }) })],
  ];
  it.each(cases)('%s is said, and its mend takes it away', async (code, changes) => {
    const recipe = { ...project.recipe(), ...changes() };
    const notice = (await found(recipe)).find((finding) => finding.code === code);
    expect(notice).toMatchObject({ level: 'notice', mend: {} });
    const mended = mergePatch(JSON.parse(JSON.stringify(recipe)) as JsonObject, notice!.mend!.patch as JsonObject);
    const after = await found(mended);
    expect(after.filter((finding) => finding.code === code || finding.level === 'problem')).toEqual([]);
  });

  it('nothing of it is said of a recipe that has it all', async () => {
    const recipe = { ...project.recipe({ evaluate: { metrics: ['accuracy'] } }), ...data({ maxCompletionTokens: 60 }), train: { ...project.recipe().train, steps: 50 } };
    expect(await found(recipe)).toEqual([]);
  });

  it('a limit is raised no further than the context', async () => {
    const [cut] = (await found({ ...project.recipe(), ...data({ maxPromptTokens: 4, maxCompletionTokens: 90 }) })).filter(({ code }) => code === 'cut-prompts');
    expect(cut!.mend).toMatchObject({ patch: { data: { maxPromptTokens: 6 } } });
  });
});

it('a tokenizer that ends every text is told of, where prompts are plain text', async () => {
  const closing = join(project.folder, 'closing');
  await cp(project.student, closing, { recursive: true });
  const file = join(closing, 'tokenizer.json');
  const tokenizer = JSON.parse(await readFile(file, 'utf8')) as JsonObject;
  const { tokenizer: read } = await openWholeModel(project.student);
  const end = read.eosIds[0]!;
  const token = read.tokenOf(end)!;
  const [first, second] = ['A', 'B'].map((id) => ({ Sequence: { id, type_id: 0 } }));
  const behind = { SpecialToken: { id: token, type_id: 0 } };
  const post = { type: 'TemplateProcessing', single: [first, behind], pair: [first, second, behind], special_tokens: { [token]: { id: token, ids: [end], tokens: [token] } } };
  await writeFile(file, JSON.stringify({ ...tokenizer, post_processor: post }));
  const [finding] = (await found({ ...project.recipe(), student: { model: closing }, teacher: { model: closing } })).filter(({ code }) => code === 'closed-prompt' || code === 'eos');
  expect(finding).toMatchObject({ level: 'notice', message: expect.stringContaining(`puts ${JSON.stringify(token)} behind every text`) as string });
});

it('conversations that would become JSON within a prompt are told of', async () => {
  const rows = Array.from({ length: 8 }, () => JSON.stringify({ talk: [{ role: 'user', content: '1+1=' }, { role: 'assistant', content: '2' }] }));
  const train = join(project.folder, 'talks.jsonl');
  await writeFile(train, `${rows.join('\n')}\n`);
  const recipe = (prompt: string): object => ({ ...project.recipe({ data: { train, validationShare: 0.25, prompt } }), student: { model: chatting }, method: { preset: 'gkd', lambda: 1 } });
  const found1 = (await found(recipe('{{talk}}'))).find(({ code }) => code === 'messages-as-text');
  expect(found1).toMatchObject({ level: 'notice', field: 'data.prompt', message: 'The column "talk" holds chat messages, and the template of the prompt puts them into the text as JSON.', mend: { patch: { data: { messages: 'talk' } } } });
  expect((await found(recipe('{{talk.0.content}}'))).map(({ code }) => code)).not.toContain('messages-as-text');
});

it('what nothing reads beside conversations or without a chat is told of, field by field', async () => {
  const train = join(project.folder, 'chats.jsonl');
  await writeFile(train, `${JSON.stringify({ talk: [{ role: 'user', content: '1+1=' }, { role: 'assistant', content: '2' }], question: '1+1=' })}\n`.repeat(8));
  const unread = async (changes: object): Promise<(string | undefined)[]> => (await found({
    ...project.recipe({ data: { train, ...changes } }), student: { model: chatting }, method: { preset: 'gkd', lambda: 1 },
  })).filter(({ code }) => code === 'unread-field').map(({ field }) => field);
  expect(await unread({ messages: 'talk', prompt: '{{question}}', chat: true, system: 'Be brief.', template: { a: 1 } })).toEqual(['data.prompt', 'data.chat']);
  expect(await unread({ prompt: '{{question}}', system: 'Be brief.', tools: 'talk', template: { a: 1 } })).toEqual(['data.system', 'data.tools', 'data.template']);
  expect(await unread({ prompt: '{{question}}', chat: true, system: 'Be brief.', template: {} })).toEqual([]);
});

it('a prompt that is the same for all rows is told of', async () => {
  const codes = async (prompt: string): Promise<string[]> => (await found({ ...project.recipe(), ...data({ prompt }) })).map(({ code }) => code);
  expect(await codes('1+1=')).toContain('same-prompt');
  expect(await codes('{{question}}')).not.toContain('same-prompt');
});

it('a misspelt metric is a problem with its mend', async () => {
  const [finding] = (await found(project.recipe({ evaluate: { metrics: ['acuracy', 'rouge'] } }))).filter(({ code }) => code === 'metric-name');
  expect(finding).toMatchObject({ level: 'problem', field: 'evaluate.metrics', message: 'There is no metric "acuracy".', mend: { patch: { evaluate: { metrics: ['accuracy', 'rouge'] } } } });
});

it('says every problem once, and passes over what cannot be looked at', async () => {
  const problems = (await found({ ...project.recipe(), teacher: { model: '/no/teacher' }, evaluate: { metrics: ['rogue'] } })).filter(({ level }) => level === 'problem');
  expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('/no/teacher'), expect.stringContaining('"rogue"')]);
});

it('a check is not given what could not be had, and what is no fault of the input is thrown', async () => {
  const looked: string[] = [];
  const missing = (): Promise<never> => Promise.reject(new Problem('There is no student.'));
  const material = { student: missing, steps: () => Promise.resolve(3), train: () => Promise.reject(new TypeError('a mistake')) } as unknown as Material;
  const see = (name: string): (() => void) => () => { looked.push(name); };
  const findings: Finding[] = [];
  for await (const finding of lookAt([check('a', ['student'], see('a')), check('b', ['steps'], see('b')), check('c', ['steps', 'student'], see('c'))], material)) findings.push(finding);
  expect(looked).toEqual(['b']);
  expect(findings).toEqual([{ code: 'a', level: 'problem', message: 'There is no student.' }]);
  await expect(lookAt([check('d', ['train'], see('d'))], material).next()).rejects.toThrow(TypeError);
});
