import { describe, expect, it, vi } from 'vitest';
import { Feed } from '../../src-renderer/bridge/feed.ts';
import { byteSize, duration, evenPercent, number, tick } from '../../src-renderer/format.ts';
import { NO_ANSWER } from '../../src-renderer/bridge/bridge.ts';
import { areFilesChanged, hintWithoutCommand } from '../../src-renderer/screens/run/changed-files.ts';
import { wasKnown } from '../../src-renderer/screens/run/warnings.ts';
import { differingFields } from '../../src-renderer/screens/runs/recipe-difference.ts';
import { meets } from '../../src-renderer/screens/runs/describe-run.ts';
import { pace } from '../../src-renderer/state/live.svelte.ts';
import { NoticesState } from '../../src-renderer/state/notices.svelte.ts';
import { addressOf, parseRoute, type Route } from '../../src-renderer/state/address.ts';
import { EMPTY_SERIES, withSteps } from '../../src-renderer/state/series.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { fakeRun, fakeSeries, fakeStep } from '../e2e/support/fake-studio.ts';

describe('numbers and times', () => {
  it('writes durations in two units', () => {
    expect([0, 340, 4200, 59_990, 200_000, 18_720_000, 183_600_000].map(duration)).toEqual(['0 ms', '340 ms', '4.2 s', '1 min', '3 min 20 s', '5 h 12 min', '2 d 3 h']);
    expect(duration(3_599_900)).toBe('1 h');
  });
  it('writes sizes, values and ticks', () => {
    expect([0, 1023, 1536, 5e9].map(byteSize)).toEqual(['0 B', '1,023 B', '1.5 KiB', '4.7 GiB']);
    expect([0.3125, 12_345.6, 3e-4].map(number)).toEqual(['0.3125', '12,346', '3.00e-4']);
    expect([0, 0.05, 25_000, 1e-5].map(tick)).toEqual(['0', '0.05', '25,000', '1e-5']);
  });
});

describe('addresses', () => {
  const routes: Route[] = [
    { screen: 'runs' }, { screen: 'run', runId: 'a/b', tab: 'samples' }, { screen: 'compare-runs', runIds: ['a', 'b'] },
    { screen: 'new', draftId: 'x y' }, { screen: 'models' }, { screen: 'export', exportId: 7 }, { screen: 'settings' },
  ];
  it.each(routes.map((route) => [addressOf(route), route] as const))('%s leads back', (address, route) => expect(parseRoute(address)).toEqual(route));
  it('keeps the step of the wizard', () => {
    const route: Route = { screen: 'new', draftId: 'x', page: 'models' };
    expect(parseRoute(addressOf(route))).toEqual(route);
    expect(parseRoute('#/new/x/nowhere')).toEqual({ screen: 'new', draftId: 'x' });
  });
  it('leads home from anywhere unknown', () => expect(['', '#/nowhere', '#/run/', '#/%'].map((hash) => parseRoute(hash).screen)).toEqual(['runs', 'runs', 'runs', 'runs']));
});

describe('steps of a run that goes on', () => {
  it('follow the thinned ones, each a point', () => {
    const series = withSteps(fakeSeries(100, 10), [fakeStep(101), fakeStep(102)]);
    expect(series.lastStep.slice(-3)).toEqual([100, 101, 102]);
    expect(series.elapsedMs.at(-1)).toBe(102 * 20);
    expect(series.fields.loss?.max.at(-1)).toBe(fakeStep(102).loss);
  });
  it('replace those a resumed run makes again', () => {
    const before = withSteps(EMPTY_SERIES, [1, 2, 3, 4].map(fakeStep));
    const after = withSteps(before, [fakeStep(3)]);
    expect(after.lastStep).toEqual([1, 2, 3]);
    expect(after.fields.loss?.mean).toHaveLength(3);
  });
  it('give rate and time left from this session alone', () => {
    const run = { runId: 'a', name: 'a', state: 'running', phase: null, step: 600, totalSteps: 1000, from: { step: 500, at: 0 }, aside: { ms: 0, since: null }, evaluations: { ms: null, left: 0 } } as const;
    expect(pace(run, 10_000)).toEqual({ stepsPerSecond: 10, left: 40_000 });
    expect(pace({ ...run, step: 500 }, 10_000)).toBeNull();
    // Two evaluations of 3 s are to come, and 5 of the 10 s went into one.
    expect(pace({ ...run, aside: { ms: 5000, since: null }, evaluations: { ms: 3000, left: 2 } }, 10_000)).toEqual({ stepsPerSecond: 20, left: 26_000 });
    expect(pace({ ...run, step: 1000, phase: { name: 'evaluate', done: 1, total: 4 }, aside: { ms: 0, since: 9000 }, evaluations: { ms: 3000, left: 1 } }, 10_000)!.left).toBe(2000);
  });
});

