import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { refuseDamaged } from '../../src-main/store/damage.ts';
import { insertLog } from '../../src-main/store/log.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { insertRollouts } from '../../src-main/store/rollouts.ts';
import { createRun, listRuns } from '../../src-main/store/runs.ts';
import { insertSteps, readSteps } from '../../src-main/store/steps.ts';
import { recipe, rollout, stepMetrics, temporaryFolder } from './fixtures.ts';

const STEPS = 40;
let file: string;
beforeEach(async () => {
  file = join(await temporaryFolder(), 'retort.sqlite');
  const database = await openHistory(file);
  await createRun(database, { id: 'a', name: 'subjects', recipe, runDir: '/runs/a' }, 1000);
  await insertSteps(database, 'a', Array.from({ length: STEPS }, (_, index) => stepMetrics(index + 1)));
  await insertRollouts(database, 'a', Array.from({ length: STEPS }, (_, index) => rollout(index + 1)));
  await insertLog(database, 'a', { at: 1, step: 1, level: 'info', code: 'started', message: 'Started.' });
  await database.close();
});

async function change(find: Buffer, put: Buffer): Promise<void> {
  const bytes = await readFile(file);
  let at = bytes.indexOf(find);
  expect(at).toBeGreaterThan(0);
  // What was moved to another page is still to be seen where it was.
  for (; at >= 0; at = bytes.indexOf(find, at + 1)) put.copy(bytes, at);
  await writeFile(file, bytes);
}

/** The row of a step as SQLite writes it: the run's id, the step in one byte, the loss. */
function rowOf(step: number, key: number): Buffer {
  const loss = Buffer.alloc(8);
  loss.writeDoubleBE(1 / step);
  return Buffer.concat([Buffer.from('a'), Buffer.from([key]), loss]);
}

it('a row whose key has changed is damage, and the way out is told', async () => {
  await change(rowOf(35, 35), rowOf(35, 35 ^ 16));
  for (const options of [{}, { readOnly: true }]) {
    await expect(openHistory(file, options)).rejects.toMatchObject({
      message: expect.stringMatching(/^History .*retort\.sqlite is damaged \(.+\)\.$/),
      hint: expect.stringContaining('retort resume FOLDER'),
    });
  }
});

it('an index that is not that of its table is made again', async () => {
  const { rootpage } = await rootOf('log_run');
  const bytes = await readFile(file);
  // Its only entry, at the end of its page: the run's id is another.
  const at = bytes.lastIndexOf('a', rootpage * 4096 - 1, 'latin1');
  expect(at).toBeGreaterThan((rootpage - 1) * 4096);
  bytes.write('q', at, 'latin1');
  await writeFile(file, bytes);
  await expect(openHistory(file, { readOnly: true })).rejects.toThrow(/is damaged \(.*index log_run/);
  const database = await openHistory(file);
  expect(await database.all("SELECT message FROM log INDEXED BY log_run WHERE run = 'a'")).toEqual([{ message: 'Started.' }]);
  await database.close();
  await (await openHistory(file, { readOnly: true })).close();
});

it('a recipe that is no JSON any more is damage', async () => {
  await change(Buffer.from('{"name":"subjects"'), Buffer.from('k'));
  await expect(openHistory(file)).rejects.toThrow('a recipe in runs is no JSON');
});

it('a copy from before an update is named', async () => {
  await writeFile(`${file}.schema-7.backup`, '');
  await change(rowOf(35, 35), rowOf(35, 51));
  await expect(openHistory(file)).rejects.toMatchObject({ hint: expect.stringContaining('retort.sqlite.schema-7.backup; it may take its place') });
});

it('damage among the texts is found before a run goes on', async () => {
  const database = await openHistory(file);
  await refuseDamaged(database, { everything: true });
  await database.close();
  // The place of a page among the pages of the largest table is out of every bound.
  const bytes = await readFile(file);
  const { rootpage } = await rootOf('rollouts');
  bytes[(rootpage - 1) * 4096 + 5]! ^= 0xff;
  await writeFile(file, bytes);
  const again = await openHistory(file);
  await expect(refuseDamaged(again, { everything: true })).rejects.toThrow(/damaged/);
  await again.close();
});

async function rootOf(table: string): Promise<{ rootpage: number }> {
  const database = await openHistory(file);
  const row = await database.get<{ rootpage: number }>('SELECT rootpage FROM sqlite_schema WHERE name = ?', [table]);
  await database.close();
  return row!;
}

it('whatever byte changes, what is read is in order or one sentence says what is wrong', async () => {
  const whole = await readFile(file);
  const next = generator(7);
  let refused = 0;
  for (let trial = 0; trial < 60; trial += 1) {
    const bytes = Buffer.from(whole);
    // A history of one run is mostly empty pages: twenty bytes meet something.
    for (let count = 0; count < 20; count += 1) bytes[100 + Math.floor(next() * (bytes.length - 100))]! ^= 1 << Math.floor(next() * 8);
    await writeFile(file, bytes);
    try {
      const database = await openHistory(file, { readOnly: true });
      try {
        await listRuns(database);
        const steps = (await readSteps(database, 'a', { after: 0, limit: 1000 })).map(({ step }) => step);
        expect(steps).toEqual([...new Set(steps)].sort((left, right) => left - right));
      } finally {
        await database.close();
      }
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect((error as Problem).message).toMatch(/^History .*\.$/);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(20);
});

/** Numbers from 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
