import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { stageSentence, stagesOf } from '../../src-main/contract/stages.ts';
import { reachesOf } from '../../src-main/service/consent/reaches.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareStages } from '../../src-main/service/run/stages/prepare-stages.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { command, type KillPlace, type Told } from '../support/command.ts';
import { remembered } from '../support/remembered.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
const at = (...parts: string[]): string => join(project.folder, ...parts);
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

type StageInput = NonNullable<RecipeInput['stages']>[number];

const FINE_TUNE: StageInput = { name: 'fine-tune', method: { preset: 'sft' }, train: { steps: 3, learningRate: 3e-3 } };
const DISTIL: StageInput = { name: 'distil', train: { steps: 4 } };

/** `recipe.train` without how long it trains, which the stages say. */
function staged(changes: Partial<RecipeInput> = {}, stages: StageInput[] = [FINE_TUNE, DISTIL]): RecipeInput {
  const { steps: _, ...train } = project.recipe().train!;
  return { ...project.recipe(), train, stages, checkpoint: { every: 2, keep: 2 }, evaluate: { every: 2, examples: 4 }, ...changes };
}

async function run(name: string, recipe: RecipeInput): Promise<Told[]> {
  const events: Told[] = [];
  await runJob({
    recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed: false, cache: at(`${name} cache`),
    stopRequest: () => null, emit: (event) => { events.push(event as Told); },
  });
  return events;
}

/** What the steps told that no clock has a part in. */
const told = (events: readonly Told[], from = 0): unknown[] => events.filter(({ event }) => event === 'step').map((event) => {
  const { step, loss, gradientNorm, learningRate, lambda, onPolicyShare } = event as Told & Record<string, number>;
  return { step: step! - from, loss, gradientNorm, learningRate, lambda, onPolicyShare };
});

function digests(name: string, step: number): Record<string, string> {
  const folder = at(name, 'checkpoints', `step-${step}`);
  const files = ['optimizer.safetensors', ...readdirSync(join(folder, 'model')).filter((file) => file.endsWith('.safetensors')).map((file) => `model/${file}`)];
  return Object.fromEntries(files.map((file) => [file, createHash('sha256').update(readFileSync(join(folder, file))).digest('hex')]));
}

it.each<{ what: string; student: Partial<RecipeInput['student']>; second?: Partial<StageInput> }>([
  { what: 'a whole student', student: {} },
  { what: 'an adapter with dropout', student: { adapter: { rank: 2, dropout: 0.2 } } },
  { what: 'another optimizer', student: {}, second: { train: { steps: 4, optimizer: 'adafactor', learningRate: 1e-2 } } },
  { what: 'a student trained as its file', student: { ship: 'q8_0' } },
])('two stages are the two runs one after the other, to the bit: $what', async ({ what, student, second = {} }) => {
  const recipe = staged({ student: { model: project.student, ...student } }, [FINE_TUNE, { ...DISTIL, ...second }]);
  const whole = await run(what, recipe);
  const { stages: _, ...alone } = recipe;
  const first = await run(`${what}, first`, { ...alone, method: FINE_TUNE.method!, train: { ...recipe.train, ...FINE_TUNE.train } });
  const from = at(`${what}, first`, 'checkpoints', 'step-3', 'model');
  // An adapter's checkpoint says itself what it is.
  const { adapter: _adapter, ...rest } = recipe.student;
  const then = await run(`${what}, then`, { ...alone, student: { ...rest, model: from, ...(student.adapter && { adapter: student.adapter }) }, train: { ...recipe.train, ...DISTIL.train, ...second.train } });
  expect(told(whole)).toHaveLength(7);
  expect(told(whole).slice(0, 3)).toEqual(told(first));
  expect(told(whole.filter(({ step }) => step === undefined || step > 3), 3)).toEqual(told(then));
  expect(digests(what, 7)).toEqual(digests(`${what}, then`, 4));
});

const lossesOf = (events: readonly Told[]): [number, number][] => events.flatMap(({ event, step, loss }) => (event === 'step' ? [[step!, loss!]] : []));

