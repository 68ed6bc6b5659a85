import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import { CLI } from '../support/build.ts';
import { command, type Followed, type KillPlace } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => {
  project = await tinyProject();
  // At this learning rate the student learns for a while, and then forgets again.
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(project.recipe({
    train: { steps: 12, batchSize: 6, microBatchSize: 4, learningRate: 0.1, schedule: 'constant' },
    evaluate: { every: 2, examples: 4, maxNewTokens: 2, best: 'loss', patience: 2 }, checkpoint: { every: 4, keep: 1 },
  })));
});
afterAll(() => project.remove());

const args = (...rest: string[]): string[] => [CLI, '--home', join(project.folder, 'home'), ...rest];
function retort(...rest: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args(...rest), { encoding: 'utf8' });
}

const follow = (rest: readonly string[], place?: KillPlace): Promise<Followed> => command(join(project.folder, 'home'), rest, place);

it('a run killed with SIGKILL where it was best stops early with the same best checkpoint, which commands take by name', async () => {
  const recipe = join(project.folder, 'recipe.json');
  const whole = join(project.folder, 'whole');
  const done = (await follow(['run', recipe, '--run-dir', whole])).events.at(-1) as unknown as Extract<RunEvent, { event: 'done' }>;
  const { best, step } = done;
  expect(done).toMatchObject({ event: 'done', step: best!.step + 4, best: { name: 'loss' }, stoppedEarly: { metric: 'loss', evaluations: 2 } });
  expect(step).toBeLessThan(12);

  // Between the evaluation and the checkpoint that it deserves, then as soon as that is there.
  const cut = join(project.folder, 'cut');
  for (const [args, place] of [[['run', recipe, '--run-dir', cut], 'evaluation'], [['resume', cut], 'checkpoint']] as const) {
    expect((await follow(args, `${place} ${best!.step}`)).signal).toBe('SIGKILL');
  }
  const { status, stdout } = retort('resume', cut);
  expect(status).toBe(0);
  expect(stdout).toContain('Stopped early: 2 evaluations in a row brought no better loss.');
  expect(stdout).toContain(`best loss ${best!.value.toFixed(4)} at step ${best!.step}`);

  const files = async (runDir: string): Promise<string[]> => Promise.all([best!.step, step].flatMap((at) => ['model/model.safetensors', 'optimizer.safetensors', 'state.json'].map(async (file) =>
    createHash('sha256').update(await readFile(join(runDir, 'checkpoints', `step-${at}`, file))).digest('hex'))));
  expect(await files(cut)).toEqual(await files(whole));
  expect((await readdir(join(cut, 'checkpoints'))).sort()).toEqual((await readdir(join(whole, 'checkpoints'))).sort());

  expect(retort('show', cut).stdout).toContain(`best        loss ${best!.value.toFixed(4)} at step ${best!.step}\n`);
  const record = JSON.parse(retort('--json', 'show', cut).stdout) as RunRecord;
  expect(record).toMatchObject({ status: 'done', lastStep: step, totalSteps: 12, best, checkpoint: { step } });

  const reports = (...which: string[]): string => retort('inspect', '--run', cut, ...which, '--examples', '1').stdout;
  expect(reports('--step', 'best')).toBe(reports('--step', String(best!.step)));
  expect(reports('--step', 'best')).not.toBe(reports());
  const to = join(project.folder, 'exported');
  expect(retort('export', '--run', cut, '--step', 'best', '--to', to).stderr).toBe('');
  expect(await readFile(join(to, 'README.md'), 'utf8')).toContain(`step ${best!.step}`);
});

it('refuses the best of a run that chooses none', async () => {
  const recipe = join(project.folder, 'plain.json');
  await writeFile(recipe, JSON.stringify(project.recipe({ train: { steps: 1, batchSize: 2 } })));
  retort('run', recipe, '--run-dir', join(project.folder, 'plain'));
  expect(retort('inspect', '--run', join(project.folder, 'plain'), '--step', 'best')).toMatchObject({
    status: 2, stderr: expect.stringContaining('Run "tiny" has no best checkpoint: its recipe does not give evaluate.best.') as string,
  });
  expect(retort('inspect', '--run', join(project.folder, 'plain'), '--step', 'bets').status).toBe(2);
});
