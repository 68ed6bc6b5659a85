import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { COMMANDS, type Commands } from '../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../src-main/contract/worker-host.ts';
import { resumeRun, startRun, type RunOptions } from '../../src-main/service/runs.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { openProjectHome, removeProjectHome, type ProjectHome } from '../support/project-home.ts';

let own: ProjectHome;
let host: WorkerHost<Commands>;
let stopping: AbortController;
beforeAll(async () => {
  own = await openProjectHome();
  host = memoryHost(COMMANDS, createHandlers());
});
beforeEach(() => { stopping = new AbortController(); });
afterAll(async () => {
  await host.close();
  await removeProjectHome(own);
});

/** Ctrl-C comes while it is still being asked what the recipe may reach: the worker has heard nothing of the run. */
const early = (): RunOptions => ({
  stopping: stopping.signal, onEvent: () => undefined,
  consent: { settle: () => {
    stopping.abort();
    return Promise.resolve([]);
  } },
});

it('a run that is stopped before it has begun does not go on to its end, resumed neither', async () => {
  const runDir = join(own.project.folder, 'run');
  expect((await startRun(own.home, host, recipeSchema.parse(own.project.recipe()), runDir, early())).status).toBe('stopped');
  stopping = new AbortController();
  expect((await resumeRun(own.home, host, runDir, early())).status).toBe('stopped');
});

it('one that is going is stopped after its step, with its work saved', async () => {
  const result = await startRun(own.home, host, recipeSchema.parse(own.project.recipe()), join(own.project.folder, 'going'), {
    stopping: stopping.signal, consent: { settle: () => Promise.resolve([]) }, onEvent: (event) => { if (event.event === 'step' && event.step === 2) stopping.abort(); },
  });
  expect(result.status).toBe('stopped');
  expect(result.step).toBeGreaterThanOrEqual(2);
  expect(result.step).toBeLessThan(12);
  expect(result.checkpoint).toContain(`step-${result.step}`);
});
