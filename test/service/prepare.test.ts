import { cp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { reachesOf } from '../../src-main/service/consent/reaches.ts';
import { prepareRun, type PreparedRun } from '../../src-main/service/run/look/prepare.ts';
import { firstExamples, type ExampleSet } from '../../src-main/text/example-set.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const prepare = (data: Partial<RecipeInput['data']>): Promise<PreparedRun> => {
  const recipe = project.recipe();
  return prepareRun(parseRecipe({ ...recipe, data: { ...recipe.data, validation: undefined, ...data } }, 'test'), tmpdir());
};

it('holds a share of the training examples out, the same ones for every fraction', async () => {
  const rows = async (examples: ExampleSet): Promise<number[]> => (await firstExamples(examples, null)).map(({ index }) => index);
  const [whole, half] = [await prepare({ validationShare: 0.25 }), await prepare({ validationShare: 0.25, fraction: 0.5 })];
  expect(whole.validation.count).toBe(10);
  expect(new Set([...await rows(whole.train), ...await rows(whole.validation)])).toEqual(new Set(Array(40).keys()));
  expect(await rows(half.validation)).toEqual(await rows(whole.validation));
  expect(half.train.count).toBe(15);
});

it('takes a validation file or a share, not both', async () => {
  await expect(prepare({ validation: project.validation, validationShare: 0.5 })).rejects.toThrow('data.validation and data.validationShare are both given.');
});

const prepareRecipe = (changes: Partial<RecipeInput>): Promise<PreparedRun> => prepareRun(parseRecipe({ ...project.recipe(), ...changes }, 'test'), tmpdir());

/** A copy of a model whose JSON files have other fields. */
async function changed(model: string, name: string, files: Record<string, (json: Record<string, unknown>) => object>): Promise<string> {
  const folder = join(project.folder, name);
  await cp(model, folder, { recursive: true });
  for (const [file, change] of Object.entries(files)) {
    const json = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;
    await writeFile(join(folder, file), JSON.stringify({ ...json, ...change(json) }));
  }
  return folder;
}

const withTool = { 'tokenizer.json': ({ added_tokens: known }: Record<string, unknown>) => ({
  added_tokens: [...known as object[], { id: 17, content: '<tool>', special: true, normalized: false, lstrip: false, rstrip: false, single_word: false }],
}) };

it('lets the teacher know more tokens than the student, with a warning', async () => {
  const model = await changed(project.teacher, 'larger-teacher', withTool);
  const { sharedVocabulary, notices } = await prepareRecipe({ teacher: { model } });
  expect(sharedVocabulary).toBe(17);
  expect(notices).toContainEqual({
    code: 'vocabulary', level: 'notice', message: 'The teacher knows 1 token (id 17) that the student does not: the two are compared over the 17 tokens that they share.',
  });
});

it('says how many texts are cut', async () => {
  const { notices } = await prepare({ maxPromptTokens: 4, maxCompletionTokens: 8 });
  const cut = notices.filter(({ code }) => code.startsWith('cut-'));
  expect(cut.map(({ code }) => code)).toEqual(['cut-prompts', 'cut-completions']);
  expect(cut[0]!.message).toMatch(/^40 of 40 training prompts are longer than data.maxPromptTokens, 4, and lose their beginning; the longest has \d+ tokens.$/);
  const whole = await prepare({ maxPromptTokens: 40, maxCompletionTokens: 56, validation: undefined });
  expect(whole.notices.filter(({ code }) => code.startsWith('cut-'))).toEqual([]);
});

it('refuses a text with a token that the teacher does not know, by row', async () => {
  const model = await changed(project.student, 'larger-student', withTool);
  const data = { ...project.recipe().data, prompt: '{{question}}<tool>' };
  await expect(prepareRecipe({ student: { model }, data })).rejects.toThrow('train.jsonl row 1 holds "<tool>", a token (id 17) that the embedding of');
});

it('refuses metrics that could not be measured', async () => {
  const { completion: _, ...prompts } = project.recipe().data;
  const evaluate = { metrics: ['accuracy'] };
  await expect(prepareRecipe({ evaluate, data: { ...prompts, completion: '{{solution}}', validation: undefined } })).rejects.toThrow('there are no held-out examples');
  await expect(prepareRecipe({ evaluate, data: prompts, method: { preset: 'on-policy-kd' } })).rejects.toThrow('accuracy, which needs right answers');
  await prepareRecipe({ evaluate: { metrics: ['distinct'] }, data: prompts, method: { preset: 'on-policy-kd' } });
});

it.each([
  ['rouge', ['rouge'], '"rouge", which stands for several numbers.', 'Choose one of them: rouge1, rouge2, rougeL, rougeLsum.'],
  ['rougeL', ['accuracy'], '"rougeL", which evaluate.metrics does not ask for.', 'Add "rougeL" to evaluate.metrics. The evaluations of this recipe report divergence, loss, accuracy.'],
  ['tokens-per-call', [], '"tokens-per-call", which evaluate.metrics does not ask for.', 'Add "acceptance" to evaluate.metrics.'],
  ['rogueL', ['rouge'], '"rogueL", and there is no such number.', 'Perhaps "rougeL" is meant. The evaluations of this recipe report divergence, loss, rouge1, rouge2, rougeL, rougeLsum.'],
  ['reward', [], '"reward", and there is no such number.', 'The evaluations of this recipe report divergence, loss.'],
])('refuses the best checkpoint by %s where evaluations report %s', async (best, metrics, message, hint) => {
  await expect(prepareRecipe({ evaluate: { best, metrics } })).rejects.toMatchObject({
    kind: 'input', message: `evaluate.best is ${message}`, hint: expect.stringContaining(hint) as string,
  });
});

