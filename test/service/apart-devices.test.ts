import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { executorFor } from '../../src-main/model/load-model.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { expectClose } from '../support/close.ts';
import { tensorMap } from '../support/tensors.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
afterEach(() => { delete process.env['RETORT_TEST_DEVICE']; });
const at = (...parts: string[]): string => join(project.folder, ...parts);

type Parts = Pick<RecipeInput, 'teacher' | 'student'>;

/** A short run that also judges what it learned. */
function recipeOf({ teacher, student }: Parts, changes: Partial<RecipeInput>): RecipeInput {
  const recipe = { ...project.recipe(), ...changes };
  return { ...recipe, ...(recipe.teacher && { teacher: { ...recipe.teacher, ...teacher } }), student: { ...recipe.student, ...student }, train: { ...recipe.train, steps: 6 }, evaluate: { every: 3, metrics: ['rouge'] } };
}

async function run(name: string, recipe: RecipeInput, isResumed = false): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await runJob({ recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed, cache: at(`${name} cache`), stopRequest: () => null, emit: (event) => { events.push(event); } });
  return events;
}

const told = (events: readonly RunEvent[]): number[] => events.flatMap((event) => (event.event === 'step' ? [event.loss, event.gradientNorm]
  : event.event === 'evaluation' ? Object.values(event.metrics).flatMap((metric) => [metric.value]) : []));
const weightsOf = (name: string): Promise<Map<string, Float32Array>> => {
  const model = at(name, 'checkpoints', 'step-6', 'model');
  return tensorMap(join(model, readdirSync(model).find((file) => file.endsWith('.safetensors'))!));
};
const placed = (teacher: Device, student: Device): Parts => ({ teacher: { model: project.teacher, device: teacher }, student: { model: project.student, device: student } });

const CASES: [string, Device, Device, () => Partial<RecipeInput>][] = [
  ['a teacher on a device, its student on the host', 'webgpu', 'cpu', () => ({})],
  ['a student on a device, its teacher on the host', 'cpu', 'webgpu', () => ({})],
  ['both on one device', 'webgpu', 'webgpu', () => ({})],
  ['on two devices', 'cuda', 'webgpu', () => ({})],
  ['a teacher on a device that takes its turn', 'webgpu', 'cpu', () => ({ train: { ...project.recipe().train, phases: true } })],
  ['MiniLLM with its teacher on a device', 'webgpu', 'cpu', () => ({ method: { preset: 'minillm' } })],
  ['a student on a device with the answers of its teacher', 'cpu', 'webgpu', () => ({ method: { preset: 'seqkd' } })],
  ['one that is its own teacher beside an adapter', 'webgpu', 'webgpu', () => ({
    teacher: { model: project.student }, student: { model: project.student, adapter: { rank: 2 } }, method: { preset: 'seqkd' },
  })],
];

it.each(CASES)('%s: the run on the host within rounding, and nothing stays on a device', async (name, teacher, student, changes) => {
  const on = (asked: Device, of: Device): Parts => {
    const { teacher: { model } = { model: project.teacher }, student: others } = { ...project.recipe(), ...changes() };
    return { teacher: { ...placed(asked, of).teacher!, model }, student: { ...others, device: of } };
  };
  const wanted = told(await run(`${name} host`, recipeOf(on('cpu', 'cpu'), changes())));
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const memories = (['webgpu', 'cuda'] as const).map((device) => executorFor(device).memory!);
  const before = memories.map(({ bytes }) => bytes);
  const events = await run(`${name} device`, recipeOf(on(teacher, student), changes()));
  expect(wanted.length).toBeGreaterThan(12);
  expectClose(told(events), wanted, 1e-3);
  const [there, here] = [await weightsOf(`${name} device`), await weightsOf(`${name} host`)];
  for (const [tensor, weights] of here) expectClose(there.get(tensor)!, weights, 1e-3, { name: tensor });
  expect(memories.map(({ bytes }) => bytes)).toEqual(before);
});

const HELD: [string, () => Partial<RecipeInput>][] = [
  ['micro-batches that add up', () => ({ train: { ...project.recipe().train, microBatchSize: 1 } })],
  ['an adapter beside fp16', () => ({ student: { model: project.student, precision: 'fp16', adapter: { rank: 3 } } })],
  ['a teacher in int8', () => ({ teacher: { model: project.teacher, precision: 'int8' } })],
  ['a teacher that takes its turn', () => ({ train: { ...project.recipe().train, phases: true } })],
  ['Adafactor', () => ({ train: { ...project.recipe().train, optimizer: 'adafactor' } })],
];

it.each(HELD)('a device holds what was forecast of it: %s', async (name, changes) => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const { student, teacher } = { ...project.recipe(), ...changes() };
  const parts = { student: { ...student, device: 'webgpu' }, teacher: { ...teacher!, device: 'webgpu' } } as const;
  const events = await run(`held: ${name}`, recipeOf(parts, { method: { preset: 'supervised-kd' }, ...changes() }));
  const { parts: ofHost, device } = events.flatMap((event) => (event.event === 'forecast' ? [event.memory] : []))[0]!;
  const { weights, gradients, moments, teacher: judge } = device!.parts;
  const held = Math.max(...events.flatMap((event) => (event.event === 'step' ? [event.deviceMemory!] : [])));
  // A teacher that takes its turn is gone where a step ends, but for its output layer.
  const expected = weights + gradients + moments + (name.includes('turn') ? ofHost.teacher : judge);
  // Weights and what the optimizer keeps lie in buffers of whole rows of 1024 numbers; what a micro-batch tells waits in some five places of 128.
  const { train } = recipeOf(parts, changes());
  const waiting = Math.ceil(train!.batchSize! / (train!.microBatchSize ?? train!.batchSize!)) * 5 * 4 * 128;
  expect(held - expected).toBeGreaterThanOrEqual(0);
  expect(held - expected).toBeLessThanOrEqual(2 * 4 * 4 * 1024 + waiting);
});

it('the host keeps of a teacher on its student\'s device what evaluations multiply by, and forecasts say so', async () => {
  const forecastOf = async (name: string, device: Device): Promise<number> => {
    const events = await run(name, recipeOf(placed(device, device), { method: { preset: 'supervised-kd' } }));
    return events.flatMap((event) => (event.event === 'forecast' ? [event.memory.parts.teacher] : []))[0]!;
  };
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const { memory } = executorFor('webgpu');
  const read = memory!.crossed.toHost;
  const there = await forecastOf('forecast there', 'webgpu');
  expect(memory!.crossed.toHost).toBeGreaterThan(read);
  const here = await forecastOf('forecast here', 'cpu');
  expect(there).toBeLessThan(here);
  expect(there).toBeGreaterThan(0);
});
