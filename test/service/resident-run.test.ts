import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import { readdirSync, writeFileSync } from 'node:fs';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { executorFor } from '../../src-main/model/load-model.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import type { RunJob } from '../../src-main/service/run/job.ts';
import { command, type KillPlace } from '../support/command.ts';
import { expectClose } from '../support/close.ts';
import { remembered } from '../support/remembered.ts';
import { tensorMap } from '../support/tensors.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
afterEach(() => { for (const name of ['RETORT_TEST_DEVICE', 'RETORT_TEST_LOST']) delete process.env[name]; });
const at = (...parts: string[]): string => join(project.folder, ...parts);

/** Both models on a device that stands in for WebGPU, or on the host. */
function recipeOf(device: Device, changes: Partial<RecipeInput> = {}): RecipeInput {
  const { teacher, student, ...rest } = { ...project.recipe(), ...changes };
  return { ...rest, ...(teacher && { teacher: { ...teacher, device } }), student: { ...student, device } };
}

async function run(name: string, recipe: RecipeInput, job: Partial<RunJob> = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await runJob({
    recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed: false, cache: at(`${name} cache`),
    stopRequest: () => null, ...job, emit: (event) => {
      events.push(event);
      job.emit?.(event);
    },
  });
  return events;
}

const told = (events: readonly RunEvent[]): number[][] => events.flatMap((event) => (event.event === 'step' ? [[event.step, event.loss, event.gradientNorm]] : []));

/** A checkpoint's weights. */
const weightsOf = (name: string, step: number): Promise<Map<string, Float32Array>> => {
  const model = at(name, 'checkpoints', `step-${step}`, 'model');
  return tensorMap(join(model, readdirSync(model).find((file) => file.endsWith('.safetensors'))!));
};

const RUNS: [string, () => Partial<RecipeInput>, within?: number][] = [
  ['with a mixture of texts', () => ({})],
  ['with Adafactor, evaluations and a teacher that takes its turn', () => ({ train: { ...project.recipe().train, optimizer: 'adafactor', phases: true }, evaluate: { every: 3, metrics: ['rouge'], best: 'divergence' } })],
  ['of an adapter with dropout beside fp16', () => ({ student: { model: project.student, precision: 'fp16', adapter: { rank: 3, dropout: 0.2 } } })],
  // What int4 is multiplied with is rounded to 8 bits, so that a last digit decides about a step of 0.4 percent: Adam's epsilon keeps it from
  // making the smallest gradients of an adapter's beginning as long as any. A student writes by exact products on a device, so the texts are the data's.
  ['of an adapter beside int4', () => ({
    student: { model: project.student, precision: 'int4', adapter: { rank: 2 } }, method: { preset: 'supervised-kd' }, train: { ...project.recipe().train, epsilon: 0.01 },
  }), 0.1],
  ['trained as it is shipped', () => ({ student: { model: project.student, ship: 'q8_0' } })],
  ['by MiniLLM', () => ({ method: { preset: 'minillm' } })],
  ['by a reward', () => ({ method: { preset: 'rl-gkd', alpha: 0.5, reward: { kind: 'rouge' } } })],
  ['by fine-tuning', () => ({ method: { preset: 'sft' } })],
  ['of texts that its teacher has written', () => ({ method: { preset: 'seqkd' } })],
  ['with a teacher that is kept on the disk', () => ({ teacher: { model: project.teacher, cache: 'fp32' }, method: { preset: 'supervised-kd' } })],
];

const short = (recipe: RecipeInput): RecipeInput => ({ ...recipe, train: { ...recipe.train, steps: 6 } });

