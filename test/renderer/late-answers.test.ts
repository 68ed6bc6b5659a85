import { expect, it } from 'vitest';
import type { FeedMessage, Job, LiveRun } from '../../src-main/contract/api/feed.ts';
import type { Bridge } from '../../src-renderer/bridge/bridge.ts';
import { LiveState } from '../../src-renderer/state/live.svelte.ts';
import { Reload } from '../../src-renderer/state/reload.ts';

/** Lets everything go on that waits for nothing from outside. */
const settled = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 0); });

it('reads one after the other, and once more where it was asked for meanwhile', async () => {
  const ends: (() => void)[] = [];
  const reload = new Reload(() => new Promise((resolve) => { ends.push(resolve); }));
  const done: string[] = [];
  void reload.again().then(() => { done.push('first'); });
  void reload.again().then(() => { done.push('second'); });
  void reload.again();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await settled();
  // Who asked while it was read waits for what was read since.
  expect([ends.length, done]).toEqual([2, []]);
  ends[1]!();
  await settled();
  expect([ends.length, done]).toEqual([2, ['first', 'second']]);
});

const job = (state: Job['state']): Job => ({ id: 'job', kind: 'export', title: 'there', done: 1, total: 4, rows: null, state, warnings: [], error: null });
const run = (step: number): LiveRun => ({ runId: 'a', name: 'a', state: 'running', phase: null, step, totalSteps: 9, from: null, aside: { ms: 0, since: null }, evaluations: { ms: null, left: 0 } });

/** A program whose answers come when the test lets them. */
class SlowProgram {
  readonly answers: ((answer: { live: LiveRun[]; jobs: Job[] }) => void)[] = [];
  tell: (message: FeedMessage) => void = () => undefined;
  readonly bridge = {
    call: () => new Promise((resolve) => { this.answers.push(resolve); }),
    subscribe: (listener: (message: FeedMessage) => void) => {
      this.tell = listener;
      return () => undefined;
    },
  } as unknown as Bridge;
}

it('lets what was told stand over an answer that comes after it', async () => {
  const program = new SlowProgram();
  const live = new LiveState(program.bridge);
  live.follow();
  program.tell({ topic: 'live', live: [] });
  program.tell({ topic: 'jobs', jobs: [job('done')] });
  program.answers[0]!({ live: [run(3)], jobs: [job('going')] });
  await settled();
  expect([live.runs, live.jobs]).toEqual([[], [job('done')]]);
  program.tell({ topic: 'resync' });
  program.answers[1]!({ live: [run(5)], jobs: [] });
  await settled();
  expect([live.runs, live.jobs]).toEqual([[run(5)], []]);
});

it.each([
  ['told before anyone waited', [job('done')], job('done')],
  ['of a program that was started again', [], undefined],
])('hears of the end of a job: %s', async (_, jobs, end) => {
  const program = new SlowProgram();
  const live = new LiveState(program.bridge);
  const ended = live.ended('job');
  program.answers[0]!({ live: [], jobs });
  expect(await ended).toEqual(end);
});

it('hears of the end of a job that was going when it was asked for', async () => {
  const program = new SlowProgram();
  const live = new LiveState(program.bridge);
  live.follow();
  const ended = live.ended('job');
  program.answers[0]!({ live: [], jobs: [job('going')] });
  await settled();
  program.answers[1]!({ live: [], jobs: [job('going')] });
  await settled();
  expect(live.going('import', 'export')).toEqual([job('going')]);
  program.tell({ topic: 'jobs', jobs: [job('cancelled')] });
  expect(await ended).toEqual(job('cancelled'));
  expect(live.going('export')).toEqual([]);
});
