import { beforeEach, expect, it } from 'vitest';
import { Quitting, type QuitChoice } from '../../src-main/electron/quitting.ts';

let done: string[];
let live: { name: string }[];
let answer: (choice: QuitChoice) => void;
let closed: () => void;
let quitting: Quitting;

beforeEach(() => {
  done = [];
  live = [];
  const studio = {
    live: () => live as never,
    close: () => new Promise<void>((resolve) => { done.push('close'); closed = resolve; }),
    cutOff: async () => { done.push('cut off'); },
  };
  quitting = new Quitting(studio, (runs) => new Promise((resolve) => { done.push(`ask about ${runs.join(', ')}`); answer = resolve; }), {
    quit: () => { done.push(quitting.mayGo() ? 'quit' : 'held'); }, exit: () => { done.push('exit'); },
  });
});
const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

it('closes the studio before the application goes, and asks nobody where nothing runs', async () => {
  expect(quitting.mayGo()).toBe(false);
  expect(quitting.mayGo()).toBe(false);
  closed();
  await settle();
  expect(done).toEqual(['close', 'quit']);
});

it.each([
  ['save', ['ask about A, B', 'close', 'quit']], ['now', ['ask about A, B', 'cut off', 'exit']], ['stay', ['ask about A, B']],
] as const)('does with runs what the person chooses: %s', async (choice, expected) => {
  live = [{ name: 'A' }, { name: 'B' }];
  quitting.mayGo();
  // Quitting again asks no second time.
  quitting.mayGo();
  answer(choice);
  await settle();
  if (choice === 'save') closed();
  await settle();
  expect(done).toEqual(expected);
});

it('told by the system, saves the runs without a question; told again, it ends at once', async () => {
  live = [{ name: 'A' }];
  quitting.told();
  expect(done).toEqual(['close']);
  quitting.told();
  await settle();
  closed();
  await settle();
  expect(done).toEqual(['close', 'cut off', 'exit']);
});

it('told by the system while its question stands, does not wait for the answer', async () => {
  live = [{ name: 'A' }];
  quitting.mayGo();
  quitting.told();
  answer('stay');
  closed();
  await settle();
  expect(done).toEqual(['ask about A', 'close', 'exit']);
});
