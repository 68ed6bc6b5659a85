import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Compute } from '../../src-main/contract/compute.ts';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import type { RunJob } from '../../src-main/service/run/job.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { command } from '../support/command.ts';
import { requires } from '../support/requires.ts';
import { tensorMap } from '../support/tensors.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());
afterEach(() => { delete process.env['RETORT_TEST_DEVICE']; });
const at = (...parts: string[]): string => join(project.folder, ...parts);

function recipeOf(device: Device, compute: Compute, changes: RecipeInput['train'] = {}): RecipeInput {
  const { teacher, student, train, ...rest } = project.recipe();
  return { ...rest, teacher: { ...teacher!, device }, student: { ...student, device }, train: { ...train, compute, ...changes } };
}

async function run(name: string, recipe: RecipeInput, job: Partial<RunJob> = {}, events: RunEvent[] = []): Promise<RunEvent[]> {
  await runJob({ recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed: false, stopRequest: () => null, ...job, emit: (event) => { events.push(event); } });
  return events;
}

const steps = (events: readonly RunEvent[]) => events.flatMap((event) => (event.event === 'step' ? [event] : []));
const warned = (events: readonly RunEvent[], code: string): string[] => events.flatMap((event) => (event.event === 'warning' && event.code === code ? [event.message] : []));
const stateOf = (name: string, step: number): unknown => (JSON.parse(readFileSync(at(name, 'checkpoints', `step-${step}`, 'state.json'), 'utf8')) as { lossScale: unknown }).lossScale;
async function allOf(name: string): Promise<Map<string, Float32Array>[]> {
  const checkpoint = at(name, 'checkpoints', 'step-12');
  const weights = readdirSync(join(checkpoint, 'model')).find((file) => file.endsWith('.safetensors'))!;
  return [await tensorMap(join(checkpoint, 'model', weights)), await tensorMap(join(checkpoint, 'optimizer.safetensors'))];
}

it.each([['fp16', 0.002], ['bf16', 0.02]] as const)('a run in %s learns as one in fp32 does, on a device as on the host', async (compute, within) => {
  const changes = { steps: 5, microBatchSize: 3 };
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const device = compute === 'fp16' ? 'webgpu' : 'cuda';
  // The student's own texts may part at a token; the data's are the same.
  const given = (recipe: RecipeInput): RecipeInput => ({ ...recipe, method: { preset: 'supervised-kd' } });
  const wanted = steps(await run(`${compute} exact`, given(recipeOf('cpu', 'fp32', changes))));
  for (const [place, events] of [['host', await run(`${compute} host`, given(recipeOf('cpu', compute, changes)))], [device, await run(`${compute} device`, given(recipeOf(device, compute, changes)))]] as const) {
    const found = steps(events);
    found.forEach(({ step, loss, gradientNorm, skipped, lossScale }, index) => {
      expect(Math.abs(loss / wanted[index]!.loss - 1), `${place}, loss of step ${step}`).toBeLessThan(within);
      expect(Math.abs(gradientNorm / wanted[index]!.gradientNorm - 1), `${place}, norm of step ${step}`).toBeLessThan(10 * within);
      expect([skipped, lossScale]).toEqual([null, compute === 'fp16' ? 65536 : null]);
    });
    expect(found.map(({ loss }) => loss)).not.toEqual(wanted.map(({ loss }) => loss));
  }
  expect(stateOf(`${compute} device`, 5)).toEqual({ skipped: 0, inARow: 0, scale: compute === 'fp16' ? 65536 : null, good: 5 });
});

it('a run in fp16 on a device that is killed goes on to the bit, its loss scale with it', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const recipe = recipeOf('webgpu', 'fp16');
  const whole = await run('undisturbed', recipe);
  writeFileSync(at('killed.json'), JSON.stringify(recipe));
  const seen = new Map<number, number>();
  for (const [args, kill] of [[['run', at('killed.json'), '--run-dir', at('killed')], 'step 6'], [['resume', at('killed')], undefined]] as const) {
    const { events, signal, errors } = await command(at('killed home'), args, kill);
    expect(errors).toBe('');
    expect(signal).toBe(kill === undefined ? null : 'SIGKILL');
    for (const { event, step, loss } of events) if (event === 'step') seen.set(step!, loss!);
  }
  expect([...seen].sort(([a], [b]) => a - b)).toEqual(steps(whole).map(({ step, loss }) => [step, loss]));
  expect(await allOf('killed')).toEqual(await allOf('undisturbed'));
  expect(stateOf('killed', 12)).toEqual(stateOf('undisturbed', 12));
});

