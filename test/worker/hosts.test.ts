import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WorkerHost } from '../../src-main/contract/worker-host.ts';
import { lockHolder } from '../../src-main/run-folder/run-lock.ts';
import { childHost } from '../../src-main/worker/child-host.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { childrenOf, isAlive } from '../support/processes.ts';
import { TSX, child, toyCommands, toyHandlers } from './toy.ts';

type Toy = WorkerHost<typeof toyCommands>;

function startChild(name = 'toy', options: { readyTimeoutMs?: number; closeTimeoutMs?: number; cancelTimeoutMs?: number; onOutput?: (text: string) => void } = {}): Toy {
  const host = childHost(child(name), toyCommands, { execArgv: TSX, ...options });
  onTestFinished(() => host.close());
  return host;
}

function startMemory(): Toy {
  const host = memoryHost(toyCommands, toyHandlers);
  onTestFinished(() => host.close());
  return host;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-worker-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.each([['in memory', startMemory], ['in a Node child', () => startChild()]] as const)('a worker %s', (_, start) => {
  it('streams events before it answers, several requests side by side', async () => {
    const host = start();
    const steps: number[][] = [[], []];
    const values: Float32Array[] = [];
    const answers = await Promise.all([0, 1].map((which) => host.request('count', { to: 20, pauseMs: 1 }, {
      onEvent: (event) => { steps[which]?.push(event.step); values.push(event.values); },
    })));
    expect(answers).toEqual([{ sum: 210 }, { sum: 210 }]);
    expect(steps).toEqual([0, 1].map(() => Array.from({ length: 20 }, (__, index) => index + 1)));
    expect(values[0]).toEqual(Float32Array.of(1, NaN));
  });

  it('tells now and then how many rows have been read, of each request its own', async () => {
    const host = start();
    const told: number[][] = [[], []];
    await Promise.all([400, 600].map((rows, which) => host.request('read', { rows }, { onReading: (read) => { told[which]!.push(read); } })));
    for (const [which, rows] of [400, 600].entries()) {
      // Not every row, which would be many words a second.
      expect(told[which]!.length).toBeGreaterThan(0);
      expect(told[which]!.length).toBeLessThan(rows / 2);
      expect(told[which]).toEqual(told[which]!.toSorted((left, right) => left - right));
      expect(told[which]!.at(-1)).toBeLessThanOrEqual(rows);
    }
  });

  it('carries what structured cloning carries', async () => {
    const value = { bytes: new Uint8Array([1, 2]), infinite: Infinity, nothing: undefined, date: new Date(0), map: new Map([[1, 'x']]) };
    expect(await start().request('echo', value)).toEqual(value);
  });

  it('rejects with the handler\'s problem', async () => {
    const host = start();
    await expect(host.request('fail', { foreseen: true })).rejects.toMatchObject({
      name: 'Problem', kind: 'input', message: 'The column "answr" is missing.', hint: 'Did you mean "answer"?',
    });
    await expect(host.request('fail', { foreseen: false })).rejects.toMatchObject({
      name: 'Problem', kind: 'failure', message: 'undefined is not a function', cause: expect.stringContaining('TypeError'),
    });
  });

  it('refuses parameters that the contract does not know', async () => {
    const host = start();
    await expect(host.request('count', { to: 'many' } as never)).rejects.toThrow(/Command "count": to: .*expected number/);
    await expect(host.request('toString' as never, null as never)).rejects.toThrow('The worker knows no command "toString".');
    await expect(host.request('echo', () => 1)).rejects.toThrow(/could not be cloned/);
    expect(await host.request('echo', 'still here')).toBe('still here');
  });

  it('is given up when its answers are not what the contract says', async () => {
    const host = start();
    const other = host.request('count', { to: 1000, pauseMs: 50 });
    const lie = host.request('lie', { about: 'result' });
    await expect(lie).rejects.toThrow(/malformed message: result of "lie": .*expected number/);
    await expect(other).rejects.toThrow(/malformed message/);
    expect((await host.ended)?.message).toMatch(/malformed message/);
    await expect(host.request('echo', 1)).rejects.toThrow(/malformed message/);
    await expect(start().request('lie', { about: 'event' })).rejects.toThrow(/malformed message: event of "lie"/);
  });

  it('tells of a result that cannot cross', async () => {
    const host = start();
    await expect(host.request('lie', { about: 'function' })).rejects.toThrow(/could not be cloned/);
    expect(await host.request('echo', 'still here')).toBe('still here');
  });

  it('cancels between steps, with the reason given', async () => {
    const host = start();
    const controller = new AbortController();
    const steps: number[] = [];
    const answer = host.request('count', { to: 100_000, pauseMs: 1 }, {
      signal: controller.signal,
      onEvent: ({ step }) => { steps.push(step); if (step === 3) controller.abort(new Error('enough')); },
    });
    await expect(answer).rejects.toThrow('enough');
    expect(steps).toEqual([1, 2, 3]);
    await expect(host.request('echo', 1, { signal: controller.signal })).rejects.toThrow('enough');

    const early = new AbortController();
    const fresh = start();
    const unsent = fresh.request('echo', 1, { signal: early.signal });
    early.abort(new Error('never mind'));
    await expect(unsent).rejects.toThrow('never mind');
    expect(await fresh.request('echo', 2)).toBe(2);
  });

  it('cancels a request whose listener throws', async () => {
    const host = start();
    await expect(host.request('count', { to: 100_000, pauseMs: 1 }, { onEvent: () => { throw new Error('disk full'); } })).rejects.toThrow('disk full');
    expect(await host.request('echo', 'still here')).toBe('still here');
  });

  it('ends when it is closed, and says so to whoever waits', async () => {
    const folder = await temporaryFolder();
    const host = start();
    let lost: unknown;
    await new Promise<void>((resolve) => {
      host.request('hold', { folder, stepMs: 5 }, { onEvent: () => resolve() }).catch((error: unknown) => { lost = error; });
    });
    await Promise.all([host.close(), host.close()]);
    expect(String(lost)).toMatch(/asked to end|closed/);
    expect(await host.ended).toBeNull();
    expect(await lockHolder(folder)).toBeNull();
    await expect(host.request('echo', 1)).rejects.toThrow(/closed/);
  });
});

describe('a Node child', () => {
  it.each([
    ['kill', /died without a word \(signal SIGKILL\): it probably ran out of memory/, /microBatchSize.*retort resume/],
    ['exit', /died without a word \(exit code 5\): it probably ran out of memory/, /retort resume/],
    ['allocation', /died without a word \(signal SIGABRT\): it probably ran out of memory/, /retort resume/],
    ['throw', /ended unexpectedly \(exit code 1\): RangeError: step 12 went wrong/, undefined],
    ['leave', /SIGKILL/, undefined],
  ] as const)('that dies (%s) rejects every request once and is not started again', async (how, message, hint) => {
    const host = startChild();
    let output = 0;
    const counting = host.request('count', { to: 10_000, pauseMs: 5 }, { onEvent: () => { output += 1; } });
    const dying = host.request('die', { how });
    const [first, second] = await Promise.allSettled([counting, dying]);
    for (const end of [first, second]) {
      expect(end).toMatchObject({ status: 'rejected', reason: { name: 'Problem', kind: 'failure', message: expect.stringMatching(message) } });
      if (hint && end?.status === 'rejected') expect(end.reason).toMatchObject({ hint: expect.stringMatching(hint) });
    }
    expect(output).toBeGreaterThan(0);
    expect((await host.ended)?.message).toMatch(message);
    await expect(host.request('echo', 1)).rejects.toThrow(message);
  });

  it('dies by kill -9 in the middle of a request and leaves a lock that is free', async () => {
    const folder = await temporaryFolder();
    const host = startChild();
    const held = host.request('hold', { folder, stepMs: 20 }, { onEvent: ({ pid }) => process.kill(pid, 'SIGKILL') });
    await expect(held).rejects.toThrow(/probably ran out of memory/);
    expect(await lockHolder(folder)).toBeNull();
  });

  it('that never becomes ready is given up at its deadline and killed', async () => {
    const host = startChild('never-ready', { readyTimeoutMs: 700 });
    await expect(host.request('echo', 1)).rejects.toMatchObject({ kind: 'failure', message: 'The computing process was not ready within 0.7 s.' });
    expect((await host.ended)?.message).toMatch(/not ready/);
  });

  it('that fails while starting says why', async () => {
    const host = startChild('bad-start');
    await expect(host.request('echo', 1)).rejects.toThrow(/ended while it was starting \(exit code 1\): Error: libonnxruntime.so.1 was not found/);
    await expect(startChild('no-such-file').request('echo', 1)).rejects.toThrow(/while it was starting/);
  });

  it('is closed while it starts', async () => {
    const host = startChild();
    const waiting = host.request('echo', 1);
    await Promise.all([expect(waiting).rejects.toThrow('The computing process was closed.'), host.close()]);
    expect(await host.ended).toBeNull();
  });

  it('that does not end in time is killed', async () => {
    const host = startChild('toy', { closeTimeoutMs: 300 });
    await new Promise<void>((resolve) => {
      host.request('stubborn', null, { onEvent: () => resolve() }).catch(() => undefined);
    });
    await host.close();
    expect(await host.ended).toBeNull();
  });

  it('leaves Ctrl-C on the terminal to the program', async () => {
    const host = startChild();
    process.kill(await host.request('pid', null), 'SIGINT');
    expect(await host.request('count', { to: 5, pauseMs: 5 })).toEqual({ sum: 15 });
  });

  it.each([['computing', true], ['idle', false]])('exits when its program is killed, %s', async (_, computing) => {
    const folder = await temporaryFolder();
    const parent = fork(child('parent'), computing ? [folder] : [], { execArgv: TSX });
    const [pid] = await once(parent, 'message') as [number];
    expect(isAlive(pid)).toBe(true);
    if (computing) expect(await lockHolder(folder)).toMatchObject({ pid });
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await lockHolder(folder)).toBeNull();
  });
});

