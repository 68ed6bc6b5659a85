import { expect, it } from 'vitest';
import { Feed } from '../../src-main/studio/feed.ts';
import { Jobs } from '../../src-main/studio/jobs.ts';

it('lists every job that goes on, however many there are, and the last that are over', async () => {
  const jobs = new Jobs(new Feed());
  const first = jobs.run('import', 'first', (_, signal) => new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error); });
  }), 'first');
  for (let count = 1; count <= 30; count++) await jobs.run('import', `short ${count}`, () => Promise.resolve());
  expect(jobs.list()[0]).toMatchObject({ id: 'first', state: 'going' });
  expect(jobs.list().slice(1).map(({ title }) => title)).toContain('short 30');
  expect(jobs.list().length).toBeLessThan(25);
  jobs.cancel('first');
  await expect(first).rejects.toThrow('Cancelled.');
  expect(jobs.list()[0]).toMatchObject({ state: 'cancelled' });
});
