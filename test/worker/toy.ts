import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startProgram } from '../../src-main/bounds/programs.ts';
import { tellReading } from '../../src-main/bounds/reading.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import type { CommandMap } from '../../src-main/contract/worker-host.ts';
import { acquireLock } from '../../src-main/run-folder/run-lock.ts';
import type { Handlers } from '../../src-main/worker/serve.ts';

const never = z.never();
const WAIT = 'setInterval(() => undefined, 1000);';
const STAYS = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(WAIT)}], { stdio: 'ignore' });${WAIT}`;

/** Commands that do nothing but what a worker can do well or badly. */
export const toyCommands = {
  count: {
    params: z.strictObject({ to: z.int(), pauseMs: z.number().default(0) }),
    result: z.strictObject({ sum: z.number() }),
    event: z.strictObject({ step: z.int(), values: z.instanceof(Float32Array) }),
  },
  echo: { params: z.unknown(), result: z.unknown(), event: never },
  fail: { params: z.strictObject({ foreseen: z.boolean() }), result: z.null(), event: never },
  lie: { params: z.strictObject({ about: z.enum(['result', 'event', 'function']) }), result: z.number(), event: z.number() },
  die: { params: z.strictObject({ how: z.enum(['kill', 'exit', 'throw', 'leave', 'allocation']) }), result: z.null(), event: z.literal('dying') },
  /** Holds a folder's lock and computes in steps of `stepMs` until it is cancelled. */
  hold: {
    params: z.strictObject({ folder: z.string(), stepMs: z.number() }), result: z.null(), event: z.strictObject({ pid: z.int() }),
  },
  /** Goes through so many rows, and halfway waits for longer than lies between two words on them. */
  read: { params: z.strictObject({ rows: z.int() }), result: z.null(), event: never },
  pid: { params: z.null(), result: z.int(), event: never },
  /** Starts a program that starts another one; both go on when their input ends. Says which. */
  start: { params: z.null(), result: z.int(), event: never },
  /** Computes without a pause, as a pattern without end does. */
  block: { params: z.null(), result: z.null(), event: z.literal('begun') },
  /** Never looks at its signal. */
  stubborn: { params: z.null(), result: z.null(), event: z.literal('begun') },
} satisfies CommandMap;

export const toyHandlers: Handlers<typeof toyCommands> = {
  async count({ to, pauseMs }, { signal, emit }) {
    let sum = 0;
    for (let step = 1; step <= to; step += 1) {
      signal.throwIfAborted();
      sum += step;
      emit({ step, values: Float32Array.of(step, NaN) });
      if (pauseMs > 0) await sleep(pauseMs);
    }
    return { sum };
  },
  echo: (params) => Promise.resolve(params),
  fail: ({ foreseen }) => Promise.reject(foreseen
    ? new Problem('The column "answr" is missing.', { hint: 'Did you mean "answer"?' })
    : new TypeError('undefined is not a function')),
  lie({ about }, { emit }) {
    if (about === 'event') emit('not a number' as unknown as number);
    return Promise.resolve((about === 'function' ? () => 1 : 'not a number') as unknown as number);
  },
  async die({ how }, { emit }) {
    emit('dying');
    await sleep(20);
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'exit') process.exit(5);
    if (how === 'leave') process.disconnect();
    if (how === 'allocation') {
      process.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n");
      process.abort();
    }
    if (how === 'throw') setImmediate(() => { throw new RangeError('step 12 went wrong'); });
    return sleep(60_000, null);
  },
  async hold({ folder, stepMs }, { signal, emit }) {
    const lock = await acquireLock(folder, 'Run folder');
    try {
      emit({ pid: process.pid });
      while (!signal.aborted) await sleep(stepMs);
      throw signal.reason;
    } finally {
      await lock.release();
    }
  },
  block(_, { emit }) {
    emit('begun');
    return new Promise(() => { setTimeout(() => { while (process.pid > 0); }, 20); });
  },
  start: () => Promise.resolve(startProgram(process.execPath, ['-e', STAYS], undefined).pid!),
  async read({ rows }) {
    for (let row = 1; row <= rows; row += 1) {
      tellReading(row);
      await sleep(row === rows / 2 ? 600 : 0);
    }
    return null;
  },
  pid: () => Promise.resolve(process.pid),
  stubborn(_, { emit }) {
    emit('begun');
    return sleep(3_600_000, null);
  },
};

/** The path of one of the child processes these tests start. */
export const child = (name: string): string => fileURLToPath(new URL(`children/${name}.ts`, import.meta.url));
export const TSX = ['--import', 'tsx'];
