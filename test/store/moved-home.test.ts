import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { HISTORY_FILE } from '../../src-main/store/home.ts';
import { followMove } from '../../src-main/store/moved-home.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { createRun, findRun } from '../../src-main/store/runs.ts';

const recipeIn = (home: string) => recipeSchema.parse({ name: 'a', student: { model: join(home, 'models', 's') }, data: { train: '/elsewhere/t.jsonl' }, train: { steps: 1 } });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'retort-moved-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function homeAt(home: string, { noted, runDir }: { noted: boolean; runDir: string }): Promise<void> {
  await mkdir(join(home, 'runs', 'one'), { recursive: true });
  const database = await openHistory(join(home, HISTORY_FILE));
  await createRun(database, { id: 'one', name: 'a', recipe: recipeIn(home), runDir });
  await database.run('UPDATE runs SET checkpointStep = 3, checkpointPath = ?', [join(runDir, 'checkpoints', 'step-3')]);
  if (noted) await followMove(database, home);
  await database.close();
}

it.each([true, false])('a history finds what moved with its home, noted %s', async (noted) => {
  const base = await folder();
  const [before, after] = [join(base, 'before'), join(base, 'after')];
  await homeAt(before, { noted, runDir: join(before, 'runs', 'one') });
  await rename(before, after);
  for (const readOnly of [true, false, true]) {
    const database = await openHistory(join(after, HISTORY_FILE), { readOnly });
    await followMove(database, after);
    const run = await findRun(database, join(after, 'runs', 'one'));
    expect(run).toMatchObject({ runDir: join(after, 'runs', 'one'), checkpoint: { path: join(after, 'runs', 'one', 'checkpoints', 'step-3') } });
    expect(run.recipe).toEqual(recipeIn(after));
    await database.close();
  }
});

it('a home of before that was named by a relative path is found from anywhere', async () => {
  const home = join(await folder(), 'home');
  await homeAt(home, { noted: false, runDir: join('home', 'runs', 'one') });
  const database = await openHistory(join(home, HISTORY_FILE));
  await followMove(database, home);
  expect((await findRun(database, 'one')).runDir).toBe(join(home, 'runs', 'one'));
  await database.close();
});

it('what stayed where it was is left there', async () => {
  const base = await folder();
  const [before, after] = [join(base, 'before'), join(base, 'after')];
  await homeAt(before, { noted: true, runDir: join(before, 'runs', 'one') });
  await mkdir(after);
  await rename(join(before, HISTORY_FILE), join(after, HISTORY_FILE));
  const database = await openHistory(join(after, HISTORY_FILE));
  await followMove(database, after);
  expect((await findRun(database, 'one')).runDir).toBe(join(before, 'runs', 'one'));
  await database.close();
});