it('a run goes on from the scale and the skipped steps of its checkpoint', async () => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const events: RunEvent[] = [];
  const stopped = run('scaled', recipeOf('webgpu', 'fp16'), { stopRequest: () => (steps(events).length === 4 ? 'save' : null) }, events);
  await stopped;
  const place = at('scaled', 'checkpoints', 'step-4', 'state.json');
  // As a run leaves it in which steps overflowed; its own digest is that of an older version, which wrote none.
  const { sha256: _, ...state } = JSON.parse(readFileSync(place, 'utf8')) as Record<string, unknown>;
  writeFileSync(place, JSON.stringify({ ...state, lossScale: { skipped: 3, inARow: 0, scale: 8192, good: 1999 } }));
  const after = steps(await run('scaled', recipeOf('webgpu', 'fp16'), { isResumed: true }));
  expect(after.slice(0, 3).map(({ step, skipped, lossScale }) => [step, skipped, lossScale])).toEqual([[5, 3, 8192], [6, 3, 16384], [7, 3, 16384]]);
});

it('a run whose gradients are no numbers says so of each step, changes nothing and ends after ten', async () => {
  const events: RunEvent[] = [];
  const failing = run('endless', recipeOf('cpu', 'fp32', { learningRate: 1e36, clipNorm: 0, warmupSteps: 0, schedule: 'constant', steps: 40 }), {}, events);
  await expect(failing).rejects.toMatchObject({ kind: 'failure', message: expect.stringMatching(/^The gradient of step \d+ is not finite, and neither were those of the 9 steps before it[.]$/) as string });
  const skipped = steps(events).flatMap((step) => (Number.isFinite(step.gradientNorm) ? [] : [step.skipped]));
  // The tenth is the failure.
  expect(skipped).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(warned(events, 'skipped')).toHaveLength(9);
  expect(readFileSync(at('endless', 'log.txt'), 'utf8').match(/skipped: Step \d+ has changed nothing/g)).toHaveLength(9);
});

it.each([['cuda', 'tf32', 'cpu', true], ['cuda', 'bf16', 'webgpu', true], ['webgpu', 'fp16', 'cpu', false]] as const)('a run on %s in %s that goes on on %s: in fp32 is %s', async (from, compute, to, isExact) => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  const name = `${from} ${compute} to ${to}`;
  const events: RunEvent[] = [];
  await run(name, recipeOf(from, compute), { stopRequest: () => (steps(events).length === 4 ? 'save' : null) }, events);
  const after = await run(name, recipeOf(from, compute), { isResumed: true, device: to });
  expect(warned(after, 'device').slice(1)).toEqual(isExact ? [`The device "${to}" does not multiply in ${compute}, so the run goes on in fp32.`] : []);
  expect(steps(after)[0]!.lossScale).toBe(compute === 'fp16' ? 65536 : null);
  expect(steps(after)).toHaveLength(8);
});

it.each([['webgpu', 'bf16'], ['webgpu', 'tf32'], ['cpu', 'tf32']] as const)('a device that has no such products is told before the run: %s, %s', async (device, compute) => {
  process.env['RETORT_TEST_DEVICE'] = 'sound';
  await expect(run('refused', recipeOf(device, compute))).rejects.toMatchObject({ kind: 'input', message: `train.compute is ${compute}, and the device "${device}" has no such products.` });
  expect(existsSync(at('refused'))).toBe(false);
});

requires('vulkan')('a card in software', () => {
  it('has no numbers of 16 bits, and says so before the run', async () => {
    await expect(run('soft', recipeOf('webgpu', 'fp16'))).rejects.toMatchObject({ kind: 'input', message: 'The device "webgpu" does not multiply in fp16: this card or its driver has no such numbers.' });
    expect(existsSync(at('soft'))).toBe(false);
  });
});
