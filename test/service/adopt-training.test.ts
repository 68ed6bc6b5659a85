import { appendFile, cp, mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { recipeSchema, type Recipe } from '../../src-main/contract/recipe.ts';
import { enterTraining, followTraining } from '../../src-main/service/adopt/follow-training.ts';
import { trainingFolder } from '../../src-main/service/adopt/training-folder.ts';
import { writeHandover } from '../../src-main/service/handover/write-handover.ts';
import { openHome, type Home } from '../../src-main/service/home.ts';
import { openPair } from '../../src-main/model/model-pair.ts';
import { refuseElsewhere } from '../../src-main/service/runs.ts';
import { readEvaluations, readSamples } from '../../src-main/store/evaluations.ts';
import { readLog } from '../../src-main/store/log.ts';
import { readRollouts } from '../../src-main/store/rollouts.ts';
import { findRun, listRuns } from '../../src-main/store/runs.ts';
import { readSteps } from '../../src-main/store/steps.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { trainingStarted, trainingStep } from '../support/training-words.ts';

let project: TinyProject;
let recipe: Recipe;
let home: Home;
let folder: string;
let count = 0;
beforeAll(async () => {
  project = await tinyProject();
  recipe = recipeSchema.parse(project.recipe({ data: { ...project.recipe().data, maxCompletionTokens: 64 }, evaluate: { every: 4, metrics: ['exact-match', 'perplexity'] } }));
});
afterAll(() => project.remove());
beforeEach(async () => {
  home = await openHome(join(project.folder, `home-${++count}`));
  folder = join(project.folder, `handed-${count}`);
  await writeHandover(recipe, folder);
});
afterEach(() => home.close());

const at = (...parts: string[]): string => join(folder, 'run', ...parts);
const tell = (...events: object[]): Promise<void> => appendFile(at('events.jsonl'), events.map((event) => `${JSON.stringify({ at: 1_700_000_000_000, ...event })}\n`).join(''));
const started = trainingStarted;
const step = trainingStep;
const rollouts = (at: number): object => ({ event: 'rollouts', rollouts: [{ step: at, example: 3, prompt: '1+2=', tokens: [5, 1], divergence: [0.25, null], ended: true }] });

async function evaluation(at_: number): Promise<object> {
  const lines = (await readFile(join(folder, 'data', 'validation.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { prompt: string; reference: string; completion: number[] });
  await mkdir(at('evaluations'), { recursive: true });
  // The first answer is right, the others are nothing.
  await writeFile(at('evaluations', `step-${at_}.jsonl`), lines.map(({ prompt, reference, completion }, place) => `${JSON.stringify({
    place, prompt, reference, tokens: 4, loss: 2, divergence: place === 0 ? 1 : 0.5, written: place === 0 ? completion.filter((token) => token !== 1) : [],
  })}\n`).join(''));
  return { event: 'evaluation', step: at_, path: `evaluations/step-${at_}.jsonl` };
}

async function checkpoint(at_: number): Promise<object> {
  await cp(project.student, at('checkpoints', `step-${at_}`, 'model'), { recursive: true });
  await writeFile(at('checkpoints', `step-${at_}`, 'state.json'), '{"engine":"TRL"}\n');
  return { event: 'checkpoint', step: at_, path: `checkpoints/step-${at_}` };
}

async function adopt(): Promise<string> {
  const training = await enterTraining(home, trainingFolder(folder)!);
  await followTraining(home, training, { waits: false });
  return training.run.id;
}

it('brings steps, texts, scores and checkpoints of a training into the history, by this program\'s own scores', async () => {
  await tell(started(), await evaluation(0), rollouts(1), step(1, 0.5), step(2, null), await checkpoint(2), { event: 'done', step: 2, path: 'checkpoints/step-2' });
  const id = await adopt();
  const { database } = home;
  expect(await findRun(database, id)).toMatchObject({
    status: 'done', lastStep: 2, totalSteps: 12, parameters: 4960, checkpoint: { step: 2, path: at('checkpoints', 'step-2') },
    engine: { name: 'TRL', version: '1.16.0', processes: 2, device: 'CPU' }, runDir: at(), headline: { name: 'exact-match' },
  });
  expect((await readSteps(database, id, { after: 0, limit: 10 })).map(({ loss }) => loss)).toEqual([0.5, null]);
  const [evaluated] = await readEvaluations(database, id);
  expect(evaluated).toMatchObject({ step: 0, examples: 6, loss: 0.5, divergence: (1 + 5 * 0.5) / 24, metrics: { 'exact-match': { value: 1 / 6 }, 'perplexity': { value: Math.exp(0.5) } } });
  expect((await readSamples(database, id, 0))[0]).toMatchObject({ teacher: null });
  const { rollouts: [rollout] } = await readRollouts(database, id, { order: 'step', descending: false, offset: 0, limit: 5 });
  const { student: { tokenizer } } = await openPair(project.student, project.teacher);
  expect(rollout).toMatchObject({ prompt: '1+2=', completion: tokenizer.decode([5], { skipSpecial: true }), tokens: [5, 1], ended: true });
  expect((await readLog(database, id, { after: 0, limit: 10 }))[0]).toMatchObject({ at: 1_700_000_000_000, message: 'Started; 12 steps.' });
  expect(() => refuseElsewhere({ id, runDir: at(), engine: { name: 'TRL', version: '1', processes: 1, device: 'CPU', with: {} } })).toThrow('goes on there');
});

it('reads a training that goes on as it goes on, a line only once it is whole, and one that was cut off and began again', async () => {
  await tell(started(), step(1, 0.5), step(2, 0.4), step(3, 0.3));
  const training = await enterTraining(home, trainingFolder(folder)!);
  const seen: string[] = [];
  const following = followTraining(home, training, { waits: true, onEvent: (event) => { seen.push(event.event === 'step' ? `${event.step} ${event.loss}` : event.event); } });
  await expect.poll(() => seen.length).toBe(4);
  // From the checkpoint of step 2; half a line at first.
  await tell(started(2));
  await appendFile(at('events.jsonl'), JSON.stringify({ at: 1, ...step(3, 0.25) }).slice(0, 40));
  await expect.poll(() => seen.length).toBe(5);
  await appendFile(at('events.jsonl'), `${JSON.stringify({ at: 1, ...step(3, 0.25) }).slice(40)}\n`);
  await tell({ event: 'stopped', step: 3 });
  expect(await following).toEqual({ hasEnded: true, bytes: (await stat(at('events.jsonl'))).size });
  expect(seen).toEqual(['started', '1 0.5', '2 0.4', '3 0.3', 'started', '3 0.25', 'stopped']);
  expect((await readSteps(home.database, training.run.id, { after: 0, limit: 10 })).map(({ loss }) => loss)).toEqual([0.5, 0.4, 0.25]);
});

it('knows the same folder again, read once or twice, and a moved one by its id', async () => {
  await tell(started(), rollouts(1), step(1, 0.5));
  const id = await adopt();
  expect((await findRun(home.database, id)).status).toBe('interrupted');
  await tell(step(2, 0.4), { event: 'failed', message: 'CUDA out of memory' });
  expect(await adopt()).toBe(id);
  expect(await listRuns(home.database)).toHaveLength(1);
  expect(await findRun(home.database, id)).toMatchObject({ status: 'failed', lastStep: 2, error: { message: 'CUDA out of memory' } });
  expect((await readRollouts(home.database, id, { order: 'step', descending: false, offset: 0, limit: 5 })).total).toBe(1);
});

it.each([
  ['{"event":"step"}', 'events.jsonl, line 2'],
  ['not json', 'events.jsonl, line 2 is not JSON'],
  [JSON.stringify({ at: 1, event: 'checkpoint', step: 1, path: '../../elsewhere' }), 'events.jsonl, line 2'],
  [JSON.stringify({ at: 1, event: 'evaluation', step: 1, path: '/etc/passwd' }), 'events.jsonl, line 2'],
])('names the line that is no event: %s', async (line, said) => {
  await tell(started());
  await appendFile(at('events.jsonl'), `${line}\n`);
  await expect(adopt()).rejects.toThrow(said);
  const [run] = await listRuns(home.database);
  expect(run!.status).toBe('interrupted');
});

it('says that a training has died of which nothing is heard any more, and reads on where it goes on', async () => {
  await tell(started(), step(1, 0.5));
  await writeFile(at('alive'), '1\n');
  const training = await enterTraining(home, trainingFolder(folder)!);
  await expect(followTraining(home, training, { waits: true, quiet: 1 })).rejects.toThrow(/Nothing has been heard of this training for 1 minute: its process has died/);
  expect(await findRun(home.database, training.run.id)).toMatchObject({ status: 'interrupted', lastStep: 1, error: { message: expect.stringContaining('its process has died') as string } });
  await tell(started(1), step(2, 0.4), { event: 'done', step: 2, path: 'checkpoints/step-2' });
  expect(await followTraining(home, training, { waits: true, quiet: 1 })).toMatchObject({ hasEnded: true });
  expect(await findRun(home.database, training.run.id)).toMatchObject({ status: 'done', lastStep: 2, error: null });
});

it('believes one that died long ago dead at once, and none that has not begun', async () => {
  const training = await enterTraining(home, trainingFolder(folder)!);
  expect(training.run.engine).toMatchObject({ name: 'TRL', version: '' });
  const stopping = new AbortController();
  const waiting = followTraining(home, training, { waits: true, quiet: 1, signal: stopping.signal });
  await expect.poll(async () => (await findRun(home.database, training.run.id)).status).toBe('running');
  stopping.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow();
  await tell(started(), step(1, 0.5));
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(at('events.jsonl'), yesterday, yesterday);
  await expect(followTraining(home, training, { waits: true })).rejects.toThrow('for 24 hours');
});

it('reads a folder that was begun anew, or is copied anew, from its beginning', async () => {
  await tell(started(), step(1, 0.5), step(2, 0.4), step(3, 0.3));
  const training = await enterTraining(home, trainingFolder(folder)!);
  const seen: string[] = [];
  const following = followTraining(home, training, { waits: true, onEvent: (event) => { seen.push(event.event === 'step' ? `${event.step} ${event.loss}` : event.event); } });
  await expect.poll(() => seen.length).toBe(4);
  await writeFile(at('events.jsonl'), '');
  await expect.poll(async () => (await readSteps(home.database, training.run.id, { after: 0, limit: 10 })).length).toBe(0);
  await tell(started(), step(1, 0.25), { event: 'stopped', step: 1 });
  expect(await following).toEqual({ hasEnded: true, bytes: (await stat(at('events.jsonl'))).size });
  expect((await readSteps(home.database, training.run.id, { after: 0, limit: 10 })).map(({ loss }) => loss)).toEqual([0.25]);
});

const elsewhere = (): string => join(project.folder, 'elsewhere.jsonl');
it.each<[string, () => Promise<void>, RegExp]>([
  ['a checkpoint that a link leads to', async () => {
    await symlink(project.student, at('checkpoints', 'step-1'));
    await tell(started(), { event: 'checkpoint', step: 1, path: 'checkpoints/step-1' });
  }, /step-1 is a link that leads out of the run folder/],
  ['an evaluation that a link leads to', async () => {
    await writeFile(elsewhere(), '{}\n');
    await mkdir(at('evaluations'));
    await symlink(elsewhere(), at('evaluations', 'step-1.jsonl'));
    await tell(started(), { event: 'evaluation', step: 1, path: 'evaluations/step-1.jsonl' });
  }, /step-1.jsonl is a link that leads out of the run folder/],
  ['an evaluation that is a folder', async () => {
    await mkdir(at('evaluations', 'step-1.jsonl'), { recursive: true });
    await tell(started(), { event: 'evaluation', step: 1, path: 'evaluations/step-1.jsonl' });
  }, /step-1.jsonl is no file/],
  ['an evaluation that is not there', () => tell(started(), { event: 'evaluation', step: 1, path: 'evaluations/step-1.jsonl' }), /step-1.jsonl is not there, and events.jsonl tells of it/],
  ['events that a link leads to', async () => {
    await writeFile(elsewhere(), '');
    await symlink(elsewhere(), at('events.jsonl'));
  }, /events.jsonl is a link that leads out of the run folder/],
  ['a text with fewer divergences than tokens', () => tell(started(), { event: 'rollouts', rollouts: [{ step: 1, example: 3, prompt: '', tokens: [5, 1], divergence: [0.25], ended: true }] }), /line 2: rollouts.0.divergence has not one number for each token/],
  ['a time that no date tells', () => tell({ ...started(), at: 9e15 }), /line 1: at /],
  ['a step beyond all steps', () => tell(started(), { ...step(1, 0.5), step: 2 ** 40 }), /line 2: step /],
])('names %s', async (_, make, said) => {
  await make();
  const training = await enterTraining(home, trainingFolder(folder)!);
  await expect(followTraining(home, training, { waits: false })).rejects.toThrow(said);
  expect(await findRun(home.database, training.run.id)).toMatchObject({ status: 'interrupted', error: { message: expect.stringMatching(said) as string } });
});

it('shows what another machine writes about itself in one line, and does what it says to no terminal', async () => {
  await tell({ ...started(), engine: { name: 'TRL\u001b[2J', version: '1\n2', processes: 2, device: 'CPU', with: {} } }, { event: 'failed', message: 'gone\u001b[31m' });
  const run = await findRun(home.database, await adopt());
  expect(run).toMatchObject({ engine: { name: 'TRL\\u{1b}[2J', version: '1\\n2' }, error: { message: 'gone\\u{1b}[31m' } });
});

it('reads texts whose tokens the student does not have', async () => {
  await tell(started(), { event: 'rollouts', rollouts: [{ step: 1, example: 3, prompt: '', tokens: [5, 4000], divergence: [0.25, 1], ended: true }] }, step(1, 0.5));
  const id = await adopt();
  expect((await readRollouts(home.database, id, { order: 'step', descending: false, offset: 0, limit: 5 })).rollouts).toMatchObject([{ tokens: [5, 4000] }]);
});

it('knows the stages of a training: where each began, and each evaluation by its own stage\'s metrics', async () => {
  const { steps: _, ...train } = project.recipe().train!;
  const staged = recipeSchema.parse(project.recipe({
    train, evaluate: { metrics: ['exact-match'] },
    stages: [{ name: 'fine-tune', method: { preset: 'sft' }, train: { epochs: 0.3 }, evaluate: { metrics: ['perplexity'] } }, { name: 'distil', train: { steps: 3 } }],
  }));
  folder = join(project.folder, `staged-${count}`);
  await writeHandover(staged, folder);
  await mkdir(at('evaluations'));
  await cp(join(folder, 'data', 'stage-1'), join(folder, 'data'), { recursive: true });
  const begun = (number: number, first: number, steps: number): object => ({ event: 'stage', name: ['fine-tune', 'distil'][number - 1], number, of: 2, first, steps });
  await tell(
    { ...started(0, 5), stageSteps: [2, 3] }, begun(1, 0, 2), await evaluation(0), step(1, 0.5), step(2, 0.4), await checkpoint(2),
    begun(2, 2, 3), await evaluation(2), step(3, 0.3),
    // Cut off behind the boundary, and gone on from there.
    { ...started(2, 5), stageSteps: [2, 3] }, begun(2, 2, 3), await evaluation(2), step(3, 0.3), step(4, 0.2), step(5, 0.1), await evaluation(5), { event: 'done', step: 5, path: 'checkpoints/step-5' },
  );
  const id = await adopt();
  const { database } = home;
  expect(await findRun(database, id)).toMatchObject({ status: 'done', lastStep: 5, totalSteps: 5 });
  expect((await readEvaluations(database, id)).map(({ step: at_, metrics }) => [at_, Object.keys(metrics)])).toEqual([[0, ['perplexity']], [2, ['exact-match']], [5, ['exact-match']]]);
  const told = (await readLog(database, id, { after: 0, limit: 50 })).filter(({ code }) => code === 'stage').map(({ step: at_, message }) => [at_, message]);
  expect(told).toEqual([[0, 'Stage 1 of 2 begins: "fine-tune", steps 1 to 2.'], [2, 'Stage 2 of 2 begins: "distil", steps 3 to 5.']]);
});
