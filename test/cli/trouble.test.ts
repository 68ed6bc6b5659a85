import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openModel } from '../../src-main/model/folder.ts';
import { CLI } from '../support/build.ts';
import { requires } from '../support/requires.ts';
import { SlowSteps } from '../support/slow-steps.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let slow: SlowSteps;
beforeAll(async () => {
  project = await tinyProject();
  slow = new SlowSteps(project.folder);
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(project.recipe({ train: { steps: 60, batchSize: 2 }, checkpoint: { every: 20, keep: 2 } })));
});
afterAll(() => project.remove());

interface Outcome { status: number | null; error: string }

/** Follows a command of the built program; `onEvent` may interfere. */
async function retort(args: readonly string[], onEvent: (event: { event: string; step?: number }, child: ChildProcess) => void = () => undefined): Promise<Outcome> {
  const child = spawn(process.execPath, [CLI, '--home', join(project.folder, 'home'), '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...slow.env } });
  let error = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { error += text; });
  const exited = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  for await (const line of createInterface(child.stdout)) onEvent(JSON.parse(line) as { event: string; step?: number }, child);
  return { status: await exited, error };
}

/** What a run leaves that could not write its second checkpoint: the first one whole, and nothing half written. */
async function expectFirstCheckpoint(runDir: string): Promise<void> {
  expect((await readdir(join(runDir, 'checkpoints'))).filter((name) => !name.startsWith('.'))).toEqual(['step-20']);
  await openModel(join(runDir, 'checkpoints', 'step-20', 'model'));
}

requires('mount')('a disk that fills up in the middle of a run', () => {
  it('ends it with exit code 1, the last checkpoint whole and the run resumable', async () => {
    const disk = join(project.folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'retort', disk]);
    try {
      const runDir = join(disk, 'run');
      const filler = join(disk, 'filler');
      const fill = (): void => {
        try {
          execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
        } catch { /* dd fails once the disk is full */ }
      };
      slow.behind(20);
      const full = await retort(['run', join(project.folder, 'recipe.json'), '--run-dir', runDir], ({ event, step }) => {
        if (event !== 'checkpoint' || step !== 20) return;
        fill();
        slow.end();
      });
      expect(full.status).toBe(1);
      expect(full.error).toMatch(/^retort: The disk is full: the checkpoint of step 40 could not be written\. The last checkpoint is whole/);
      await expectFirstCheckpoint(runDir);

      execFileSync('rm', [filler]);
      expect((await retort(['resume', runDir])).status).toBe(0);
      expect(existsSync(join(runDir, 'checkpoints', 'step-60'))).toBe(true);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});

requires('prlimit')('a system that lets a run write no more', () => {
  it('ends it with exit code 1, the last checkpoint whole and the run resumable', async () => {
    const runDir = join(project.folder, 'limited');
    slow.behind(20);
    const limited = await retort(['run', join(project.folder, 'recipe.json'), '--run-dir', runDir], ({ event, step }, { pid }) => {
      if (event !== 'checkpoint' || step !== 20) return;
      const [worker] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
      execFileSync('prlimit', ['--pid', worker!, '--fsize=0']);
      slow.end();
    });
    expect(limited.status).toBe(1);
    expect(limited.error).toMatch(/^retort: The system lets no more be written: the checkpoint of step 40 could not be written\. The last checkpoint is whole/);
    await expectFirstCheckpoint(runDir);
    expect((await retort(['resume', runDir])).status).toBe(0);
    expect(existsSync(join(runDir, 'checkpoints', 'step-60'))).toBe(true);
  });
});

it('a run folder in use by another process is refused with exit code 2 and left alone', async () => {
  const runDir = join(project.folder, 'busy');
  const recipe = join(project.folder, 'long.json');
  await writeFile(recipe, JSON.stringify(project.recipe({ name: 'long', train: { steps: 100_000, batchSize: 6 } })));
  let second: Promise<Outcome> | null = null;
  const first = await retort(['run', recipe, '--run-dir', runDir], ({ event, step }, child) => {
    if (event === 'step' && step === 1) second = retort(['resume', runDir]).finally(() => child.kill('SIGINT'));
  });
  expect(first.status).toBe(0);
  const { status, error } = await second!;
  expect(status).toBe(2);
  expect(error).toMatch(/^retort: .*in use by process \d+/);
  expect(JSON.parse(await readFile(join(runDir, 'recipe.json'), 'utf8'))).toMatchObject({ name: 'long' });
});
