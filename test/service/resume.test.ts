import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

interface Event { event: string; step?: number; loss?: number }

function retort(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, '--home', join(project.folder, 'home'), '--json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
}

/** Follows a run; `onEvent` may kill it. */
async function follow(child: ChildProcess, onEvent: (event: Event) => void = () => undefined): Promise<Event[]> {
  const events: Event[] = [];
  const exited = new Promise((resolve) => { child.once('exit', resolve); });
  for await (const line of createInterface(child.stdout!)) {
    const event = JSON.parse(line) as Event;
    events.push(event);
    onEvent(event);
  }
  await exited;
  return events;
}

const losses = (events: Event[]): Map<number, number> =>
  new Map(events.flatMap(({ event, step, loss }) => (event === 'step' ? [[step!, loss!]] : [])));

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
  const undisturbed = losses(await follow(retort('run', recipe, '--run-dir', whole)));
  expect(undisturbed.size).toBe(12);

  const seen = new Map<number, number>();
  const remember = (events: Event[]): void => losses(events).forEach((loss, step) => seen.set(step, loss));
  // Killed in the middle of a step, then again two steps after the next checkpoint; the whole process group dies.
  let child = retort('run', recipe, '--run-dir', cut);
  remember(await follow(child, ({ event, step }) => { if (event === 'step' && step === 6) process.kill(-child.pid!, 'SIGKILL'); }));
  child = retort('resume', cut);
  remember(await follow(child, ({ event, step }) => { if (event === 'step' && step === 9) process.kill(-child.pid!, 'SIGKILL'); }));
  const last = await follow(retort('resume', cut));
  remember(last);

  expect(last.at(-1)).toMatchObject({ event: 'done', step: 12 });
  expect([...seen].sort(([a], [b]) => a - b)).toEqual([...undisturbed]);
  expect(await weights(cut)).toEqual(await weights(whole));
  // What the student wrote is there once, as if nothing had happened; the log says what did.
  const written = (runDir: string): Promise<string> => readFile(join(runDir, 'rollouts', 'steps-0000001.jsonl'), 'utf8');
  expect(await written(cut)).toBe(await written(whole));
  const log = await readFile(join(cut, 'log.txt'), 'utf8');
  expect(log).toMatch(/started: tiny[^]*resumed from step 4[^]*resumed from step 8[^]*done after 12 steps/);
  for (const line of log.trimEnd().split('\n')) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}(info|warning|error) +\S/);
});