describe('history', () => {
  it('is searched by every word', () => {
    const run = fakeRun({ tags: ['xsum'] });
    expect([meets(run, 'gkd XSUM'), meets(run, 'gkd other'), meets(run, '')]).toEqual([true, false, true]);
  });
  it('shows only what recipes differ in, presets resolved', () => {
    const { recipe } = fakeRun();
    const other = recipeSchema.parse({ ...recipe, name: 'B', method: { preset: 'supervised-kd' }, seed: 1 });
    expect(differingFields([recipe, other]).map(({ path }) => path)).toEqual(['seed', 'method.lambda', 'method.divergence', 'method.preset']);
    expect(differingFields([recipe, { ...recipe, name: 'again' }])).toEqual([]);
  });
});

it('keeps what went wrong until it is closed, and the rest for a while', () => {
  vi.useFakeTimers();
  const notices = new NoticesState();
  notices.say('Saved.');
  notices.fail(new Error('No.'));
  vi.advanceTimersByTime(60_000);
  expect(notices.items.map(({ text }) => text)).toEqual(['No.']);
  vi.useRealTimers();
});

it('connects again when the connection is lost, and says that something was missed', () => {
  vi.useFakeTimers();
  const sockets: { onopen?: () => void; onmessage?: (event: { data: string }) => void; onclose?: () => void }[] = [];
  const states: boolean[] = [];
  const feed = new Feed<string>(() => {
    const socket = {};
    sockets.push(socket);
    return socket as WebSocket;
  }, 'missed', (isOpen) => states.push(isOpen));
  const heard: string[] = [];
  const end = feed.subscribe((message) => heard.push(message));
  sockets[0]!.onopen!();
  sockets[0]!.onmessage!({ data: '"one"' });
  sockets[0]!.onclose!();
  vi.advanceTimersByTime(0);
  // It fails again: now it waits.
  sockets[1]!.onclose!();
  vi.advanceTimersByTime(499);
  expect(sockets).toHaveLength(2);
  vi.advanceTimersByTime(1);
  sockets[2]!.onopen!();
  sockets[2]!.onmessage!({ data: '"two"' });
  // What was said before it was there is lost at the first connection as well.
  expect(heard).toEqual(['missed', 'one', 'missed', 'two']);
  expect(states).toEqual([true, false, false, true]);
  end();
  sockets[2]!.onclose!();
  vi.advanceTimersByTime(60_000);
  expect(sockets).toHaveLength(3);
  vi.useRealTimers();
});

describe('what is said for a window', () => {
  it('names the button in the place of a command', () => {
    const hint = 'Put back what it began with, or go on all the same: retort resume RUN --changed. Its result is then no longer that of its recipe.';
    expect([areFilesChanged(hint), areFilesChanged('Free some space.'), areFilesChanged(undefined)]).toEqual([true, false, false]);
    expect(hintWithoutCommand(hint)).toBe('Put back what it began with, or go on all the same with the button “Go on with the changed files”. Its result is then no longer that of its recipe.');
  });

  it('takes back that nobody answers once somebody does', () => {
    const notices = new NoticesState();
    notices.say(NO_ANSWER, { tone: 'bad' });
    notices.say('Something else.', { tone: 'bad' });
    notices.takeBack(NO_ANSWER);
    expect(notices.items.map(({ text }) => text)).toEqual(['Something else.']);
  });

  it('tells what Review has said already from what has gone wrong since', () => {
    const entry = (code: string, step: number) => ({ id: 1, step, code, level: 'warning' as const, message: '', at: 0 });
    expect([entry('unread-completions', 0), entry('inputs', 0), entry('repetition', 0), entry('cut-completions', 40)].map((one) => wasKnown(one))).toEqual([true, false, false, false]);
  });

  it('writes shares that stand under one another alike', () => {
    expect([0.501, 0.2, 1, 5.03e-5, 0].map(evenPercent)).toEqual(['50.1%', '20.0%', '100.0%', '< 0.1%', '0.0%']);
  });
});
