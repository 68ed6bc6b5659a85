import { expect, it } from 'vitest';
import type { Prediction } from '../../src-main/contract/events.ts';
import { METRIC_NAMES, RunningScores, scoreAll } from '../../src-main/metrics/score.ts';

const WORDS = ['the', 'cat', 'sat', '12', 'on', 'a', 'mat', '#### 7', 'dog'];
const text = (seed: number): string => Array.from({ length: 3 + seed % 5 }, (_, at) => WORDS[(seed * 7 + at * (seed + 3)) % WORDS.length]).join(' ');

it('scores that come some at a time are those of all at once, for every metric', () => {
  const predictions = Array.from({ length: 23 }, (_, at): Prediction => ({ prompt: 'p', prediction: text(at), reference: at % 4 === 3 ? null : text(at + at % 2) }));
  const once = scoreAll(METRIC_NAMES, predictions, 5);
  expect(Object.keys(once).length).toBeGreaterThan(10);
  const running = new RunningScores(METRIC_NAMES);
  for (const [from, to] of [[0, 1], [1, 1], [1, 12], [12, 23]] as const) running.add(predictions.slice(from, to));
  expect(running.all(5)).toEqual(once);
});

it('are none without predictions, and a metric misses references only once all have come', () => {
  expect(new RunningScores(['accuracy']).all(1)).toEqual({});
  const running = new RunningScores(['accuracy']);
  running.add([{ prompt: 'p', prediction: '7', reference: null }]);
  expect(() => running.all(1)).toThrow('needs references');
  running.add([{ prompt: 'p', prediction: '7', reference: '7' }]);
  expect(running.all(1)['accuracy']).toMatchObject({ value: 1 });
});