it.each<{ what: string; places: KillPlace[]; changes?: Partial<RecipeInput>; stages?: StageInput[] }>([
  // Checkpoints stand at 2, at the boundary 3, at 4, 6 and 7; the step of the kill is told by nobody.
  { what: 'within each stage, and at the boundary', places: ['step 2', 'step 4', 'step 7'] },
  { what: 'behind what the teacher wrote for the second stage', places: ['step 5'], stages: [FINE_TUNE, { ...DISTIL, method: { preset: 'seqkd' } }] },
  { what: 'an adapter beside int8', places: ['step 3', 'step 4'], changes: { student: { get model() { return project.student; }, precision: 'int8', adapter: { rank: 2, dropout: 0.1 } } } },
])('a run with stages goes on to the bit, killed $what', async ({ what, places, changes, stages }) => {
  const recipe = staged(changes, stages);
  const whole = await run(`${what} whole`, recipe);
  writeFileSync(at('cut.json'), JSON.stringify(recipe));
  for (const [turn, place] of [...places, undefined].entries()) {
    const { code, signal, errors } = await command(at(`${what} home`), turn === 0 ? ['run', at('cut.json'), '--run-dir', at(what)] : ['resume', at(what)], place);
    expect(errors).toBe('');
    expect([code, signal]).toEqual(place === undefined ? [0, null] : [null, 'SIGKILL']);
  }
  const { steps, log } = await remembered(at(`${what} home`), at(what));
  expect(steps.map(({ step, loss }) => [step, loss])).toEqual(lossesOf(whole));
  expect(digests(what, 7)).toEqual(digests(`${what} whole`, 7));
  expect(log.filter(({ code }) => code === 'stage').map(({ message }) => message)).toEqual(whole.flatMap((event) => (event.event === 'stage' ? [stageSentence(event as Told & Parameters<typeof stageSentence>[0])] : [])));
});

it('goes on from the checkpoint that a stage ends with, and from one within an earlier stage', async () => {
  const recipe = staged({ checkpoint: { every: 2, keep: 9 } });
  writeFileSync(at('again.json'), JSON.stringify(recipe));
  const home = at('again home');
  const { events } = await command(home, ['run', at('again.json'), '--run-dir', at('again')]);
  const [losses, whole] = [lossesOf(events), digests('again', 7)];
  for (const step of [3, 2]) {
    const resumed = await command(home, ['resume', at('again'), '--step', String(step)]);
    expect([resumed.code, resumed.errors]).toEqual([0, '']);
    expect(lossesOf(resumed.events)).toEqual(losses.slice(step));
    expect(digests('again', 7)).toEqual(whole);
  }
});

it.each<[string, unknown, string]>([
  ['no stage', [], 'stages is []: at least one stage is expected'],
  ['a name twice', [FINE_TUNE, FINE_TUNE], 'stages.1.name is "fine-tune": another stage is called so'],
  ['no name', [{ train: { steps: 1 } }], 'stages.0.name is missing'],
  ['an unknown field', [{ ...FINE_TUNE, speed: 1 }], 'there is no field stages.0.speed'],
  ['a teacher of its own', [{ ...FINE_TUNE, teacher: { model: 'x' } }], 'there is no field stages.0.teacher: the teacher is the run\'s'],
  ['a mistyped setting', [{ ...FINE_TUNE, train: { step: 1 } }], 'there is no field stages.0.train.step'],
  ['a setting out of bounds', [FINE_TUNE, { ...DISTIL, method: { lambda: 2 } }], 'stages.1.method.lambda is 2'],
  ['moments of another optimizer', [{ ...FINE_TUNE, train: { steps: 1, optimizer: 'adafactor', moments: 'bf16' } }], 'stages.0.train.moments is "bf16": is for adamw'],
])('a recipe with %s is refused by its field', (_what, stages, message) => {
  expect(() => parseRecipe({ ...staged(), stages }, 'test')).toThrow(message);
});

it('a stage that contradicts its preset, or does not say how long it trains, is named', async () => {
  const prepare = (stages: StageInput[]): Promise<unknown> => prepareStages(parseRecipe(staged({}, stages), 'test'), at('none'));
  await expect(prepare([{ ...FINE_TUNE, method: { preset: 'sft', lambda: 0.5 } }, DISTIL])).rejects.toThrow('Stage "fine-tune": method.lambda is 0.5, but the preset "sft" means 0');
  await expect(prepare([FINE_TUNE, { name: 'distil' }])).rejects.toThrow('Stage "distil": train.steps is missing');
});

it('a stage takes what it does not say from the recipe', () => {
  const recipe = parseRecipe({ ...staged(), method: { preset: 'gkd', lambda: 0.25 }, evaluate: { every: 2, best: 'loss' }, train: { steps: 9, batchSize: 6 } }, 'test');
  const [first, second] = stagesOf({ ...recipe, stages: [{ name: 'a', method: { preset: 'sft' }, train: { epochs: 1 } }, { name: 'b', method: { lambda: 1 } }] });
  expect([first.recipe.method, first.recipe.train.steps, first.recipe.train.epochs, first.recipe.train.batchSize, first.recipe.evaluate.best]).toEqual([{ preset: 'sft' }, undefined, 1, 6, undefined]);
  expect([second!.recipe.method, second!.recipe.train.steps, second!.recipe.evaluate.best]).toEqual([{ preset: 'gkd', lambda: 1 }, 9, 'loss']);
});

it('asks before any stage reaches outside', () => {
  const reward = { kind: 'http', url: 'http://127.0.0.1:1/' } as const;
  const recipe = parseRecipe(staged({}, [FINE_TUNE, { ...DISTIL, method: { preset: 'rl-gkd', reward } }]), 'test');
  expect(reachesOf(recipe)).toMatchObject([{ kind: 'address', what: reward.url }]);
});
