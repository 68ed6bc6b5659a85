import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GoneProcesses } from '../../src-main/electron/gone-processes.ts';
import { explainDeath } from '../../src-main/worker/death.ts';

const NAME = 'Retort worker';
let app: EventEmitter;
let gone: GoneProcesses;
/** As Electron tells it of a Node process, whose `serviceName` is always the same. */
const tell = (reason: string, exitCode: number, name = NAME): void => {
  app.emit('child-process-gone', {}, { type: 'Utility', reason, exitCode, serviceName: 'node.mojom.NodeService', name });
};
beforeEach(() => {
  vi.useFakeTimers();
  app = new EventEmitter();
  gone = new GoneProcesses(app, NAME);
});
afterEach(() => { vi.useRealTimers(); });

it.skipIf(process.platform === 'win32')('says by which signal a worker ended, whichever word comes first and whatever code its exit has', async () => {
  for (const code of [9, 0]) {
    const after = gone.explain(code);
    tell('killed', 9);
    expect(await after).toEqual({ code: null, signal: 'SIGKILL' });
    tell('killed', 9);
    expect(await gone.explain(code)).toEqual({ code: null, signal: 'SIGKILL' });
  }
  const crashed = gone.explain(0);
  tell('crashed', 11);
  expect(explainDeath({ ...await crashed, output: '' }, true).message).toMatch(/signal SIGSEGV.*ran out of memory/);
});

it.skipIf(process.platform === 'win32')('knows a signal by its number where the application says of the process only that it ended, or nothing', async () => {
  const ended = gone.explain(9);
  tell('abnormal-exit', 9);
  expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
  const alone = gone.explain(11);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await alone).toEqual({ code: null, signal: 'SIGSEGV' });
});

it('keeps Electron\'s own word where the code is no signal', async () => {
  const end = gone.explain(-1073741819);
  tell('crashed', -1073741819);
  expect(await end).toEqual({ code: null, signal: 'crashed' });
});

it('gives each of several that died at once its own report', async () => {
  const first = gone.explain(0);
  tell('killed', 9);
  const second = gone.explain(9);
  let isTold = false;
  void second.then(() => { isTold = true; });
  expect(await first).toMatchObject({ code: null });
  expect(isTold).toBe(false);
  tell('killed', 9);
  expect(await second).toMatchObject({ code: null });
});

it('takes the code of a worker that ended by itself from the report where there is one', async () => {
  const end = gone.explain(0);
  tell('abnormal-exit', 3);
  expect(await end).toEqual({ code: 3, signal: null });
});

it('believes the code of a worker of which nothing else is told', async () => {
  tell('killed', 15);
  await vi.advanceTimersByTimeAsync(5000);
  const ends = [gone.explain(3), gone.explain(0)];
  tell('crashed', 11, 'Network Service');
  await vi.advanceTimersByTimeAsync(5000);
  expect(await Promise.all(ends)).toEqual([{ code: 3, signal: null }, { code: 0, signal: null }]);
});
