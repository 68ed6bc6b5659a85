import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { answerJudgeSchema, type Comparison } from '../../src-main/contract/comparison.ts';
import { TOKEN_NUMBERS, type Inspection, type MeasuredSample } from '../../src-main/contract/inspection.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import type { Home } from '../../src-main/service/home.ts';
import { createComparison, findComparison } from '../../src-main/store/comparisons.ts';
import { createInspection, findInspection } from '../../src-main/store/inspections.ts';
import type { Database } from '../../src-main/store/sqlite.ts';
import { runComparison } from '../../src-main/studio/comparison/run-comparison.ts';
import { Feed } from '../../src-main/studio/feed.ts';
import { runInspection } from '../../src-main/studio/inspection/run-inspection.ts';
import { Jobs } from '../../src-main/studio/jobs.ts';
import type { Workers } from '../../src-main/studio/workers.ts';
import { historyWithRun } from '../store/fixtures.ts';

const how = { maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0 };
const view = { prompt: '{{q}}', completion: '{{a}}', chat: false, learn: 'last', maxPromptTokens: 8, maxCompletionTokens: 8 } as const;
const source = { kind: 'data' as const, data: '/d.jsonl', view };
const sample: MeasuredSample = {
  example: 0, step: null, prompt: 'q', turns: null, completion: 'a', reference: null, ended: true, promptTokens: Int32Array.of(5), tokens: Int32Array.of(6), texts: ['a'],
  numbers: new Float32Array(TOKEN_NUMBERS.length), roles: ['agreed'], forks: [],
};

/** A disk that takes its time, and a worker that tells one thing and is stopped then. */
function parts(database: Database, id: string, told: object): Parameters<typeof runComparison>[0] {
  const feed = new Feed();
  const jobs = new Jobs(feed);
  const slow: Database = { ...database, transaction: async (work) => {
    await sleep(200);
    return database.transaction(work);
  } };
  const request = (_command: string, _params: unknown, { signal, onEvent }: { signal: AbortSignal; onEvent(event: object): void }): Promise<never> => {
    onEvent(told);
    jobs.cancel(id);
    return Promise.reject(signal.reason as Error);
  };
  const workers = { job: (work: (host: unknown) => Promise<unknown>) => work({ request }) } as unknown as Workers;
  return { home: { database: slow } as Home, workers, jobs, feed };
}

it('a comparison that is stopped is over once the rows that had come are written down', async () => {
  const database = await historyWithRun();
  const made: Comparison = {
    id: 'c', created: 1, title: 'a', run: null, teacher: null, models: [], state: 'going', error: null, rows: 0, settings: { source, examples: 1, metrics: [], judge: answerJudgeSchema.parse({}), ...how },
  };
  await createComparison(database, made);
  await runComparison(parts(database, 'c', { event: 'rows', rows: [{ example: 0, prompt: 'q', reference: null }] }), made, { ...source, holdOut: null });
  expect(await findComparison(database, 'c')).toMatchObject({ state: 'stopped', rows: 1 });
});

it('an inspection that is stopped is over once the samples that had come are written down', async () => {
  const database = await historyWithRun();
  const made: Pick<Inspection, 'id' | 'created' | 'title' | 'run' | 'step' | 'teacher' | 'student' | 'settings'> = {
    id: 'i', created: 1, title: 'a', run: null, step: null, teacher: '/t', student: '/s', settings: { source, examples: 1, beta: 0.5, ...how },
  };
  await createInspection(database, made);
  await runInspection(parts(database, 'i', { event: 'samples', samples: [sample] }), made);
  expect(await findInspection(database, 'i')).toMatchObject({ state: 'stopped', samples: 1 });
});
