import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { command, type Followed, type KillPlace, type Told } from '../support/command.ts';
import { remembered } from '../support/remembered.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const losses = (events: readonly Told[]): [number, number][] => events.flatMap(({ event, step, loss }) => (event === 'step' ? [[step!, loss!]] : []));

async function weights(runDir: string): Promise<string[]> {
  const files = ['model/model.safetensors', 'optimizer.safetensors'];
  return Promise.all(files.map(async (file) =>
    createHash('sha256').update(await readFile(join(runDir, 'checkpoints', 'step-12', file))).digest('hex')));
}

it.each(['fp32', 'bf16'] as const)('a run killed with SIGKILL and resumed ends with the losses and the weights of one that was not, to the bit, with moments in %s', async (moments) => {
  const recipe = join(project.folder, `${moments}.json`);
  const { train } = project.recipe();
  await writeFile(recipe, JSON.stringify(project.recipe({ train: { ...train, moments } })));
  const [whole, cut] = [join(project.folder, `whole ${moments}`), join(project.folder, `cut ${moments}`)];
  const retort = (args: string[], place?: KillPlace): Promise<Followed> => command(join(project.folder, 'home'), args, place);
  const undisturbed = losses((await retort(['run', recipe, '--run-dir', whole])).events);
  expect(undisturbed).toHaveLength(12);

  // Killed in the middle of a step, then again two steps after the next checkpoint, with all its processes.
  expect((await retort(['run', recipe, '--run-dir', cut], 'step 6')).signal).toBe('SIGKILL');
  expect((await retort(['resume', cut], 'step 9')).signal).toBe('SIGKILL');
  const { events, errors } = await retort(['resume', cut]);
  expect([events.at(-1), errors]).toEqual([expect.objectContaining({ event: 'done', step: 12 }), '']);
  expect((await remembered(join(project.folder, 'home'), cut)).steps.map(({ step, loss }) => [step, loss])).toEqual(undisturbed);
  expect(await weights(cut)).toEqual(await weights(whole));
  // What the student wrote is there once, as if nothing had happened; the log says what did.
  const written = (runDir: string): Promise<string> => readFile(join(runDir, 'rollouts', 'steps-0000001.jsonl'), 'utf8');
  expect(await written(cut)).toBe(await written(whole));
  const log = await readFile(join(cut, 'log.txt'), 'utf8');
  expect(log).toMatch(/started: tiny[^]*resumed from step 4[^]*resumed from step 8[^]*done after 12 steps/);
  for (const line of log.trimEnd().split('\n')) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}(info|warning|error) +\S/);
});
