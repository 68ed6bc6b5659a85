import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { randomGguf } from '../model/gguf-random.ts';
import { gguf } from '../model/gguf-writer.ts';
import { command, type KillPlace, type Told } from '../support/command.ts';
import { remembered } from '../support/remembered.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
const at = (...parts: string[]): string => join(project.folder, ...parts);
beforeAll(async () => {
  project = await tinyProject();
  for (const [name, encoding] of [['teacher', 'Q4_K'], ['student', 'Q8_0']] as const) {
    const { metadata, tensors } = randomGguf('llama', encoding);
    writeFileSync(at(`${name}.gguf`), gguf(metadata, tensors));
  }
  const rows = Array.from({ length: 12 }, (_, row) => ({ question: `ABCDE${'FGHIJ'[row % 5]}`, solution: `KLMN${'OPQ'[row % 3]}` }));
  writeFileSync(at('letters.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});
afterAll(() => project.remove());
afterEach(() => { vi.unstubAllEnvs(); });

const STEPS = 6;
const recipeOf = (changes: Partial<RecipeInput>, train: Partial<RecipeInput['train']> = {}): RecipeInput => ({
  ...project.recipe(), ...changes, train: { ...project.recipe().train, steps: STEPS, ...train }, checkpoint: { every: 2, keep: 2 },
});

const lossesOf = (events: readonly Told[]): [number, number][] => events.flatMap(({ event, step, loss }) => (event === 'step' ? [[step!, loss!]] : []));

/** A run from its beginning to its end, in this process, with nothing of another's cache. */
async function undisturbed(name: string, recipe: RecipeInput): Promise<Map<number, number>> {
  const events: Told[] = [];
  await runJob({
    recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed: false, cache: at(`${name} cache`),
    stopRequest: () => null, emit: (event) => { events.push(event as Told); },
  });
  return new Map(lossesOf(events));
}

/** The same, killed at each of these places and resumed. */
async function cutAt(name: string, recipe: RecipeInput, places: readonly KillPlace[]): Promise<[number, number][]> {
  writeFileSync(at(`${name}.json`), JSON.stringify(recipe));
  for (const [turn, place] of [...places, undefined].entries()) {
    const { code, signal, errors } = await command(at(`${name} home`), turn === 0 ? ['run', at(`${name}.json`), '--run-dir', at(name)] : ['resume', at(name)], place);
    expect(errors).toBe('');
    expect([code, signal]).toEqual(place === undefined ? [0, null] : [null, 'SIGKILL']);
  }
  return (await remembered(at(`${name} home`), at(name))).steps.map(({ step, loss }) => [step, loss!]);
}

const digests = (name: string): Record<string, string> => {
  const folder = at(name, 'checkpoints', `step-${STEPS}`);
  const files = ['optimizer.safetensors', ...readdirSync(join(folder, 'model')).filter((file) => file.endsWith('.safetensors')).map((file) => `model/${file}`)];
  return Object.fromEntries(files.map((file) => [file, createHash('sha256').update(readFileSync(join(folder, file))).digest('hex')]));
};

async function expectTheSame(name: string, recipe: RecipeInput, places: readonly KillPlace[]): Promise<void> {
  const [whole, cut] = [`${name} whole`, `${name} cut`];
  const losses = await undisturbed(whole, recipe);
  expect(losses.size).toBe(STEPS);
  // A step of which nobody was told is made again by the resumed run.
  expect(await cutAt(cut, recipe, places)).toEqual([...losses]);
  expect(digests(cut)).toEqual(digests(whole));
}

it('an adapter with dropout goes on to the bit, killed twice, on two threads', async () => {
  vi.stubEnv('RETORT_THREADS', '2');
  await expectTheSame('adapter', recipeOf({ student: { model: project.student, adapter: { rank: 3, dropout: 0.2 } } }), ['step 3', 'step 6']);
  const { threads } = JSON.parse(readFileSync(at('adapter cut', 'checkpoints', `step-${STEPS}`, 'state.json'), 'utf8')) as { threads: number };
  expect(threads).toBe(2);
});

it.each([['int8', 'exact'], ['int4', 'exact'], ['int8', 'fast']] as const)('an adapter beside %s with %s products goes on to the bit', (precision, products) => (
  expectTheSame(`${precision} ${products}`, recipeOf({ student: { model: project.student, precision, products, adapter: { rank: 2 } } }), ['step 5'])));

it('an adapter beside a GGUF file, with another as its teacher, goes on to the bit, and merges', async () => {
  const data = { train: 'letters.jsonl', prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 8, maxCompletionTokens: 8 };
  await expectTheSame('gguf', recipeOf({ teacher: { model: at('teacher.gguf') }, student: { model: at('student.gguf'), adapter: { rank: 2 } }, data: { ...data, train: at('letters.jsonl') } }), ['step 3']);
  const adapter = at('gguf cut', 'checkpoints', `step-${STEPS}`);
  expect(readdirSync(join(adapter, 'model')).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'retort-base.json']);
  const merged = await command(at('gguf home'), ['model', 'merge', adapter, '--to', at('merged')]);
  expect([merged.code, merged.errors]).toEqual([0, '']);
  const answers = await Promise.all([join(adapter, 'model'), at('merged')].map((model) => (
    command(at('gguf home'), ['generate', '--model', model, '--prompt', 'ABCDEF', '--max-new-tokens', '6']))));
  const [beside, whole] = answers.map(({ events }) => events.at(-1) as Told & { text?: string; tokens?: number[] });
  expect([beside!.text, beside!.tokens]).toEqual([whole!.text, whole!.tokens]);
  expect(beside!.tokens).toHaveLength(6);
});

it('a teacher that is kept on the disk goes on to the bit, killed within a write, between two and while it is learned from', async () => {
  const recipe = recipeOf({ teacher: { model: project.teacher, cache: 'fp32' }, method: { preset: 'supervised-kd' } });
  await expectTheSame('cache', recipe, ['write .states 4', 'phase teacher-states 9', 'step 3']);
});

it('a teacher that takes its turn goes on to the bit', () => (
  expectTheSame('phases', recipeOf({}, { microBatchSize: 2, phases: true }), ['step 3'])));