it.each(RUNS)('a run on a device is the run on the host within rounding: %s', async (name, changes, within = 1e-3) => {
  const wanted = await run(`${name} host`, short(recipeOf('cpu', changes())));
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const found = await run(`${name} device`, short(recipeOf('webgpu', changes())));
  expect(found.map(({ event }) => event)).toEqual(wanted.map(({ event }) => event));
  expect(told(found)).toHaveLength(6);
  expectClose(told(found).flat(), told(wanted).flat(), 1e-3);
  const [there, here] = [await weightsOf(`${name} device`, 6), await weightsOf(`${name} host`, 6)];
  expect([...there.keys()]).toEqual([...here.keys()]);
  for (const [tensor, weights] of here) expectClose(there.get(tensor)!, weights, within, { name: tensor });
  const state = (of: string): Promise<Map<string, Float32Array>> => tensorMap(at(`${name} ${of}`, 'checkpoints', 'step-6', 'optimizer.safetensors'));
  expect([...(await state('device')).keys()].sort()).toEqual([...(await state('host')).keys()].sort());
});

/** A run that is asked to stop behind a step. */
const stopsAfter = (step: number, events: RunEvent[]): Partial<RunJob> => ({
  emit: (event) => { events.push(event); },
  stopRequest: () => (events.some((event) => event.event === 'step' && event.step === step) ? 'save' : null),
});
const warned = (events: readonly RunEvent[], code: string): string[] => events.flatMap((event) => (event.event === 'warning' && event.code === code ? [event.message] : []));
/** Everything of a checkpoint that has to be the same, to the bit. */
const allOf = async (name: string): Promise<Map<string, Float32Array>[]> => [await weightsOf(name, 12), await tensorMap(at(name, 'checkpoints', 'step-12', 'optimizer.safetensors'))];

it.each([['cpu', 'webgpu'], ['webgpu', 'cpu']] as const)('a run that was on %s goes on on %s, within rounding, and says so', async (from, to) => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const name = `${from} to ${to}`;
  await run(`${name} whole`, recipeOf(from));
  const before: RunEvent[] = [];
  await run(name, recipeOf(from), stopsAfter(5, before));
  const after = await run(name, recipeOf(from), { isResumed: true, device: to });
  expect(warned(after, 'device')).toEqual([`This run goes on on the device "${to}" and was on "${from}": from here on its numbers differ by rounding from those that it would have had there.`]);
  const [found, wanted] = [await weightsOf(name, 12), await weightsOf(`${name} whole`, 12)];
  for (const [tensor, weights] of wanted) expectClose(found.get(tensor)!, weights, 1e-3, { name: tensor });
  const device = after.flatMap((event) => (event.event === 'step' ? [event.deviceMemory] : []));
  expect(device.every((bytes) => (to === 'cpu' ? bytes === null : bytes! > 0))).toBe(true);
});

it('a run that was moved stays where it is', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  for (const [step, job] of [[3, {}], [6, { isResumed: true, device: 'webgpu' }], [9, { isResumed: true }]] as const) {
    const events: RunEvent[] = [];
    await run('moved', recipeOf('cpu'), { ...job, ...stopsAfter(step, events) });
    expect(warned(events, 'device')).toHaveLength(step === 6 ? 1 : 0);
    expect(events.flatMap((event) => (event.event === 'step' ? [event.deviceMemory !== null] : []))).toEqual([step > 3, step > 3, step > 3]);
  }
});

it('a run whose device is lost says so in one sentence, and goes on from its last checkpoint to the bit', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  await run('unlost', recipeOf('webgpu'));
  process.env['RETORT_TEST_DEVICE'] = 'losable';
  const events: RunEvent[] = [];
  const lost = run('lost', recipeOf('webgpu'), {
    emit: (event) => {
      events.push(event);
      if (event.event === 'step' && event.step === 6) process.env['RETORT_TEST_LOST'] = 'now';
    },
  });
  await expect(lost).rejects.toMatchObject({ kind: 'failure', message: 'The device "webgpu" was lost in the middle of a computation: its driver was reset, or it was taken away.', hint: expect.stringContaining('retort resume RUN --device cpu') as string });
  expect(told(events)).toHaveLength(6);
  delete process.env['RETORT_TEST_LOST'];
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const after = await run('lost', recipeOf('webgpu'), { isResumed: true });
  expect(told(after)[0]![0]).toBe(5);
  expect(await allOf('lost')).toEqual(await allOf('unlost'));
});