it('refuses a best checkpoint by what is never measured', async () => {
  const { completion: _, ...prompts } = project.recipe().data;
  const { validation: __, ...unheld } = project.recipe().data;
  await expect(prepareRecipe({ evaluate: { best: 'loss' }, data: unheld })).rejects.toThrow('evaluate.best is "loss", and there are no held-out examples.');
  await expect(prepareRecipe({ evaluate: { best: 'divergence' }, method: { preset: 'sft' } })).rejects.toThrow('the method "sft" measures none');
  await expect(prepareRecipe({ evaluate: { best: 'loss' }, data: prompts, method: { preset: 'on-policy-kd' } })).rejects.toThrow('no example of');
  await prepareRecipe({ evaluate: { best: 'distinct-2', metrics: ['distinct'] }, data: prompts, method: { preset: 'on-policy-kd' } });
  await prepareRecipe({ evaluate: { best: 'divergence' } });
});

it('refuses patience without what it counts', () => {
  const evaluate = (settings: object): unknown => parseRecipe({ ...project.recipe(), evaluate: settings }, 'test');
  expect(() => evaluate({ patience: 3 })).toThrow('evaluate.patience is 3: patience counts evaluations that were no better, and needs evaluate.best and evaluate.every');
  expect(() => evaluate({ patience: 3, best: 'loss' })).toThrow('needs evaluate.every');
  expect(() => evaluate({ patience: 3, every: 2 })).toThrow('needs evaluate.best');
  expect(() => evaluate({ patience: 0, best: 'loss', every: 2 })).toThrow('evaluate.patience is 0: ');
  evaluate({ patience: 3, best: 'loss', every: 2 });
});

it('needs completions where lambda only rises to 1', async () => {
  const { completion: _, ...prompts } = project.recipe().data;
  const method = { preset: 'gkd', lambda: 1, lambdaRampSteps: 5 } as const;
  await prepareRecipe({ data: prompts, method });
  await expect(prepareRecipe({ data: prompts, method: { ...method, lambdaSchedule: 'linear' } })).rejects.toThrow('train.jsonl row 1 has no completion');
});

it('refuses answers in evaluation that are longer than the context', async () => {
  await expect(prepareRecipe({ evaluate: { maxNewTokens: 80 } })).rejects.toThrow('data.maxPromptTokens and evaluate.maxNewTokens together are 104 tokens');
});

it('closes the answers of a chat as its template does, and warns where that token ends no text', async () => {
  const template = (end: string): object => ({ chat_template: `{% for message in messages %}{{ message.content }}${end}{% endfor %}` });
  const data = { ...project.recipe().data, chat: true, maxCompletionTokens: 64 };
  const two = { 'generation_config.json': () => ({ eos_token_id: [1, 0] }), 'tokenizer_config.json': () => template('{{ bos_token }}') };
  const chatting = await prepareRecipe({ data, student: { model: await changed(project.student, 'chatting', two) } });
  expect((await firstExamples(chatting.train, 1))[0]!.completion.at(-1)).toBe(0);
  expect(chatting.notices.filter(({ code }) => code === 'eos')).toEqual([]);

  const endless = await prepareRecipe({ data, student: { model: await changed(project.student, 'endless', { 'tokenizer_config.json': () => template('{{ bos_token }}') }) } });
  expect((await firstExamples(endless.train, 1))[0]!.completion.at(-1)).toBe(0);
  expect(endless.notices.filter(({ code }) => code === 'eos')).toMatchObject([{ code: 'eos', message: expect.stringContaining('chat template ends an answer with') as string }]);
});

it('tries the reward before the run', async () => {
  const withReward = (reward: object): Promise<PreparedRun> => {
    const recipe = parseRecipe({ ...project.recipe(), method: { preset: 'rl-gkd', reward: reward as never } }, 'test');
    return prepareRun(recipe, tmpdir(), { allowed: reachesOf(recipe).map(({ digest }) => digest) });
  };
  await withReward({ kind: 'numeric' });
  await withReward({ kind: 'command', command: [process.execPath, '-e', 'process.stdin.on("data", () => console.log(0.5))'] });
  await expect(withReward({ kind: 'command', command: [process.execPath, '-e', ''] })).rejects.toThrow('ended with code 0');
  await expect(withReward({ kind: 'http', url: 'http://127.0.0.1:1/' })).rejects.toThrow('cannot be asked');
  await expect(withReward({ kind: 'entailment', model: project.student })).rejects.toThrow('names no labels');
  const { data } = project.recipe();
  await expect(prepareRecipe({ data: { ...data, completion: 'none' }, method: { preset: 'rl-gkd', reward: { kind: 'numeric' } } }))
    .rejects.toThrow(/train.jsonl.*"none" has no number/);
});
