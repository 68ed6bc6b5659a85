import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { CLI } from '../support/build.ts';
import { python, requires } from '../support/requires.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

requires('python', 'trl')('a handed-over recipe under torchrun, in two processes', () => {
  /** PyTorch takes its time to be read, by two processes, on a machine that may be busy. */
  const PATIENCE = 900_000;
  let project: TinyProject;
  beforeAll(async () => { project = await tinyProject(); });
  afterAll(() => project.remove());

  const at = (...parts: string[]): string => join(project.folder, ...parts);
  const args = (...rest: string[]): string[] => [CLI, '--home', at('home'), '--json', ...rest];
  const retort = (...rest: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, args(...rest), { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const eventsOf = (output: string): RunEvent[] => output.trimEnd().split('\n').map((line) => JSON.parse(line) as RunEvent);
  const lossesOf = (events: RunEvent[]): number[] => events.flatMap((event) => (event.event === 'step' ? [event.loss] : []));
  const evaluations = (events: RunEvent[]): RunEvent[] => events.filter(({ event }) => event === 'evaluation');

  /** Trains a handed-over folder while it is adopted. @returns what was told of it, and the run */
  async function train(folder: string): Promise<{ events: RunEvent[]; run: RunRecord }> {
    const torchrun = join(dirname(python()!), 'torchrun');
    const training = spawn(torchrun, ['--standalone', '--nproc_per_node', '2', 'train.py', '--cpu'], {
      cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ACCELERATE_USE_CPU: 'true', OMP_NUM_THREADS: '1', CUDA_VISIBLE_DEVICES: '', HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
    });
    let errors = '';
    training.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
    const following = spawn(process.execPath, args('adopt', folder), { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    following.stdout.on('data', (text: Buffer) => { told += text.toString(); });
    const over = once(following, 'exit');
    const [code] = await once(training, 'exit') as [number];
    if (code !== 0) following.kill();
    expect(code, errors.slice(-2000)).toBe(0);
    expect((await over)[0]).toBe(0);
    const lines = told.trimEnd().split('\n');
    return { events: eventsOf(lines.slice(0, -1).join('\n')), run: JSON.parse(lines.at(-1)!) as RunRecord };
  }

  async function both(name: string, changes: Partial<RecipeInput>): Promise<{ own: RunEvent[]; there: { events: RunEvent[]; run: RunRecord } }> {
    await writeFile(at(`${name}.json`), JSON.stringify(project.recipe({ evaluate: { every: 6, metrics: ['exact-match'] }, ...changes })));
    const own = retort('run', at(`${name}.json`));
    expect(own.status, own.stderr).toBe(0);
    expect(retort('handover', at(`${name}.json`), '--to', at(name)).status).toBe(0);
    return { own: eventsOf(own.stdout), there: await train(at(name)) };
  }

  it('learns from data as Retort does, step for step, and comes back live', async () => {
    const { own, there: { events, run } } = await both('data', { method: { preset: 'gkd', lambda: 0, divergence: 'jsd', beta: 0.3 } });
    const [here, away] = [lossesOf(own), lossesOf(events)];
    expect(away).toHaveLength(12);
    away.forEach((loss, step) => expect(Math.abs(loss / here[step]! - 1)).toBeLessThan(1e-3));
    for (const [step, evaluation] of evaluations(own).entries()) {
      const other = evaluations(events)[step]!;
      if (evaluation.event !== 'evaluation' || other.event !== 'evaluation') throw new Error('not evaluations');
      expect([other.step, other.metrics]).toEqual([evaluation.step, evaluation.metrics]);
      expect(other.divergence).toBeCloseTo(evaluation.divergence!, 4);
      expect(other.loss).toBeCloseTo(evaluation.loss!, 3);
    }
    expect(run).toMatchObject({ status: 'done', lastStep: 12, engine: { name: 'TRL', processes: 2 } });
    // What lies there is a run like any other.
    expect(JSON.parse(retort('inspect', '--run', run.id, '--examples', '1').stdout.split('\n')[0]!)).toHaveProperty('meanDivergence');
    expect(retort('export', '--run', run.id, '--to', at('exported')).status).toBe(0);
    expect(retort('resume', run.id)).toMatchObject({ status: 2 });
  }, PATIENCE);

  it('fine-tunes as Retort does', async () => {
    const { own, there: { events } } = await both('sft', { method: { preset: 'sft' } });
    const here = lossesOf(own);
    lossesOf(events).forEach((loss, step) => expect(Math.abs(loss / here[step]! - 1)).toBeLessThan(1e-3));
  }, PATIENCE);

  it('lets the student write, with adapters, and tells of its texts', async () => {
    const { there: { run } } = await both('own', { student: { model: project.student, adapter: { rank: 4 } }, method: { preset: 'gkd', lambda: 1, mixing: 'batch', divergence: 'reverse_kl' } });
    expect(run).toMatchObject({ status: 'done', parameters: expect.any(Number) as number });
    expect(JSON.parse(retort('inspect', '--run', run.id, '--examples', '1').stdout.split('\n')[0]!)).toHaveProperty('meanDivergence');
  }, PATIENCE);
});
