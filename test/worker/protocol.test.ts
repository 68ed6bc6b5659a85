import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { runEventSchema } from '../../src-main/contract/event-schema.ts';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import type { HostPort, WorkerEnd } from '../../src-main/worker/ports.ts';
import { serve } from '../../src-main/worker/serve.ts';
import { WorkerClient } from '../../src-main/worker/worker-client.ts';
import { toyCommands, toyHandlers } from './toy.ts';

/** The worker's side alone: what it sends back for what it receives. */
function servedWith(): { sent: unknown[]; receive: (message: unknown) => void; exited: () => boolean } {
  const sent: unknown[] = [];
  let receive: (message: unknown) => void = () => undefined;
  let exited = false;
  serve({
    send: (message) => { sent.push(message); }, onMessage: (listener) => { receive = listener; },
    onDisconnect: () => undefined, exit: () => { exited = true; },
  }, toyCommands, toyHandlers);
  return { sent, receive: (message) => receive(message), exited: () => exited };
}

/** The program's side alone: a worker that says whatever the test says. */
function clientOf(): { client: WorkerClient<typeof toyCommands>; say: (message: unknown) => void; end: (end: WorkerEnd) => void; sent: unknown[]; killed: () => boolean } {
  let say: (message: unknown) => void = () => undefined;
  let end: (how: WorkerEnd) => void = () => undefined;
  let killed = false;
  const sent: unknown[] = [];
  const port: HostPort = {
    send: (message) => { sent.push(message); }, onMessage: (listener) => { say = listener; },
    onEnd: (listener) => { end = listener; }, kill: () => { killed = true; },
  };
  const client = new WorkerClient(port, toyCommands);
  return { client, say: (message) => say(message), end: (how) => end(how), sent, killed: () => killed };
}

describe('the worker\'s side', () => {
  it.each([
    ['a string', 'hello'], ['nothing', null], ['an unknown type', { type: 'obey', id: 1 }],
    ['no id', { type: 'request', command: 'echo', params: 1 }], ['a strange id', { type: 'cancel', id: -1 }],
    ['extra fields', { type: 'close', now: true }],
  ])('answers %s with a fault and exits', (_, message) => {
    const { sent, receive, exited } = servedWith();
    receive(message);
    expect(sent).toEqual([{ type: 'ready' }, { type: 'fault', message: expect.stringMatching(/malformed message/) }]);
    expect(exited()).toBe(true);
    receive({ type: 'request', id: 1, command: 'echo', params: 1 });
    expect(sent).toHaveLength(2);
  });

  it('does no request twice', async () => {
    const { sent, receive } = servedWith();
    receive({ type: 'request', id: 1, command: 'echo', params: 1 });
    await turn();
    receive({ type: 'request', id: 1, command: 'echo', params: 1 });
    expect(sent.slice(1)).toEqual([{ type: 'result', id: 1, result: 1 }, { type: 'fault', message: 'The worker received request 1 twice.' }]);
  });

  it('does not mind a cancellation that comes late', async () => {
    const { sent, receive, exited } = servedWith();
    receive({ type: 'request', id: 1, command: 'echo', params: 1 });
    await turn();
    receive({ type: 'cancel', id: 1 });
    expect(sent).toHaveLength(2);
    expect(exited()).toBe(false);
  });
});

describe('the program\'s side', () => {
  it('settles a request once, whatever follows', async () => {
    const { client, say, end, killed } = clientOf();
    const answer = client.request('echo', 1);
    say({ type: 'ready' });
    say({ type: 'result', id: 1, result: 'first' });
    say({ type: 'result', id: 1, result: 'second' });
    say({ type: 'error', id: 1, error: { kind: 'failure', message: 'third' } });
    expect(await answer).toBe('first');
    expect(killed()).toBe(false);
    end({ code: 0, signal: null, output: '' });
    expect((await client.ended)?.message).toBe('The computing process ended unexpectedly (exit code 0).');
  });

  it.each([
    ['no frame', 17], ['an unknown type', { type: 'hm' }], ['an error without a message', { type: 'error', id: 1, error: {} }],
    ['an answer to a request that nobody made', { type: 'result', id: 9, result: 1 }], ['a fault', { type: 'fault', message: 'malformed message' }],
  ])('gives up a worker that sends %s', async (_, message) => {
    const { client, say, killed } = clientOf();
    say({ type: 'ready' });
    const answer = client.request('echo', 1);
    say(message);
    await expect(answer).rejects.toThrow(/malformed message/);
    expect(killed()).toBe(true);
  });

  it('takes the result of a request that was done before its cancellation arrived', async () => {
    const { client, say, sent, end } = clientOf();
    say({ type: 'ready' });
    const controller = new AbortController();
    const answer = client.request('echo', 1, { signal: controller.signal });
    controller.abort();
    expect(sent.at(-1)).toEqual({ type: 'cancel', id: 1 });
    say({ type: 'result', id: 1, result: 'done' });
    expect(await answer).toBe('done');
    end({ code: null, signal: 'SIGTERM', output: '' });
    expect((await client.ended)?.message).toBe('The computing process ended unexpectedly (signal SIGTERM).');
  });
});

describe('the contract', () => {
  it('validates every event of a run', () => {
    // Checked by the compiler: an event that the schema does not know cannot be assigned.
    const known = (event: RunEvent): z.infer<typeof runEventSchema> => event;
    const event: RunEvent = { event: 'phase', phase: 'prepare', done: 0, total: 1 };
    expect(COMMANDS.run.event.parse(known(event))).toEqual(event);
  });

  it('lets a run say that its loss is no number', () => {
    const measured = {
      step: 1, loss: NaN, divergenceOnPolicy: null, divergenceOffPolicy: Infinity, studentEntropy: 1, teacherEntropy: null, agreement: null, teacherCovered: null, deviceMemory: null, skipped: null, lossScale: null, teacherCompared: null,
      onPolicyShare: 0, rolloutLength: null, rolloutEosRate: null, gradientNorm: NaN, learningRate: 1, lambda: 1, epoch: 1,
      completionTokens: 1, totalTokens: 1, tokensPerSecond: 1, rolloutMs: 1, teacherMs: 1, updateMs: 1, stepMs: 1, memory: 1, reward: null,
    };
    expect(COMMANDS.run.event.parse({ event: 'step', ...measured })).toEqual({ event: 'step', ...measured });
    expect(COMMANDS.run.event.safeParse({ event: 'step', ...measured, loss: '1' }).success).toBe(false);
  });

  it('fills in the recipe that a handler reads', () => {
    const { recipe } = COMMANDS.run.params.parse({
      recipe: { name: 'x', student: { model: '/s' }, data: { train: '/t' }, train: { steps: 5 } }, runDir: '/r', runId: 'r', isResumed: false,
    });
    expect(recipe.checkpoint.keep).toBe(2);
    expect(COMMANDS.run.params.parse({ recipe, runDir: '/r', runId: 'r', isResumed: false }).recipe).toEqual(recipe);
  });
});
