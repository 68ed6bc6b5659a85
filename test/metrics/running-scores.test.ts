import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Prediction } from '../../src-main/contract/events.ts';
import { countNgrams, splitWords } from '../../src-main/metrics/ngrams.ts';
import { METRIC_NAMES, RunningScores, scoreAll } from '../../src-main/metrics/score.ts';
import { SharedKeys } from '../../src-main/metrics/shared-keys.ts';

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

describe('of a million answers', () => {
  it('no metric keeps a prediction', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const running = new RunningScores(METRIC_NAMES);
    const given = ((): WeakRef<Prediction>[] => Array.from({ length: 50 }, (_, at) => {
      const prediction = { prompt: `p${at}`, prediction: text(at), reference: text(at + 1) };
      running.add([prediction]);
      return new WeakRef(prediction);
    }))();
    return new Promise<void>((done) => { setImmediate(done); }).then(() => {
      collect();
      expect(given.filter((one) => one.deref() !== undefined)).toHaveLength(0);
      expect(Object.keys(running.all(1)).length).toBeGreaterThan(10);
    });
  });

  it('what they share is found on the disk as it would be in memory', () => {
    const [keys, wanted] = [new SharedKeys(200), new Map<string, [number, number][]>()];
    const texts = Array.from({ length: 400 }, (_, at) => countNgrams(splitWords(`${text(at)} ${'\ud83d'}x${at % 700} \u2028 ${Array.from({ length: at % 90 }, (__, word) => `longer-${word * at % 1301}`).join(' ')} ${at}`), 3));
    let characters = 0;
    texts.forEach((counts, at) => {
      for (const [key, count] of counts) {
        keys.add(key, { text: at, count });
        const known = wanted.get(key);
        if (known) known.push([at, count]);
        else wanted.set(key, [[at, count]]);
        characters += key.length;
      }
    });
    // More than waits in all parts together.
    expect(characters).toBeGreaterThan(2 * 256 * 200);
    const found = new Map([...keys.all()].map(([key, occurrences]) => [key, occurrences.map(({ text: of, count }): [number, number] => [of, count])]));
    expect(found).toEqual(wanted);
  });
});