it('a run that its device has no room for says so in one sentence, and goes on elsewhere', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'room 40000';
  await expect(run('full', recipeOf('webgpu'))).rejects.toMatchObject({ kind: 'failure', message: expect.stringMatching(/^The device "webgpu" has no memory left where it keeps a tensor of [0-9.]+ MiB[.]$/) as string });
  const after = await run('full', recipeOf('webgpu'), { isResumed: true, device: 'cpu' });
  expect(told(after)).toHaveLength(12);
});

const CROWDED: [string, () => Partial<RecipeInput>][] = [
  ['trained as it is shipped', () => ({ student: { model: project.student, ship: 'q8_0' } })],
  ['of an adapter beside fp16', () => ({ student: { model: project.student, precision: 'fp16', adapter: { rank: 3 } } })],
  ['by MiniLLM', () => ({ method: { preset: 'minillm' } })],
];

it.each(CROWDED)('a run leaves nothing on a device that has no room for it: %s', async (name, changes) => {
  const recipe = recipeOf('webgpu', { ...changes(), train: { ...project.recipe().train, steps: 2 } });
  let isDone = false;
  for (let room = 4000; !isDone; room = Math.ceil(room * 1.5)) {
    process.env['RETORT_TEST_DEVICE'] = `room ${room}`;
    const before = executorFor('webgpu').memory!.bytes;
    isDone = await run(`crowded ${name} ${room}`, recipe).then(() => true, (error: unknown) => {
      expect(error).toMatchObject({ kind: 'failure', message: expect.stringContaining('has no memory left') as string });
      return false;
    });
    expect([room, executorFor('webgpu').memory!.bytes]).toEqual([room, before]);
  }
});

it('a run holds on its device what was forecast of it', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const events = await run('forecast', short(recipeOf('webgpu', { method: { preset: 'supervised-kd' } })));
  const [expected] = events.flatMap((event) => (event.event === 'forecast' ? [event.memory] : []));
  const { weights, gradients, moments, teacher } = expected!.device!.parts;
  expect(expected!.parts).toMatchObject({ gradients: 0, moments: 0, activations: 0, decoding: 0, cache: 0 });
  const held = events.flatMap((event) => (event.event === 'step' ? [event.deviceMemory!] : []));
  expect(new Set(held).size).toBe(1);
  // Weights and moments in two kinds of buffers, each of whole rows of 1024 numbers.
  const more = held[0]! - (weights + gradients + moments + teacher);
  expect(more).toBeGreaterThanOrEqual(0);
  expect(more).toBeLessThanOrEqual(2 * 3 * 4 * 1024);
});

it('a run with moments in half of the bytes is refused on a device', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const recipe = recipeOf('webgpu', { train: { ...project.recipe().train, moments: 'bf16' } });
  await expect(run('halves', recipe)).rejects.toMatchObject({ kind: 'input', message: 'train.moments is bf16, and the student learns on the device "webgpu", which keeps them in fp32.' });
});

it.each<[string, () => Partial<RecipeInput>, KillPlace]>([
  ['a student', () => ({}), 'step 6'],
  ['an adapter with dropout', () => ({ student: { model: project.student, adapter: { rank: 3, dropout: 0.2 } } }), 'step 7'],
])('%s on a device that is killed goes on to the bit', async (name, changes, place) => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const recipe = recipeOf('webgpu', changes());
  const whole = await run(`${name} undisturbed`, recipe);
  writeFileSync(at(`${name}.json`), JSON.stringify(recipe));
  for (const [args, kill] of [[['run', at(`${name}.json`), '--run-dir', at(name)], place], [['resume', at(name)], undefined]] as const) {
    const { signal, errors } = await command(at(`${name} home`), args, kill);
    expect(errors).toBe('');
    expect(signal).toBe(kill === undefined ? null : 'SIGKILL');
  }
  expect((await remembered(at(`${name} home`), at(name))).steps.map(({ step, loss }) => [step, loss])).toEqual(told(whole).map(([step, loss]) => [step, loss]));
  expect(await allOf(name)).toEqual(await allOf(`${name} undisturbed`));
});
