import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Device } from '../../../src-main/contract/divergence.ts';
import type { RunEvent } from '../../../src-main/contract/events.ts';
import { runJob } from '../../../src-main/service/run/run-job.ts';
import { parseRecipe } from '../../../src-main/service/recipe/recipe-file.ts';
import { sampleRecipe } from '../../../src-main/service/sample.ts';
import { expectClose } from '../../support/close.ts';
import { requires } from '../../support/requires.ts';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-tfjs-')); });
afterAll(() => rm(folder, { recursive: true }));

const STEPS = 5;

async function run(device: Device): Promise<RunEvent[]> {
  const recipe = await sampleRecipe('gkd', { seed: 0, steps: STEPS });
  const events: RunEvent[] = [];
  await runJob({
    recipe: { ...recipe, teacher: { ...recipe.teacher!, device }, student: { ...recipe.student, device }, evaluate: { ...recipe.evaluate, examples: 8 } },
    runDir: join(folder, device), runId: device, isResumed: false, cache: join(folder, 'cache'), stopRequest: () => null, emit: (event) => { events.push(event); },
  });
  return events;
}

requires('tfjs')('the sample on TensorFlow.js', () => {
  it('is distilled on-policy with the losses, the norms and the texts of the CPU', async () => {
    const [found, wanted] = [await run('tfjs'), await run('cpu')];
    const told = (events: readonly RunEvent[]): number[] => events.flatMap((event) => (event.event === 'step' ? [event.loss, event.gradientNorm] : []));
    expect(told(wanted)).toHaveLength(2 * STEPS);
    expectClose(told(found), told(wanted), 1e-4);
    const texts = (events: readonly RunEvent[]): unknown[] => events.flatMap((event) => (event.event === 'rollouts' ? event.rollouts.map(({ prompt, tokens }) => [prompt, tokens]) : []));
    expect(texts(wanted).length).toBeGreaterThan(0);
    expect(texts(found)).toEqual(texts(wanted));
  });
});

it('is refused in a recipe for what TensorFlow.js does not compute', async () => {
  const recipe = await sampleRecipe('gkd', { seed: 0 });
  const parsed = (changes: object): unknown => parseRecipe({ ...recipe, student: { ...recipe.student, device: 'tfjs' }, ...changes }, 'recipe.json');
  expect(() => parsed({})).not.toThrow();
  expect(() => parsed({ teacher: { ...recipe.teacher, device: 'tfjs', precision: 'int8' } })).toThrow(/^recipe[.]json: teacher[.]precision .*"int8" is not computed by the device "tfjs"/);
  expect(() => parsed({ student: { ...recipe.student, device: 'tfjs', adapter: { dropout: 0.1 } } })).toThrow(/student[.]adapter[.]dropout .*dropout is not computed by the device "tfjs"/);
});
