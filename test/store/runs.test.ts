import { describe, expect, it } from 'vitest';
import { insertEvaluation } from '../../src-main/store/evaluations.ts';
import { insertExport, listExports } from '../../src-main/store/exports.ts';
import { insertLog } from '../../src-main/store/log.ts';
import { insertRollouts } from '../../src-main/store/rollouts.ts';
import { createRun, deleteRun, findRun, listRuns, markInterrupted, renameRun, setTags } from '../../src-main/store/runs.ts';
import { insertSteps } from '../../src-main/store/steps.ts';
import { evaluation, historyWithRun, recipe, rollout, stepMetrics } from './fixtures.ts';

describe('runs', () => {
  it('lists the newest first and finds one by what a person writes', async () => {
    const database = await historyWithRun();
    await createRun(database, { id: 'gkd-1', name: 'one', recipe, runDir: '/runs/one' }, 2000);
    await createRun(database, { id: 'gkd-12', name: 'two', recipe, runDir: '/runs/two' }, 3000);
    expect((await listRuns(database)).map((run) => run.id)).toEqual(['gkd-12', 'gkd-1', 'a']);
    expect((await findRun(database, 'gkd-1')).name).toBe('one');
    expect((await findRun(database, '/runs/two')).name).toBe('two');
    expect((await findRun(database, 'gkd-12')).name).toBe('two');
    await expect(findRun(database, 'gkd')).rejects.toThrow('"gkd" means 2 runs: gkd-12, gkd-1.');
    await expect(findRun(database, '%')).rejects.toThrow('No run "%"');
    await expect(findRun(database, '')).rejects.toThrow('No run ""');
  });

  it('takes the first metric as headline, then the divergence, then the loss', async () => {
    const database = await historyWithRun();
    expect((await findRun(database, 'a')).headline).toBeNull();
    await insertEvaluation(database, 'a', evaluation(10, { metrics: {}, divergence: null }));
    expect((await findRun(database, 'a')).headline).toEqual({ name: 'loss', value: 1.5, step: 10 });
    await insertEvaluation(database, 'a', evaluation(20, { metrics: {} }));
    expect((await findRun(database, 'a')).headline).toEqual({ name: 'divergence', value: 0.3, step: 20 });
    await insertEvaluation(database, 'a', evaluation(30));
    expect((await findRun(database, 'a')).headline).toEqual({ name: 'rouge2', value: 0.2, step: 30 });
  });

  it('changes name and tags', async () => {
    const database = await historyWithRun();
    await renameRun(database, 'a', 'better');
    await setTags(database, 'a', ['paper', 'xsum', 'paper']);
    expect(await findRun(database, 'a')).toMatchObject({ name: 'better', tags: ['paper', 'xsum'] });
    await expect(renameRun(database, 'nobody', 'x')).rejects.toThrow('No run "nobody"');
  });

  it('deletes everything of a run but its exports', async () => {
    const database = await historyWithRun();
    await insertSteps(database, 'a', [stepMetrics(1)]);
    await insertEvaluation(database, 'a', evaluation(1));
    await insertRollouts(database, 'a', [rollout(1)]);
    await insertLog(database, 'a', { at: 1, step: 1, level: 'info', code: 'x', message: 'y' });
    const made = { run: 'a', step: 1, source: '/runs/a/checkpoints/step-1/model', folder: '/out', precision: 'int8', bytes: 5, report: {
      folder: '/out', parameters: 9, bytes: 5, precisions: [], safetensors: null, genai: null, measuredOn: { kind: 'own' as const, texts: 1, tokens: 2 },
      trainedPerplexity: null, samples: [],
    } };
    await insertExport(database, made, 7);
    expect(await listExports(database, 'a')).toEqual([{ ...made, id: 1, created: 7 }]);
    await deleteRun(database, 'a');
    for (const table of ['runs', 'steps', 'evaluations', 'scores', 'samples', 'rollouts', 'log']) {
      expect(await database.get(`SELECT count(*) AS left FROM ${table}`)).toEqual({ left: 0 });
    }
    expect(await listExports(database)).toEqual([{ ...made, id: 1, created: 7, run: null }]);
    await expect(deleteRun(database, 'a')).rejects.toThrow('No run "a"');
  });

  it('marks as interrupted what says it runs and does not', async () => {
    const database = await historyWithRun();
    await createRun(database, { id: 'b', name: 'b', recipe, runDir: '/runs/b' });
    await createRun(database, { id: 'c', name: 'c', recipe, runDir: '/runs/c' });
    await database.run("UPDATE runs SET status = 'done' WHERE id = 'c'");
    expect(await markInterrupted(database, (runDir) => Promise.resolve(runDir === '/runs/b'))).toEqual(['a']);
    expect(await findRun(database, 'a')).toMatchObject({ status: 'interrupted', ended: 1000 });
    expect(await findRun(database, 'b')).toMatchObject({ status: 'running', ended: null });
    expect(await findRun(database, 'c')).toMatchObject({ status: 'done' });
  });
});
