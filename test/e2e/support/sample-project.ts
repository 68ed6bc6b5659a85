import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { resource } from '../../../src-main/service/resources.ts';
import { sampleRecipe } from '../../../src-main/service/sample.ts';
import type { App } from './app.ts';

/**
 * A short GKD run of the sample project, whose student has not lost its faults yet; its checkpoints are those of its
 * middle and its end.
 * @returns its id, once it is done
 */
export async function shortRun({ client }: App, steps: number): Promise<string> {
  const recipe = await sampleRecipe('gkd', { seed: 0, steps });
  const { runId } = await client.call('runs.start', {
    recipe: { ...recipe, evaluate: { ...recipe.evaluate, examples: 8 }, data: { ...recipe.data, fraction: 0.05 }, checkpoint: { every: steps / 2, keep: 5 } },
  });
  await client.ended(runId);
  return runId;
}

/** A copy of one of the sample's models, in a folder of the test and among the models of the application. */
export async function addModel({ client, folder }: App, model: 'teacher' | 'student', name: string): Promise<void> {
  const path = join(folder, name);
  await cp(resource('sample', model), path, { recursive: true });
  await client.call('models.add', { path, name });
}
