import type { Answer, CallName, CallParams, CallResult } from '../../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../../src-main/contract/api/feed.ts';
import { DEFAULT_SETTINGS } from '../../../src-main/contract/api/settings.ts';
import type { StepMetrics } from '../../../src-main/contract/events.ts';
import { SERIES_FIELDS, type RunRecord, type Series } from '../../../src-main/contract/history.ts';
import { toReport } from '../../../src-main/contract/problem.ts';
import { recipeSchema } from '../../../src-main/contract/recipe.ts';
import type { ServedStudio } from '../../../src-main/web/server.ts';
import { valueOf } from '../../../src-renderer/state/series.ts';

export type Answers = { [Name in CallName]?: (params: CallParams<Name>) => CallResult<Name> };

/** A program that says what a test wants it to: for states that a real one comes into rarely, or only after hours. */
export class FakeStudio implements ServedStudio {
  readonly readOnly: string | null = null;
  /** Names of the calls in order. */
  readonly calls: string[] = [];
  readonly #answers: Answers;
  readonly #listeners = new Set<(message: FeedMessage) => void>();

  constructor(answers: Answers) {
    this.#answers = {
      'app.about': () => ({ version: '0', home: '/home/person/retort', readOnly: null, platform: 'linux', metrics: ['accuracy', 'rouge'], versions: [], licences: [] }),
      'devices.list': () => [{ device: 'cpu', problem: null, hint: null, name: 'A processor', memory: 2 ** 34, driver: null, isSoftware: false, uses: ['training', 'writing', 'teacher'], computes: ['fp32'] }],
      'devices.cuda': () => ({ folder: null, isFetched: false, missing: [], offer: null }),
      'settings.get': () => DEFAULT_SETTINGS,
      'runs.live': () => ({ live: [], jobs: [] }), 'runs.evaluations': () => [], 'runs.log': () => [],
      'models.list': () => [], 'drafts.list': () => [], 'inspections.list': () => [], 'comparisons.list': () => [], 'exports.list': () => [], 'corrections.sets': () => [],
      ...answers,
    };
  }

  async call(name: string, params: unknown): Promise<Answer> {
    this.calls.push(name);
    try {
      const answer = this.#answers[name as CallName] as ((params: unknown) => unknown) | undefined;
      if (!answer) throw new Error(`The test has no answer to ${name}.`);
      return { ok: true, result: answer(params) };
    } catch (error) {
      return { ok: false, error: toReport(error) };
    }
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  publish(message: FeedMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

export function fakeRun(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'run-1', name: 'A run', status: 'done', runDir: '/home/person/retort/runs/run-1', tags: [],
    recipe: recipeSchema.parse({
      name: 'A run', teacher: { model: '/models/teacher' }, student: { model: '/models/student' },
      data: { train: '/data/train.jsonl', prompt: '{{question}}', completion: ' {{answer}}' }, method: { preset: 'gkd' }, train: { steps: 200_000 },
    }),
    created: Date.now() - 7_200_000, started: Date.now() - 7_200_000, updated: Date.now() - 60_000, ended: null, engine: null,
    lastStep: 100_000, totalSteps: 200_000, parameters: 134_515_008, checkpoint: { step: 99_800, path: '/home/person/retort/runs/run-1/checkpoints/step-99800' },
    headline: null, best: null, error: null, ...changes,
  };
}

/** Measurements that look like those of a run. */
export function fakeStep(step: number): StepMetrics {
  const noise = (salt: number): number => (((step * 2654435761 + salt * 40503) >>> 0) % 1000) / 1000;
  const writes = step % 2 === 1;
  return {
    step, loss: 0.5 * Math.exp(-step / 40_000) + 0.05 * noise(1),
    divergenceOnPolicy: writes ? 0.4 * Math.exp(-step / 40_000) + 0.05 * noise(2) : null, divergenceOffPolicy: writes ? null : 0.3 * Math.exp(-step / 50_000) + 0.04 * noise(3),
    studentEntropy: 1 + 0.2 * noise(4), teacherEntropy: 0.8 + 0.1 * noise(5), teacherCovered: null, teacherCompared: null, deviceMemory: null, skipped: null, lossScale: null, agreement: 0.9 - 0.3 * Math.exp(-step / 20_000) + 0.03 * noise(6),
    onPolicyShare: writes ? 1 : 0, rolloutLength: writes ? 40 + 5 * noise(7) : null, rolloutEosRate: writes ? 0.9 + 0.1 * noise(8) : null,
    gradientNorm: 1 + noise(9), learningRate: 3e-4 * (1 - step / 200_000), lambda: 0.5, epoch: step / 1000,
    completionTokens: 1000, totalTokens: 1000 * step, tokensPerSecond: 10_000 + 1000 * noise(10),
    rolloutMs: 8, teacherMs: 4, updateMs: 7, stepMs: 20, memory: 1.5e9, reward: null,
  };
}

/** Steps 1 to `last` in `buckets` stretches, each of which shows its last step. */
export function fakeSeries(last: number, buckets: number, fields: readonly (typeof SERIES_FIELDS)[number][] = SERIES_FIELDS): Series {
  const width = Math.max(1, Math.ceil(last / buckets));
  const ends = Array.from({ length: Math.ceil(last / width) }, (_, at) => Math.min(last, (at + 1) * width));
  const steps = ends.map(fakeStep);
  return {
    firstStep: ends.map((end) => Math.max(1, end - width + 1)), lastStep: ends, elapsedMs: ends.map((end) => 20 * end),
    fields: Object.fromEntries(fields.map((field) => {
      const mean = steps.map((step) => valueOf(step, field));
      const spread = (factor: number): (number | null)[] => mean.map((value) => (value === null ? null : value * factor));
      return [field, { mean, min: spread(0.9), max: spread(1.1) }];
    })),
  };
}
