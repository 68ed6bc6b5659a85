import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../src-main/contract/worker-host.ts';
import { Workers } from '../../src-main/studio/workers.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }); });
afterEach(() => { vi.useRealTimers(); });

it('a question that takes too long is given up, counted from the last word of who reads a long file for it', async () => {
  // Node's own waiting, which fake timers do not reach, on theirs.
  vi.mock('node:timers/promises', async (original) => ({
    ...await original<object>(), setTimeout: (ms: number) => new Promise((resolve) => { setTimeout(resolve, ms); }),
  }));
  let read: (rows: number) => void = () => undefined;
  const host = {
    request: (_: string, __: unknown, { signal, onReading }: { signal: AbortSignal; onReading: typeof read }) => new Promise((___, reject) => {
      read = onReading;
      signal.addEventListener('abort', () => { reject(signal.reason as Error); });
    }),
    ended: new Promise(() => undefined), isUsable: true,
  } as unknown as WorkerHost<Commands>;
  const workers = new Workers(() => host, () => ({}) as never);
  const told: number[] = [];
  let ended: unknown = null;
  void workers.ask('preview', { data: '/d.jsonl', offset: 0, limit: 1 }, { onReading: (rows) => told.push(rows) }).catch((error: unknown) => { ended = error; });
  for (const rows of [1000, 2000, 3000]) {
    await vi.advanceTimersByTimeAsync(50_000);
    read(rows);
  }
  await vi.advanceTimersByTimeAsync(59_000);
  expect([ended, told]).toEqual([null, [1000, 2000, 3000]]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(ended).toBeInstanceOf(Problem);
  expect((ended as Problem).message).toBe('Looking at the data took longer than 60 s and was given up.');
});
