import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { parseRecipe } from '../../src-main/service/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import type { RunJob } from '../../src-main/service/run/job.ts';
import { expectClose } from '../support/close.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
afterEach(() => { delete process.env['RETORT_TEST_DEVICE']; });
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
    stopRequest: () => null, emit: (event) => { events.push(event); }, ...job,
  });
  return events;
}

const told = (events: readonly RunEvent[]): number[][] => events.flatMap((event) => (event.event === 'step' ? [[event.step, event.loss, event.gradientNorm]] : []));

async function tensorsOf(path: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  const found = new Map<string, Float32Array>();
  for (const { name, shape } of file.tensors) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    await file.read(name, data);
    found.set(name, data);
  }
  return found;
}

/** A checkpoint's weights. */
const weightsOf = (name: string, step: number): Promise<Map<string, Float32Array>> => {
  const model = at(name, 'checkpoints', `step-${step}`, 'model');
  return tensorsOf(join(model, readdirSync(model).find((file) => file.endsWith('.safetensors'))!));
};

const RUNS: [string, () => Partial<RecipeInput>][] = [
  ['with a mixture of texts', () => ({})],
  ['with Adafactor, evaluations and a teacher that takes its turn', () => ({ train: { ...project.recipe().train, optimizer: 'adafactor', phases: true }, evaluate: { every: 6, metrics: ['rouge'], best: 'divergence' } })],
  ['of an adapter with dropout beside fp16', () => ({ student: { model: project.student, precision: 'fp16', adapter: { rank: 3, dropout: 0.2 } } })],
  ['of an adapter beside int4', () => ({ student: { model: project.student, precision: 'int4', adapter: { rank: 2 } } })],
  ['trained as it is shipped', () => ({ student: { model: project.student, ship: 'q8_0' } })],
  ['by MiniLLM', () => ({ method: { preset: 'minillm' } })],
  ['by a reward', () => ({ method: { preset: 'rl-gkd', alpha: 0.5, reward: { kind: 'rouge' } } })],
  ['by fine-tuning', () => ({ method: { preset: 'sft' } })],
  ['of texts that its teacher has written', () => ({ method: { preset: 'seqkd' } })],
  ['with a teacher that is kept on the disk', () => ({ teacher: { model: project.teacher, cache: 'fp32' }, method: { preset: 'supervised-kd' } })],
];

it.each(RUNS)('a run on a device is the run on the host within rounding: %s', async (name, changes) => {
  const wanted = await run(`${name} host`, recipeOf('cpu', changes()));
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const found = await run(`${name} device`, recipeOf('webgpu', changes()));
  expect(found.map(({ event }) => event)).toEqual(wanted.map(({ event }) => event));
  expect(told(found)).toHaveLength(12);
  expectClose(told(found).flat(), told(wanted).flat(), 1e-3);
  const [there, here] = [await weightsOf(`${name} device`, 12), await weightsOf(`${name} host`, 12)];
  expect([...there.keys()]).toEqual([...here.keys()]);
  for (const [tensor, weights] of here) expectClose(there.get(tensor)!, weights, 1e-3, { name: tensor });
  const state = (of: string): Promise<Map<string, Float32Array>> => tensorsOf(at(`${name} ${of}`, 'checkpoints', 'step-12', 'optimizer.safetensors'));
  expect([...(await state('device')).keys()].sort()).toEqual([...(await state('host')).keys()].sort());
});