it.each(['kill', 'exit', 'leave'] as const)('a worker that dies (%s) takes with it the programs it has started', async (how) => {
  const host = startChild();
  const programs = await Promise.all([host.request('start', null), host.request('start', null)]);
  expect(programs.every(isAlive)).toBe(true);
  host.request('die', { how }).catch(() => undefined);
  await host.ended;
  await expect.poll(() => programs.some(isAlive)).toBe(false);
});

it.skipIf(process.platform === 'win32')('what such a program has started ends with it', async () => {
  const host = startChild();
  const program = await host.request('start', null);
  await expect.poll(() => childrenOf(program)).toHaveLength(1);
  const [grandchild] = childrenOf(program);
  host.kill();
  await host.ended;
  await expect.poll(() => isAlive(grandchild!)).toBe(false);
});

describe('a worker that gives no sign of life', () => {
  it('is ended some time after a cancellation, which its request ends with; others are told why', async () => {
    const host = startChild('toy', { cancelTimeoutMs: 1000 });
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const asked = host.request('block', null, { signal: controller.signal, onEvent: () => controller.abort(reason) });
    const other = host.request('stubborn', null);
    other.catch(() => undefined);
    await expect(asked).rejects.toBe(reason);
    await expect(other).rejects.toThrow('gave no sign of life');
    expect(host.isUsable).toBe(false);
    expect((await host.ended)?.message).toContain('gave no sign of life');
  });

  it('is ended where the request bounds its silence', async () => {
    const host = startChild();
    await expect(host.request('block', null, { silenceMs: 1000 })).rejects.toThrow('gave no sign of life');
  });

  it('may take its time with what answers signs of life, and with what is not bounded', async () => {
    const host = startChild('toy', { cancelTimeoutMs: 1000 });
    // Longer in all than it may be silent; on a busy machine it answers late.
    expect(await host.request('count', { to: 5, pauseMs: 2000 }, { silenceMs: 8000 })).toEqual({ sum: 15 });
    expect(host.isUsable).toBe(true);
  });
});
